public import Foundation
public import Values

/// A fact as the log holds it: with who, when, and why.
public struct FactRecord: Equatable, Sendable {
  /// What happened.
  public var fact: Fact
  /// The event's id.
  public var id: UUID
  /// The whole name: `CATEGORY/NAME`.
  public var stream: String
  /// Counts from 1 inside the stream.
  public var version: Int64
  /// Its place in the order of all events; nil until it is sealed.
  public var position: Int64?
  /// Who they say they are.
  public var actor: String
  /// Who the database says they are.
  public var principal: String
  /// When it happened.
  public var at: Timestamp
  /// Shared by all that came of one beginning.
  public var correlation: UUID?

  /// Takes the values as they are; nothing is checked.
  public init(
    _ fact: Fact, id: UUID, stream: String, version: Int64, position: Int64?, actor: String, principal: String, at: Timestamp, correlation: UUID?
  ) {
    self.fact = fact
    self.id = id
    self.stream = stream
    self.version = version
    self.position = position
    self.actor = actor
    self.principal = principal
    self.at = at
    self.correlation = correlation
  }

  /// Who did it.
  public var person: Person { Person(actor: actor, principal: principal) }

  /// The part of the stream's name after the category: `monitor/NAME` gives NAME.
  public var name: String { stream.utf8.firstIndex(of: UInt8(ascii: "/")).map { String(stream[stream.utf8.index(after: $0)...]) } ?? stream }
}
