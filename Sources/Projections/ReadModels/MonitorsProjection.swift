public import Lifecycle
internal import Values

/// Monitors, their windows, labels and measurements.
public struct MonitorsProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "monitors"
  /// The tables that it fills.
  public static let tables = ["monitor", "monitor_window", "label_file", "measurement"]
  /// The categories of streams that it reads.
  public static let categories = ["monitor"]

  /// As before the first event.
  public init() {}

  public mutating func changes(for record: FactRecord) throws -> [RowChange] {
    let monitor = JSON(record.name)
    switch record.fact {
    case .monitorDefined(let specification):
      return [
        .put(
          "monitor", key: ["name"],
          [
            "name": monitor, "model": JSON(specification.model), "specification": try JSON(encoding: specification), "defined_at": record.time,
            "position": record.place,
          ])
      ]
    case .monitorRemoved: return [.delete("monitor", where: ["name": monitor])]
    case .baselinePinned(let fact): return [.update("monitor", where: ["name": monitor], ["baseline": try JSON(encoding: fact)])]
    case .windowFound(let fact):
      return [
        .put(
          "monitor_window", key: ["id"],
          [
            "id": JSON(fact.window), "monitor": monitor, "source": JSON(fact.source), "size": JSON(fact.size), "checksum": JSON(fact.checksum),
            "start_at": JSON(fact.startAt), "end_at": JSON(fact.endAt), "found_at": record.time, "position": record.place,
          ])
      ]
    case .labelsFound(let fact):
      return [
        .put(
          "label_file", key: ["monitor", "checksum"],
          [
            "monitor": monitor, "checksum": JSON(fact.checksum), "source": JSON(fact.source), "found_at": record.time, "position": record.place,
          ])
      ]
    case .labelsJoined(let fact):
      return [
        .update(
          "label_file", where: ["monitor": monitor, "checksum": JSON(fact.checksum)],
          ["windows": .array(fact.windows.map { JSON($0) }), "unmatched": JSON(fact.unmatched), "failure": JSON(fact.failure)])
      ]
    case .measurementRecorded(let fact):
      var row = cite(fact.window, fact.part, record)
      row["rows"] = JSON(fact.rows)
      row["drift"] = try fact.drift.map { try JSON(encoding: $0) } ?? .null
      row["schema_changes"] = JSON(fact.schemaChanges)
      row["columns"] = try JSON(encoding: fact.columns)
      row["metrics"] = try JSON(encoding: fact.metrics)
      row["intervals"] = try JSON(encoding: fact.intervals)
      row["by_version"] = try JSON(encoding: fact.byVersion)
      row["model_drift"] = try fact.modelDrift.map { try JSON(encoding: $0) } ?? .null
      row["segments"] = try fact.segments.map { try JSON(encoding: $0) } ?? .null
      row["together"] = try fact.together.map { try JSON(encoding: $0) } ?? .null
      row["late"] = .bool(fact.late)
      row["inconclusive"] = .bool(fact.inconclusive)
      return [.put("measurement", key: ["id"], row)]
    case .measurementFailed(let fact):
      var row = cite(fact.window, fact.part, record)
      row["failure"] = JSON(fact.reason)
      return [.put("measurement", key: ["id"], row)]
    default: return []
    }
  }

  private func cite(_ window: WindowReference, _ part: Part, _ record: FactRecord) -> JSON {
    [
      "id": JSON(record.id), "monitor": JSON(record.name), "window_id": JSON(window.id), "start_at": JSON(window.startAt),
      "end_at": JSON(window.endAt), "source": JSON(window.source), "part": JSON(part.rawValue), "recorded_at": record.time,
      "position": record.place,
    ]
  }
}
