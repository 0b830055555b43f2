/// What a transaction may see of the others.
public enum Isolation: String, Sendable {
  case readCommitted = "READ COMMITTED"
  /// One snapshot for all its statements.
  case repeatableRead = "REPEATABLE READ"
  case serializable = "SERIALIZABLE"
  /// One snapshot, and no writing.
  case readOnlySnapshot = "REPEATABLE READ READ ONLY"
}

/// A transaction that is under way, for the length of its scope. Await nothing but it: it holds locks.
public final class Transaction: Queryable {
  /// The connection that it runs on, for COPY.
  public let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  @discardableResult
  public func query(_ query: Query) async throws -> Rows { try await connection.query(query) }

  @discardableResult
  public func pipeline(_ queries: [Query]) async throws -> [Rows] { try await connection.pipeline(queries) }

  /// Runs a script inside the transaction; see `Queryable`.
  public func execute(unsafeScript script: String, name: String) async throws {
    try await connection.execute(unsafeScript: script, name: name)
  }

  /// Runs `body` so that, when it throws, what it did is undone and the transaction goes on.
  /// - Throws: what `body` throws.
  public func withSavepoint<Result>(_ body: (Transaction) async throws -> Result) async throws -> Result {
    try await connection.execute(unsafeScript: "SAVEPOINT kedge", name: "savepoint")
    do {
      let result = try await body(self)
      try await connection.execute(unsafeScript: "RELEASE SAVEPOINT kedge", name: "release savepoint")
      return result
    } catch {
      _ = try await connection.wire.run(
        .script("ROLLBACK TO SAVEPOINT kedge; RELEASE SAVEPOINT kedge", label: "rollback to savepoint"), scope: connection.scope, .ignored)
      throw error
    }
  }
}

extension Connection {
  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
  /// - Parameters:
  ///   - isolation: what it sees of others.
  ///   - idleTimeout: the server ends it when it is idle for this long; nil is the client's option.
  /// - Throws: what `body` throws; `PostgresError`, `ConnectionLost` (with the outcome `unknown` when the connection broke during COMMIT).
  @discardableResult
  public func withTransaction<Result>(
    isolation: Isolation = .readCommitted, idleTimeout: Duration? = nil, _ body: (Transaction) async throws -> Result
  ) async throws -> Result {
    var begin = "BEGIN ISOLATION LEVEL \(isolation.rawValue)"
    if let timeout = idleTimeout ?? options.idleInTransactionTimeout {
      let milliseconds = max(1, timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000)
      begin += "; SET LOCAL idle_in_transaction_session_timeout = \(milliseconds)"
    }
    let result: Result
    do {
      try await execute(unsafeScript: begin, name: "begin")
      result = try await body(Transaction(self))
    } catch {
      // A rollback that fails means a broken connection: the server rolls back, the pool drops it.
      _ = try? await wire.run(.script("ROLLBACK", label: "rollback"), scope: scope, .ignored)
      throw error
    }
    guard !wire.isInFailedTransaction else {
      _ = try await wire.run(.script("ROLLBACK", label: "rollback"), scope: scope, .ignored)
      throw PostgresUsageError.transactionAborted
    }
    _ = try await wire.run(.script(Wire.commit, label: "commit"), scope: scope, .ignored)
    return result
  }
}
