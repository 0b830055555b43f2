public import EventLog
public import PostgreSQL
internal import Lifecycle

/// The read models as they stood when a position was given: replayed into temporary tables, which are gone when the transaction ends.
///
/// The tables have the names of the live ones and lie in `pg_temp`. What does not follow from the log has no past: leases, processes, checkpoints.
public struct PastReadModels {
  private let transaction: Transaction
  private let position: Int64

  /// - Parameters:
  ///   - transaction: in which to make the tables and to read them.
  ///   - position: the last one that counts.
  public init(_ transaction: Transaction, upTo position: Int64) {
    self.transaction = transaction
    self.position = position
  }

  /// Whether a table of the schema `kedge` follows from the log.
  public static func has(_ table: String) -> Bool { allProjections.contains { $0.tables.contains(table) } }

  /// Fills these tables, and those that their projections fill with them.
  ///
  /// As live, a stream with an event that cannot be digested stands still before it.
  /// - Returns: such streams.
  /// - Complexity: reads the log up to the position, once for each projection.
  /// - Throws: `PostgresError`.
  @discardableResult
  public func replay(_ tables: Set<String>) async throws -> [StreamName] {
    var halted: [StreamName] = []
    for type in allProjections where !tables.isDisjoint(with: type.tables) { halted += try await replay(type) }
    return halted
  }

  private func replay(_ type: any Projection.Type) async throws -> [StreamName] {
    for table in type.tables {
      try await transaction.query("create temporary table \(unsafeSQL: table) (like kedge.\(unsafeSQL: table) including all) on commit drop")
    }
    var halted: [StreamName: Int64] = [:]
    while true {
      do {
        try await run(type, but: halted)
        return halted.keys.sorted { $0.text < $1.text }
      } catch let poison as PoisonEvent {
        // Met again is none: each time, one stream less is read to its end.
        halted[poison.event.stream] = poison.event.position
        for table in type.tables { try await transaction.query("truncate pg_temp.\(unsafeSQL: table)") }
      }
    }
  }

  private func run(_ type: any Projection.Type, but halted: [StreamName: Int64]) async throws {
    let run = makeRun(type, schema: "pg_temp")
    let store = EventStore(transaction)
    let prefixes = type.categories.map { $0 + "/" }
    var read: Int64 = 0
    while read < position {
      let batch = try await store.readSealed(after: read, limit: PastReadModels.atOnce, streamPrefixes: prefixes)
      guard let last = batch.last?.position else { return }
      let wanted = batch.filter { event in
        guard let place = event.position, place <= position else { return false }
        return halted[event.stream].map { place < $0 } ?? true
      }
      try await run.replay(wanted, in: transaction)
      read = last
    }
  }

  /// Events read at once.
  private static let atOnce = 1000
}
