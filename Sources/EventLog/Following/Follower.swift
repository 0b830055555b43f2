public import PostgreSQL
internal import Values

/// Reads the sealed events in order, each exactly once: what it writes and appends commits together with its checkpoint.
///
/// One process at a time drives a follower. After a failure the same batch comes again, in a new transaction: whatever is kept between
/// batches in memory only must be checked against what is stored.
public protocol Follower: Sendable {
  /// Names its checkpoint, for good.
  var name: String { get }
  /// It reads only streams whose names begin with one of these; nil is all.
  var streamPrefixes: [String]? { get }
  /// Takes events in. All that it writes must go through the transaction, and it awaits nothing else.
  /// - Throws: `PoisonEvent` for one that it can never digest: its stream is halted for this follower, the others go on. Of other errors, what
  ///   may pass (a lost connection, a conflict with another writer) is tried again; the culprit of one that stays is found event by event.
  func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws
}

/// An event that a follower can never digest.
public struct PoisonEvent: Error, Sendable, CustomStringConvertible {
  /// The one that cannot be digested.
  public let event: RecordedEvent
  /// What is wrong with it, without values of the data.
  public let reason: String

  /// The reason may stand in the log: it holds no values of the event's data.
  public init(_ event: RecordedEvent, reason: String) {
    self.event = event
    self.reason = reason
  }

  /// For people, without values of the data.
  public var description: String { "event \(event.id.lowercased) (\(event.type) on \(event.stream)) cannot be digested: \(reason)" }
}
