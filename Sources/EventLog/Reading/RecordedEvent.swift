public import Foundation
public import Values

/// An event of the log.
public struct RecordedEvent: Hashable, Sendable {
  /// The global order, 1, 2, 3 … without gaps; nil until the event is sealed.
  public let position: Int64?
  public let id: UUID
  public let stream: StreamName
  /// 1 for the first event of the stream.
  public let version: Int64
  public let type: String
  public let schema: Int
  public let data: JSON
  /// Who they say they are.
  public let actor: String
  /// Who the database says they are.
  public let principal: String
  public let correlationID: UUID?
  public let causationID: UUID?
  public let idempotencyKey: String?
  /// When it happened, as the writer says.
  public let occurredAt: Timestamp
  /// When it was inserted, by the clock of the database.
  public let recordedAt: Timestamp

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
