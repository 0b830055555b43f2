/// What can run statements: a connection, a transaction, or a client, which takes a connection of its pool for each call.
public protocol Queryable: Sendable {
  /// Runs one statement.
  /// - Throws: `PostgresError` (the server refused), `ConnectionLost`, `ConnectionRefused`, `PostgresEncodingError`, `PostgresUsageError`,
  ///   `CancellationError` (the task was cancelled, and the statement with it).
  @discardableResult
  func query(_ query: Query) async throws -> Rows

  /// Runs statements in one round trip, as one transaction: when one fails, those after it do not run and none takes effect. Inside a
  /// `Transaction` they are part of that one.
  /// - Returns: the answers, in order.
  /// - Throws: as `query`; the error of the first that failed carries its name.
  @discardableResult
  func pipeline(_ queries: [Query]) async throws -> [Rows]

  /// Runs a text of several statements without parameters, as one transaction unless it says otherwise: a migration, a setting.
  /// - Parameters:
  ///   - script: the text; nothing in it is escaped.
  ///   - name: what errors and logs call it.
  /// - Throws: as `query`.
  func execute(unsafeScript script: String, name: String) async throws
}

extension Queryable {
  /// Runs one statement and reads the first column of every row: `try await db.query("…", as: UUID.self)`.
  public func query<Value: PostgresDecodable>(_ query: Query, as type: Value.Type) async throws -> [Value] {
    try await self.query(query).decode(type)
  }

  /// Runs one statement and reads every row by position: `try await db.query("…", as: UUID.self, String.self)`.
  public func query<each Value: PostgresDecodable>(_ query: Query, as types: repeat (each Value).Type) async throws -> [(repeat each Value)] {
    try await self.query(query).decode(repeat each types)
  }
}
