public import Lifecycle
internal import Values

/// Schedules and when they fire next.
public struct SchedulesProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "schedules"
  /// The tables that it fills.
  public static let tables = ["schedule"]
  /// The categories of streams that it reads.
  public static let categories = ["schedule"]

  /// As before the first event.
  public init() {}

  public mutating func changes(for record: FactRecord) throws -> [RowChange] {
    let key: JSON = ["name": JSON(record.name)]
    switch record.fact {
    case .scheduleDefined(let fact):
      return [
        .put(
          "schedule", key: ["name"],
          [
            "name": JSON(record.name), "pipeline": JSON(fact.pipeline), "cron": JSON(fact.cron), "time_zone": JSON(fact.timeZone),
            "next_at": JSON(fact.nextAt), "defined_at": record.time, "position": record.place,
          ])
      ]
    case .scheduleRemoved: return [.delete("schedule", where: key)]
    case .scheduleDue(let fact):
      return [.update("schedule", where: key, ["last_due_at": JSON(fact.dueAt), "next_at": JSON(fact.nextAt), "skipped": nil])]
    case .scheduleSkipped(let fact): return [.update("schedule", where: key, ["skipped": JSON(fact.reason)])]
    default: return []
    }
  }
}
