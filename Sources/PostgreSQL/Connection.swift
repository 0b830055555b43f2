/// One connection of the pool, for the length of a scope. Statements that are run at the same time queue up.
public final class Connection: Queryable {
  let wire: Wire
  let scope: Int
  let options: PostgresOptions

  init(_ wire: Wire, options: PostgresOptions) {
    self.wire = wire
    self.options = options
    scope = wire.beginScope()
  }

  /// The number of the server's process, as `pg_stat_activity` shows it.
  public var backendID: Int32 { wire.backendID }

  @discardableResult
  public func query(_ query: Query) async throws -> Rows { try await wire.run(.query(query), scope: scope).first ?? Rows(nil) }

  @discardableResult
  public func pipeline(_ queries: [Query]) async throws -> [Rows] {
    queries.isEmpty ? [] : try await wire.run(.pipeline(queries), scope: scope)
  }

  /// Runs a script on this connection; see `Queryable`.
  public func execute(unsafeScript script: String, name: String) async throws {
    _ = try await wire.run(.script(script, label: name), scope: scope)
  }
}
