public import Values

/// What it means for a rule that nothing comes that can be judged: no window, or none with an answer.
public struct NoDataRule: Hashable, Codable, Sendable {
  /// After such a time.
  public var after: Span
  /// What is done then.
  public var then: Reaction

  /// What becomes of a rule without data. Lost data never looks like recovery unless somebody asked for it.
  public enum Reaction: String, Hashable, Codable, Sendable, CaseIterable {
    /// Whatever was the case stays the case; the log tells that data are missing.
    case keep
    /// An alert of its own, besides.
    case alert
    /// As if the condition did not hold: an alert that fires is resolved.
    case ok
  }

  /// Takes the values as they are; nothing is checked.
  public init(after: Span, then: Reaction) {
    self.after = after
    self.then = then
  }
}

/// A value from which an alert has another severity.
public struct SeverityLevel: Hashable, Sendable {
  /// Of the value that the rule's first comparison judges.
  public var bound: MetricBound
  /// While it holds.
  public var severity: AlertSeverity

  /// Takes the values as they are; nothing is checked.
  public init(_ bound: MetricBound, _ severity: AlertSeverity) {
    self.bound = bound
    self.severity = severity
  }
}

extension SeverityLevel: Codable {
  private enum Key: String, CodingKey { case severity }

  /// Reads a bound and `severity`.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: BoundKey.self)
    guard let bound = try MetricBound(in: members) else { throw MetricBound.missing(members) }
    self.init(bound, try decoder.container(keyedBy: Key.self).decode(AlertSeverity.self, forKey: .severity))
  }

  /// Writes the bound and `severity` side by side.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: BoundKey.self)
    try bound.encode(in: &members)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(severity, forKey: .severity)
  }
}

/// What happens to an alert that nobody acknowledges.
public struct Escalation: Hashable, Codable, Sendable {
  /// So long after it was raised.
  public var after: Span
  /// What it becomes then.
  public var severity: AlertSeverity
  /// Who is told then, besides those who were told before.
  public var notify: [String]

  /// Takes the values as they are; nothing is checked.
  public init(after: Span, severity: AlertSeverity, notify: [String] = []) {
    self.after = after
    self.severity = severity
    self.notify = notify
  }
}

/// When alerts of a rule come and go so often that they are one.
public struct Flapping: Hashable, Codable, Sendable {
  /// So many alerts, the new one among them; at least 2.
  public var count: Int
  /// In such a time.
  public var within: Span

  /// Takes the values as they are; nothing is checked.
  public init(count: Int, within: Span) {
    self.count = count
    self.within = within
  }

  /// An alert that flaps fires on until the condition has not held for so long: the mean time between alerts at which a rule flaps.
  public var calm: Duration { within.duration / max(count, 1) }
}

/// A time that comes again and again, in which nothing is judged.
public struct MaintenanceWindow: Hashable, Codable, Sendable {
  /// When it begins.
  public var cron: String
  /// IANA name of whose clock that is.
  public var timeZone: String
  /// How long it lasts.
  public var lasts: Span

  /// Takes the values as they are; nothing is checked.
  public init(cron: String, timeZone: String = "UTC", lasts: Span) {
    self.cron = cron
    self.timeZone = timeZone
    self.lasts = lasts
  }

  private enum CodingKeys: String, CodingKey {
    case cron, timeZone
    case lasts = "for"
  }

  /// The end of the maintenance in which a time lies; nil when it lies in none.
  public func end(around time: Timestamp) -> Timestamp? {
    guard let schedule = try? CronSchedule(cron: cron, timeZone: timeZone) else { return nil }
    // Of several that overlap, the last one ends last.
    return schedule.due(after: time - lasts.duration, upTo: time).map { $0.latest + lasts.duration }
  }
}

/// Alerts that are told together.
public struct AlertGrouping: Hashable, Codable, Sendable {
  /// What they have in common.
  public var by: Subject
  /// How long the first one waits for the others.
  public var wait: Span

  /// What alerts of a group have in common.
  public enum Subject: String, Hashable, Codable, Sendable, CaseIterable {
    case rule, monitor, model
  }

  /// Takes the values as they are; nothing is checked.
  public init(by: Subject, wait: Span) {
    self.by = by
    self.wait = wait
  }
}
