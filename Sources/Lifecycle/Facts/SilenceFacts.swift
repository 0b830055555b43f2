public import Values

/// Nobody is told of certain alerts for a while; the log goes on as ever. Who wants that is the event's actor.
public struct SilenceStarted: Codable, Equatable, Sendable {
  /// What is silenced: all that is given must fit.
  public var matching: SilenceMatcher
  /// When it ends by itself.
  public var untilAt: Timestamp
  /// Why, for people.
  public var reason: String?

  /// Takes the values as they are; nothing is checked.
  public init(matching: SilenceMatcher, untilAt: Timestamp, reason: String?) {
    self.matching = matching
    self.untilAt = untilAt
    self.reason = reason
  }
}

/// Which alerts a silence is about.
public struct SilenceMatcher: Codable, Hashable, Sendable {
  /// Alerts on this monitor; nil: on any.
  public var monitor: String?
  /// Alerts of this rule; nil: of any.
  public var rule: String?
  /// Alerts about this model; nil: about any.
  public var model: String?

  /// Takes the values as they are; nothing is checked.
  public init(monitor: String? = nil, rule: String? = nil, model: String? = nil) {
    self.monitor = monitor
    self.rule = rule
    self.model = model
  }

  /// Whether it is about alerts with such a subject; one that names nothing is about none.
  public func matches(_ subject: AlertSubject) -> Bool {
    guard monitor != nil || rule != nil || model != nil else { return false }
    return (monitor == nil || monitor == subject.monitor) && (rule == nil || rule == subject.rule) && (model == nil || model == subject.model)
  }
}

/// A silence is over; what was missed is delivered.
public struct SilenceEnded: Codable, Equatable, Sendable {
  /// Why, for people.
  public var reason: String?

  /// Takes the values as they are; nothing is checked.
  public init(reason: String?) { self.reason = reason }
}

/// Something is to be looked at again at a time: `deadline_passed` says when that has come. A newer one of the same name takes its place.
public struct DeadlineSet: Codable, Equatable, Sendable {
  /// What is waited for, e.g. `no-data`.
  public var name: String
  /// When.
  public var dueAt: Timestamp

  /// Takes the values as they are; nothing is checked.
  public init(name: String, dueAt: Timestamp) {
    self.name = name
    self.dueAt = dueAt
  }
}
