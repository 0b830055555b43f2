public import EventLog
public import PostgreSQL

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
    let passedOver = try await Replayer.passedOver(by: type.name, upTo: position, transaction)
    var replayer = Replayer(type, schema: "pg_temp", passingOver: passedOver)
    try await replayer.read(upTo: position, in: transaction)
    return replayer.halts.keys.sorted().map { StreamName($0) }
  }
}
