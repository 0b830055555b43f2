public import Values

/// A cron expression on the clock of a place.
///
/// Daylight saving: what is due in a skipped hour runs once, at the first instant after the gap; what is due in a repeated hour runs once, the first
/// time round. So `30 2 * * *` runs on every day of the year exactly once, and `*/15 * * * *` pauses while the clock repeats an hour.
public struct CronSchedule: Hashable, Sendable {
  /// What is due, on the local clock.
  public let expression: CronExpression
  /// Whose clock it is.
  public let zone: TimeZoneRules

  /// From parts that were checked already.
  public init(_ expression: CronExpression, in zone: TimeZoneRules) {
    self.expression = expression
    self.zone = zone
  }

  /// - Parameters:
  ///   - cron: five fields, or `@daily` and its like.
  ///   - timeZone: an IANA name.
  /// - Throws: `CronExpression.Refusal`, also for an unknown time zone.
  public init(cron: String, timeZone: String) throws(CronExpression.Refusal) {
    expression = try CronExpression(cron)
    guard let zone = TimeZoneRules(timeZone) else {
      throw CronExpression.Refusal(message: "\"\(timeZone)\" is no IANA time zone such as Europe/Berlin or UTC")
    }
    self.zone = zone
  }

  /// The first time after `time`, strictly, at which it is due; nil when there is none within 41 years, which no expression that parses needs.
  public func next(after time: Timestamp) -> Timestamp? {
    var firings = firings(after: time)
    return firings.next()
  }

  /// The times at which it is due after `time`, in order, each once.
  public func firings(after time: Timestamp) -> CronFirings { CronFirings(schedule: self, after: time) }

  /// What became due in a stretch of time, for one who was away: the latest firing, and how many there were.
  public struct Due: Hashable, Sendable {
    /// The latest time at which it was due.
    public let latest: Timestamp
    /// How many firings the stretch had, at least 1; all but the latest are skipped.
    public let count: Int
  }

  /// The firings after `start` up to and including `end`; nil when there were none.
  public func due(after start: Timestamp, upTo end: Timestamp) -> Due? {
    var due: Due?
    for firing in firings(after: start) {
      guard firing <= end else { break }
      due = Due(latest: firing, count: (due?.count ?? 0) + 1)
    }
    return due
  }
}

/// The firings of a schedule, one after the other.
public struct CronFirings: Sequence, IteratorProtocol, Sendable {
  private let schedule: CronSchedule
  private var last: Int64
  private var day: Int64
  private let lastDay: Int64
  /// What is left of the day, latest first.
  private var pending: [Int64] = []

  init(schedule: CronSchedule, after time: Timestamp) {
    self.schedule = schedule
    last = Timestamp.seconds(time)
    let local = last + schedule.zone.offset(at: time)
    day = (local >= 0 ? local : local - 86_399) / 86_400
    // The rarest day that can be written, a 29th of February on one day of the week, comes back within 40 years.
    lastDay = day + 41 * 366
  }

  public mutating func next() -> Timestamp? {
    while pending.isEmpty {
      guard day <= lastDay else { return nil }
      pending = instants(onDay: day)
      day += 1
    }
    last = pending.removeLast()
    return Timestamp(seconds: last)
  }

  /// The instants of a local day after `last`, latest first, each once.
  private func instants(onDay day: Int64) -> [Int64] {
    let date = CivilDate(daysSinceEpoch: day)
    let weekday = Int(((day + 4) % 7 + 7) % 7)
    let expression = schedule.expression
    guard expression.isDue(month: date.month, day: date.day, weekday: weekday) else { return [] }
    let segments = schedule.zone.segments(aroundDay: day)
    var instants: [Int64] = []
    for hour in expression.hours.values {
      for minute in expression.minutes.values {
        let instant = segments.firstInstant(atOrAfterLocal: day * 86_400 + Int64(hour * 3600 + minute * 60))
        if instant > instants.last ?? last { instants.append(instant) }
      }
    }
    return instants.reversed()
  }
}
