internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

/// Keeps the reason that somebody gave for a change whose own events have no place for it.
struct Note {
  let writing: WritingOptions

  /// Appends it to the stream in the same transaction as the change, unless the change says the reason itself.
  func append(
    on stream: String, because changes: [AppendedEvent], saying facts: [Fact], by attribution: Attribution, _ transaction: Transaction
  ) async throws {
    guard let reason = writing.reason, let change = changes.first else { return }
    let isSaid = try facts.contains { fact in
      let said = try fact.data()["reason"]
      return said?.string == reason || said?["reason"]?.string == reason
    }
    guard !isSaid else { return }
    var attribution = attribution
    attribution.correlation = attribution.correlation ?? change.id
    attribution.causation = change.id
    try await EventStore(transaction).append(
      [NewEvent(type: EventDocuments.note, data: ["reason": .string(reason)], idempotencyKey: writing.idempotencyKey.map { "\($0)/note" })],
      to: StreamName(stream),
      by: attribution)
  }
}
