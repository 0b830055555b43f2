public import EventLog
public import Lifecycle

extension FactRecord {
  /// Reads an event of the log; nil for a type that Kedge does not know.
  /// - Throws: `DecodingError` when its data does not have the shape of its type, `UnknownSchema` when it is newer than this program.
  public init?(_ event: RecordedEvent) throws {
    guard let fact = try Fact(type: event.type, schema: event.schema, data: event.data) else { return nil }
    self.init(
      fact, id: event.id, stream: event.stream.text, version: event.version, position: event.position, actor: event.actor,
      principal: event.principal, at: event.occurredAt, correlation: event.correlationID)
  }
}
