public import Foundation
public import Values

/// What an alert is about, repeated in each of its first facts so that each reads alone.
public struct AlertSubject: Codable, Hashable, Sendable {
  /// The rule, or what Kedge itself complains of, e.g. `no-rollback-target`.
  public var rule: String
  /// The monitor whose measurements are judged; nil for what Kedge itself complains of elsewhere.
  public var monitor: String?
  /// The endpoint that it is about, if it is about one.
  public var endpoint: String?
  /// The model that it is about, if it is known.
  public var model: String?
  /// The metric of the rule.
  public var metric: String?
  /// The metric of an alert about the absence of data.
  public static let noData = "no_data"

  /// What a star in the metric stands for: a column, or a version; nil when there is none.
  public var series: String?
  /// `info`, `warning` or `critical`.
  public var severity: String
  /// Channels that are told.
  public var notify: [String]

  /// Takes the values as they are; nothing is checked.
  public init(
    rule: String, monitor: String? = nil, endpoint: String? = nil, model: String? = nil, metric: String? = nil, series: String? = nil,
    severity: String, notify: [String]
  ) {
    self.rule = rule
    self.monitor = monitor
    self.endpoint = endpoint
    self.model = model
    self.metric = metric
    self.series = series
    self.severity = severity
    self.notify = notify
  }
}

/// A rule's condition holds, but not yet for as many windows as it asks.
public struct AlertPending: Codable, Equatable, Sendable {
  /// What it is about.
  public var subject: AlertSubject
  /// Of the metric, in the latest window.
  public var value: Double
  /// The condition in words: `drift.share at least 0.2`.
  public var condition: String
  /// Windows so far, and windows needed.
  public var count: Int
  /// Windows in a row that the rule asks for.
  public var needed: Int
  /// End of the first window in which the condition held.
  public var sinceAt: Timestamp

  /// Takes the values as they are; nothing is checked.
  public init(subject: AlertSubject, value: Double, condition: String, count: Int, needed: Int, sinceAt: Timestamp) {
    self.subject = subject
    self.value = value
    self.condition = condition
    self.count = count
    self.needed = needed
    self.sinceAt = sinceAt
  }
}

/// An alert fires.
public struct AlertRaised: Codable, Hashable, Sendable {
  /// What it is about.
  public var subject: AlertSubject
  /// Of the metric, in the window that raised it; nil when Kedge itself complains.
  public var value: Double?
  /// The condition in words, or what is wrong.
  public var condition: String
  /// End of the first window in which the condition held.
  public var sinceAt: Timestamp
  /// What drifted, for people.
  public var driftedColumns: [String]
  /// How often the rule was alarmed of late, when that is so often that it flaps; nil when it does not.
  public var flapping: Int?
  /// Further causes, beside the one that the event itself names: the measurements of the windows before.
  public var because: [UUID]?

  /// Takes the values as they are; nothing is checked.
  public init(
    subject: AlertSubject, value: Double?, condition: String, sinceAt: Timestamp, driftedColumns: [String] = [], flapping: Int? = nil, because: [UUID]? = nil
  ) {
    self.subject = subject
    self.value = value
    self.condition = condition
    self.sinceAt = sinceAt
    self.driftedColumns = driftedColumns
    self.flapping = flapping
    self.because = because
  }
}

/// The alert got worse, or nobody looks after it.
public struct AlertEscalated: Codable, Equatable, Sendable {
  /// `info`, `warning` or `critical`, from now on.
  public var severity: String
  /// Why, for people.
  public var reason: String
  /// Channels that are told from now on, besides those that were told before.
  public var notify: [String]?
  /// Because nobody acknowledged it: true or nil.
  public var unacknowledged: Bool?

  /// Takes the values as they are; nothing is checked.
  public init(severity: String, reason: String, notify: [String]? = nil, unacknowledged: Bool? = nil) {
    self.severity = severity
    self.reason = reason
    self.notify = notify
    self.unacknowledged = unacknowledged
  }
}

/// The alert goes on, but is less bad than it was.
public struct AlertEased: Codable, Equatable, Sendable {
  /// `info`, `warning` or `critical`, from now on.
  public var severity: String
  /// Why, for people.
  public var reason: String

  /// Takes the values as they are; nothing is checked.
  public init(severity: String, reason: String) {
    self.severity = severity
    self.reason = reason
  }
}

/// The condition holds no longer, but not yet for as long as the rule asks before the alert resolves: it fires on.
public struct AlertRecovering: Codable, Equatable, Sendable {
  /// Of the metric, in the first good window.
  public var value: Double?
  /// End of that window.
  public var sinceAt: Timestamp

  /// Takes the values as they are; nothing is checked.
  public init(value: Double?, sinceAt: Timestamp) {
    self.value = value
    self.sinceAt = sinceAt
  }
}

/// The condition of an alert that was recovering holds again.
public struct AlertRelapsed: Codable, Equatable, Sendable {
  /// Of the metric.
  public var value: Double?

  /// Takes the values as they are; nothing is checked.
  public init(value: Double?) { self.value = value }
}

/// A rule has nothing to judge any more.
public struct RuleDataLost: Codable, Equatable, Sendable {
  /// When there was something for the last time, or when the rule was declared.
  public var sinceAt: Timestamp
  /// What is done about it, as it was declared.
  public var then: NoDataRule.Reaction

  /// Takes the values as they are; nothing is checked.
  public init(sinceAt: Timestamp, then: NoDataRule.Reaction) {
    self.sinceAt = sinceAt
    self.then = then
  }
}

/// A rule has something to judge again.
public struct RuleDataReturned: Codable, Equatable, Sendable {
  /// Since when it had none.
  public var lostAt: Timestamp

  /// Takes the values as they are; nothing is checked.
  public init(lostAt: Timestamp) { self.lostAt = lostAt }
}

/// Somebody looks after it, or resolved it, or says that it was a false alarm.
public struct AlertHandled: Codable, Equatable, Sendable {
  /// What the person said; nil when nothing.
  public var reason: String?

  /// Takes the values as they are; nothing is checked.
  public init(reason: String?) { self.reason = reason }
}

/// The alert is over.
public struct AlertResolved: Codable, Equatable, Sendable {
  /// Why it is over, for people.
  public var reason: String
  /// The value that ended it; nil when a person did.
  public var value: Double?

  /// Takes the values as they are; nothing is checked.
  public init(reason: String, value: Double? = nil) {
    self.reason = reason
    self.value = value
  }
}
