public import Foundation

/// An alert asks for something to be done: at once by a policy, or by a worker.
public struct ActionRequested: Codable, Equatable, Sendable {
  /// Names it; also the idempotency key towards whoever does it.
  public var action: UUID
  /// Whose action it is.
  public var rule: String
  /// As it was declared.
  public var declared: AlertAction

  /// Takes the values as they are; nothing is checked.
  public init(action: UUID, rule: String, declared: AlertAction) {
    self.action = action
    self.rule = rule
    self.declared = declared
  }
}

/// What was asked for was not done, because its guard did not allow it.
public struct ActionWithheld: Codable, Equatable, Sendable {
  /// What was asked for: `freeze breast-cancer-prod`.
  public var deed: String
  /// Which guard, for people.
  public var reason: String

  /// Takes the values as they are; nothing is checked.
  public init(deed: String, reason: String) {
    self.deed = deed
    self.reason = reason
  }
}

/// A worker has done what was asked for, or has failed for good.
public struct ActionFinished: Codable, Equatable, Sendable {
  /// As it was requested.
  public var action: UUID
  /// Why it failed; nil when it did not.
  public var failure: String?

  /// Takes the values as they are; nothing is checked.
  public init(action: UUID, failure: String? = nil) {
    self.action = action
    self.failure = failure
  }
}
