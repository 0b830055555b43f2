public import Lifecycle
public import PostgreSQL
internal import EventLog

/// Reads from the log what has changed the picture on which a deployment was, or is to be, approved.
public struct EvidenceReader {
  private let database: any Queryable

  /// - Parameter database: the transaction in which something is decided on what is read.
  public init(_ database: any Queryable) { self.database = database }

  /// The evidence on a proposal after a position, in the log's order; what is not sealed yet comes last.
  /// - Throws: `PostgresError`; `DecodingError` for an event that does not have the shape of its type.
  public func evidence(on proposal: DeploymentProposed, after position: Int64) async throws -> [Evidence] {
    let store = EventStore(database)
    let found = try await store.read(types: EvidenceBook.types, after: position)
    guard !found.isEmpty else { return [] }
    // A declaration is a change or a repetition by what stood there before, and the worsening of an alert does not repeat its subject.
    let context = try await store.read(types: EvidenceBook.contextTypes, of: found.map(\.stream))
    let ids = Set(found.map(\.id))
    let others = found.filter { !EvidenceBook.contextTypes.contains($0.type) }
    var book = EvidenceBook()
    return try (context + others).compactMap { event in
      guard let record = try FactRecord(event), let evidence = book.take(record), ids.contains(record.id) else { return nil }
      return evidence.concerns(proposal.version, at: proposal.endpoint) ? evidence : nil
    }.sorted { ($0.position ?? .max) < ($1.position ?? .max) }
  }
}
