public import Foundation
public import Values

/// An event of the log.
public struct RecordedEvent: Hashable, Sendable {
  /// The global order, 1, 2, 3 … without gaps; nil until the event is sealed.
  public let position: Int64?
  /// Unique in the log.
  public let id: UUID
  /// What it is about.
  public let stream: StreamName
  /// 1 for the first event of the stream.
  public let version: Int64
  /// What happened: `snake_case`, past tense.
  public let type: String
  /// Which shape the data has; from 1 for each type.
  public let schema: Int
  /// What is kept of it.
  public let data: JSON
  /// Who they say they are.
  public let actor: String
  /// Who the database says they are.
  public let principal: String
  /// The event with which the whole story began; nil when none was named.
  public let correlationID: UUID?
  /// The event that made it happen; nil when none was named.
  public let causationID: UUID?
  /// Unique in its stream; nil when it has none.
  public let idempotencyKey: String?
  /// When it happened, as the writer says.
  public let occurredAt: Timestamp
  /// When it was inserted, by the clock of the database.
  public let recordedAt: Timestamp

  /// Takes the values as they are; nothing is checked.
  public init(
    position: Int64?, id: UUID, stream: StreamName, version: Int64, type: String, schema: Int = 1, data: JSON = [:], actor: String,
    principal: String, correlationID: UUID? = nil, causationID: UUID? = nil, idempotencyKey: String? = nil, occurredAt: Timestamp,
    recordedAt: Timestamp
  ) {
    self.position = position
    self.id = id
    self.stream = stream
    self.version = version
    self.type = type
    self.schema = schema
    self.data = data
    self.actor = actor
    self.principal = principal
    self.correlationID = correlationID
    self.causationID = causationID
    self.idempotencyKey = idempotencyKey
    self.occurredAt = occurredAt
    self.recordedAt = recordedAt
  }
}
