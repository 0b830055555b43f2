public import Values

/// A schedule, from the facts of `schedule/NAME`.
public struct ScheduleState: StreamState {
  public private(set) var definition: ScheduleDefined?
  public private(set) var nextAt: Timestamp?

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .scheduleDefined(let fact):
      definition = fact
      nextAt = fact.nextAt
    case .scheduleDue(let fact): nextAt = fact.nextAt
    case .scheduleRemoved:
      definition = nil
      nextAt = nil
    default: break
    }
  }

  /// Fires once if a firing fell due, however many were missed; nil when none did.
  public func fire(at now: Timestamp) throws(CronExpression.Refusal) -> ScheduleDue? {
    guard let definition, let due = nextAt, due <= now else { return nil }
    let schedule = try CronSchedule(cron: definition.cron, timeZone: definition.timeZone)
    return ScheduleDue(pipeline: definition.pipeline, dueAt: due, nextAt: schedule.next(after: now))
  }
}
