public import Foundation
public import Values

/// A schedule starts a pipeline.
public struct ScheduleDefined: Codable, Equatable, Sendable {
  public var pipeline: String
  public var cron: String
  /// IANA name.
  public var timeZone: String
  /// The first firing; nil when the expression never falls due.
  public var nextAt: Timestamp?

  public init(pipeline: String, cron: String, timeZone: String, nextAt: Timestamp?) {
    self.pipeline = pipeline
    self.cron = cron
    self.timeZone = timeZone
    self.nextAt = nextAt
  }
}

/// A firing fell due; firings missed before it are not made up for.
public struct ScheduleDue: Codable, Equatable, Sendable {
  public var pipeline: String
  public var dueAt: Timestamp
  public var nextAt: Timestamp?

  public init(pipeline: String, dueAt: Timestamp, nextAt: Timestamp?) {
    self.pipeline = pipeline
    self.dueAt = dueAt
    self.nextAt = nextAt
  }
}

/// A firing started nothing.
public struct ScheduleSkipped: Codable, Equatable, Sendable {
  public var dueAt: Timestamp
  public var reason: String

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
  public var severity: String
  public var title: String
  public var text: String
  public var fields: [Field]
  /// The command to type next.
  public var command: String?

  /// A name and its value.
  public struct Field: Codable, Equatable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(
    message: UUID, alert: AlertID?, state: String, severity: String, title: String, text: String, fields: [Field], command: String?
  ) {
    self.message = message
    self.alert = alert
    self.state = state
    self.severity = severity
    self.title = title
    self.text = text
    self.fields = fields
    self.command = command
  }
}

/// The channel took the message.
public struct MessageSent: Codable, Equatable, Sendable {
  public var message: UUID
  public var attempt: Int
  /// The alert it is about; later messages of it are threaded by the receipt.
  public var alert: AlertID?
  /// What the receiver answered, e.g. Slack's `ts` and `channel`.
  public var receipt: [String: String]

  public init(message: UUID, attempt: Int, alert: AlertID?, receipt: [String: String]) {
    self.message = message
    self.attempt = attempt
    self.alert = alert
    self.receipt = receipt
  }
}

/// The channel did not take the message; it is tried again.
public struct MessageDelayed: Codable, Equatable, Sendable {
  public var message: UUID
  public var attempt: Int
  public var reason: String
  public var retryAt: Timestamp

  public init(message: UUID, attempt: Int, reason: String, retryAt: Timestamp) {
    self.message = message
    self.attempt = attempt
    self.reason = reason
    self.retryAt = retryAt
  }
}

/// The message is given up.
public struct MessageAbandoned: Codable, Equatable, Sendable {
  public var message: UUID
  public var attempt: Int
  public var reason: String

  public init(message: UUID, attempt: Int, reason: String) {
    self.message = message
    self.attempt = attempt
    self.reason = reason
  }
}
