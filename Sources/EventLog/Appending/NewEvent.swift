public import Foundation
public import Values

/// An event that is to be appended.
public struct NewEvent: Hashable, Sendable {
  /// Made by the database when nil, which is faster.
  public var id: UUID?
  /// What happened: `snake_case`, past tense.
  public var type: String
  /// Which shape the data of this type has.
  public var schema: Int
  /// What is to be kept of it, in the shape that type and schema name.
  public var data: JSON
  /// When it happened; when it is recorded if nil.
  public var occurredAt: Timestamp?
  /// Unique in its stream: the same append sent again is appended once.
  public var idempotencyKey: String?

  /// Takes the values as they are; nothing is checked.
  public init(id: UUID? = nil, type: String, schema: Int = 1, data: JSON = [:], occurredAt: Timestamp? = nil, idempotencyKey: String? = nil) {
    self.id = id
    self.type = type
    self.schema = schema
    self.data = data
    self.occurredAt = occurredAt
    self.idempotencyKey = idempotencyKey
  }
}

/// At which version a stream must be for an append to happen.
public enum ExpectedVersion: Hashable, Sendable {
  /// Whatever it is.
  case any
  /// It has no event yet.
  case none
  /// The version of its newest event.
  case exactly(Int64)

  /// As SQL has it: −1 is any, 0 none.
  var number: Int64 {
    switch self {
    case .any: -1
    case .none: 0
    case .exactly(let version): version
    }
  }
}

/// Events for one stream.
public struct Append: Hashable, Sendable {
  /// Where they go.
  public var stream: StreamName
  /// The stream's version before the first of them.
  public var expected: ExpectedVersion
  /// May be empty: then only the version is checked, and stays as it is until the transaction ends.
  public var events: [NewEvent]

  /// Takes the values as they are; nothing is checked.
  public init(stream: StreamName, expected: ExpectedVersion, events: [NewEvent]) {
    self.stream = stream
    self.expected = expected
    self.events = events
  }
}

/// On whose behalf, and because of what, events are appended.
public struct Attribution: Hashable, Sendable {
  /// Who they say they are.
  public var actor: String
  /// `token:NAME`, which only members of `kedge_server` may say; nil is the session user.
  public var principal: String?
  /// The event with which the whole story began.
  public var correlation: UUID?
  /// The event that made these happen.
  public var causation: UUID?

  /// Takes the values as they are; nothing is checked.
  public init(actor: String, principal: String? = nil, correlation: UUID? = nil, causation: UUID? = nil) {
    self.actor = actor
    self.principal = principal
    self.correlation = correlation
    self.causation = causation
  }
}

/// What a worker must show to record anything about the work that it claimed.
public struct LeaseToken: Hashable, Sendable {
  /// The work's id.
  public var work: UUID
  /// The fencing token of the claim.
  public var token: Int64

  /// Takes the values as they are; nothing is checked.
  public init(work: UUID, token: Int64) {
    self.work = work
    self.token = token
  }
}

/// Where an event came to stand.
public struct AppendedEvent: Hashable, Sendable {
  /// The event's id, made by the database where none was given.
  public let id: UUID
  /// Its stream.
  public let stream: StreamName
  /// Its place in the stream, from 1.
  public let version: Int64

  /// Takes the values as they are; nothing is checked.
  public init(id: UUID, stream: StreamName, version: Int64) {
    self.id = id
    self.stream = stream
    self.version = version
  }
}
