public import Foundation
public import Values

/// A schedule starts a pipeline.
public struct ScheduleDefined: Codable, Equatable, Sendable {
  /// The pipeline that it starts.
  public var pipeline: String
  /// As it was declared.
  public var cron: String
  /// IANA name.
  public var timeZone: String
  /// The first firing; nil when the expression never falls due.
  public var nextAt: Timestamp?

  /// Takes the values as they are; nothing is checked.
  public init(pipeline: String, cron: String, timeZone: String, nextAt: Timestamp?) {
    self.pipeline = pipeline
    self.cron = cron
    self.timeZone = timeZone
    self.nextAt = nextAt
  }
}

/// A firing fell due; firings missed before it are not made up for.
public struct ScheduleDue: Codable, Equatable, Sendable {
  /// The pipeline that is to run.
  public var pipeline: String
  /// When it fell due, which may be some time ago.
  public var dueAt: Timestamp
  /// The next firing; nil when there is none.
  public var nextAt: Timestamp?

  /// Takes the values as they are; nothing is checked.
  public init(pipeline: String, dueAt: Timestamp, nextAt: Timestamp?) {
    self.pipeline = pipeline
    self.dueAt = dueAt
    self.nextAt = nextAt
  }
}

/// A firing started nothing.
public struct ScheduleSkipped: Codable, Equatable, Sendable {
  /// The firing that started nothing.
  public var dueAt: Timestamp
  /// Why, for people.
  public var reason: String

  /// Takes the values as they are; nothing is checked.
  public init(dueAt: Timestamp, reason: String) {
    self.dueAt = dueAt
    self.reason = reason
  }
}

/// People are to be told.
public struct MessageRequested: Codable, Equatable, Sendable {
  /// Also the idempotency key at the receiver.
  public var message: UUID
  /// The alert it is about: its messages stay together and in order.
  public var alert: AlertID?
  /// `firing`, `resolved` …
  public var state: String
  /// `info`, `warning` or `critical`.
  public var severity: String
  /// One line.
  public var title: String
  /// Plain text, of any length.
  public var text: String
  /// In the order in which they are shown; may be empty.
  public var fields: [Field]
  /// The command to type next.
  public var command: String?
  /// What it is about, for channels that send more than words: the alert's own words, at the severity of this message. Nil without an alert.
  public var about: AlertRaised?
  /// Other severities that people were told of this alert before.
  public var formerSeverities: [String]?
  /// When that happened of which the message tells; nil in messages of old.
  public var at: Timestamp?

  /// A name and its value.
  public struct Field: Codable, Equatable, Sendable {
    /// What stands beside the value.
    public var name: String
    /// Plain text.
    public var value: String

    /// Name and value, as they are to be shown.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Takes the values as they are; nothing is checked.
  public init(
    message: UUID, alert: AlertID?, state: String, severity: String, title: String, text: String, fields: [Field], command: String?,
    about: AlertRaised? = nil, formerSeverities: [String]? = nil, at: Timestamp? = nil
  ) {
    self.message = message
    self.alert = alert
    self.state = state
    self.severity = severity
    self.title = title
    self.text = text
    self.fields = fields
    self.command = command
    self.about = about
    self.formerSeverities = formerSeverities
    self.at = at
  }

  /// The state of a message that only tries the channel: it is tried once.
  public static let test = "test"

  /// Whether the alert goes on after what the message tells; nil when that says nothing of it.
  public var isOpen: Bool? {
    switch state {
    case "firing", "escalated", "eased", "acknowledged": true
    case "resolved", "false_alarm": false
    default: nil
    }
  }
}

/// The channel took the message.
public struct MessageSent: Codable, Equatable, Sendable {
  /// The message's id, as it was requested.
  public var message: UUID
  /// From 1.
  public var attempt: Int
  /// The alert it is about; later messages of it are threaded by the receipt.
  public var alert: AlertID?
  /// What the receiver answered, e.g. Slack's `ts` and `channel`.
  public var receipt: [String: String]

  /// Takes the values as they are; nothing is checked.
  public init(message: UUID, attempt: Int, alert: AlertID?, receipt: [String: String]) {
    self.message = message
    self.attempt = attempt
    self.alert = alert
    self.receipt = receipt
  }
}

/// The channel did not take the message; it is tried again.
public struct MessageDelayed: Codable, Equatable, Sendable {
  /// The message's id, as it was requested.
  public var message: UUID
  /// From 1.
  public var attempt: Int
  /// What the receiver said; free of secrets.
  public var reason: String
  /// When it is tried again.
  public var retryAt: Timestamp

  /// Takes the values as they are; nothing is checked.
  public init(message: UUID, attempt: Int, reason: String, retryAt: Timestamp) {
    self.message = message
    self.attempt = attempt
    self.reason = reason
    self.retryAt = retryAt
  }
}

/// The message is given up.
public struct MessageAbandoned: Codable, Equatable, Sendable {
  /// The message's id, as it was requested.
  public var message: UUID
  /// From 1: the last one.
  public var attempt: Int
  /// What the receiver said; free of secrets.
  public var reason: String

  /// Takes the values as they are; nothing is checked.
  public init(message: UUID, attempt: Int, reason: String) {
    self.message = message
    self.attempt = attempt
    self.reason = reason
  }
}

/// Told together with another message, because the channel could not be reached when it was its turn: with a later one about the same alert, or, where the alert
/// was over before people could be told of it, with one about another.
public struct MessageFolded: Codable, Equatable, Sendable {
  /// The message's id, as it was requested.
  public var message: UUID
  /// The other message, which says so.
  public var into: UUID

  /// Takes the values as they are; nothing is checked.
  public init(message: UUID, into: UUID) {
    self.message = message
    self.into = into
  }
}
