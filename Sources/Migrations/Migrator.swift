public import PostgreSQL

/// Brings a database to this version. Safe to run twice, and from two places at once.
public struct Migrator: Sendable {
  private let client: PostgresClient
  private let migrations: [Migration]

  /// With the migrations of this version. Who connects must be allowed to make what is missing, roles included.
  public init(_ client: PostgresClient) { self.init(client, migrations: Migration.all) }

  /// With other migrations, for tests.
  init(_ client: PostgresClient, migrations: [Migration]) {
    self.client = client
    self.migrations = migrations
  }

  /// What was done, or would be.
  public struct Step: Hashable, Sendable, CustomStringConvertible {
    /// What is done to a file.
    public enum Action: String, Hashable, Sendable {
      /// Run for the first time.
      case apply
      /// Run again, because the text has changed.
      case replace
    }

    /// The path in `migrations/`.
    public let path: String
    /// What is done to it.
    public let action: Action

    /// `apply functions/append.sql`
    public var description: String { "\(action.rawValue) \(path)" }
  }

  /// Applies what is missing or has changed, all in one transaction under a lock: whoever else migrates waits, and then finds nothing to do.
  /// - Parameter dryRun: tells what would be done and does nothing.
  /// - Returns: the steps, in order; empty when the database was up to date.
  /// - Throws: `MigrationError`; `PostgresError`, which names the file as its statement.
  @discardableResult
  public func migrate(dryRun: Bool = false) async throws -> [Step] {
    // An open writer or a backup can hold a lock for long: nothing is gained by giving up in the middle.
    try await client.withTransaction(idleTimeout: .seconds(60)) { transaction in
      try await transaction.query("select pg_advisory_xact_lock(\(Migrator.lock))")
      let applied = try await applied(transaction)
      let steps = try plan(applied)
      guard !dryRun, !steps.isEmpty else { return steps }
      try await transaction.execute(
        unsafeScript: "SET LOCAL check_function_bodies = off; SET LOCAL client_min_messages = warning; SET LOCAL search_path = pg_catalog, pg_temp",
        name: "prepare to migrate")
      try await transaction.execute(unsafeScript: Migrator.table, name: "table of migrations")
      let names = Set(steps.map(\.path))
      let applying = migrations.filter { names.contains($0.path) }
      for migration in applying {
        try await transaction.execute(unsafeScript: migration.script, name: "migrations/\(migration.path)")
      }
      for migration in applying {
        try await transaction.query(
          """
          insert into kedge.migration (path, checksum) values (\(migration.path), \(migration.checksum))
          on conflict (path) do update set checksum = excluded.checksum, applied_at = excluded.applied_at
          """)
      }
      return steps
    }
  }

  /// Names the lock; the number spells `kedge`.
  private static let lock: Int64 = 0x6b65_6467_65

  private static let table = """
    CREATE SCHEMA IF NOT EXISTS kedge;
    CREATE TABLE IF NOT EXISTS kedge.migration (
      path text PRIMARY KEY,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    COMMENT ON TABLE kedge.migration IS 'Which files of migrations/ this database was made with, by SHA-256.';
    """

  /// Paths and checksums of what this database was made with.
  private func applied(_ transaction: Transaction) async throws -> [String: String] {
    let exists: Bool? = try await transaction.query("select to_regclass('kedge.migration') is not null").first?.decode(Bool.self)
    guard exists == true else { return [:] }
    let rows = try await transaction.query("select path, checksum from kedge.migration", as: String.self, String.self)
    return Dictionary(rows) { $1 }
  }

  /// What has to be done to a database that was made with these.
  private func plan(_ applied: [String: String]) throws(MigrationError) -> [Step] {
    let known = Set(migrations.filter { $0.kind == .numbered }.map(\.path))
    let newest = migrations.last { $0.kind == .numbered }?.path ?? ""
    if let unknown = applied.keys.filter({ isNumbered($0) && !known.contains($0) }).max() {
      if unknown > newest { throw .databaseIsNewer(path: unknown) }
      throw .missing(path: unknown)
    }
    var steps: [Step] = []
    for migration in migrations {
      switch (migration.kind, applied[migration.path]) {
      case (.always, _): continue
      case (_, nil): steps.append(Step(path: migration.path, action: .apply))
      case (.numbered, let checksum?) where checksum != migration.checksum:
        throw .changed(path: migration.path, applied: checksum, now: migration.checksum)
      case (_, let checksum?): if checksum != migration.checksum { steps.append(Step(path: migration.path, action: .replace)) }
      }
    }
    for migration in migrations where migration.kind == .always && (!steps.isEmpty || applied[migration.path] != migration.checksum) {
      steps.append(Step(path: migration.path, action: applied[migration.path] == nil ? .apply : .replace))
    }
    // In the order in which they run.
    let order = Dictionary(uniqueKeysWithValues: migrations.enumerated().map { ($0.element.path, $0.offset) })
    return steps.sorted { order[$0.path, default: 0] < order[$1.path, default: 0] }
  }

  /// Tables stand in the folder itself, and their names begin with `m` and four digits.
  private func isNumbered(_ path: String) -> Bool { !path.contains("/") }
}

/// Why a database cannot be migrated. Nothing was changed.
public enum MigrationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A numbered migration is not what the database was made with.
  case changed(path: String, applied: String, now: String)
  /// The database was made by a later version.
  case databaseIsNewer(path: String)
  /// The database was made with a migration that this version does not have.
  case missing(path: String)

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .changed(let path, let applied, let now):
      "migrations/\(path) has changed since it was applied: its checksum was \(applied.prefix(12)) and is \(now.prefix(12)); put it back, and make the change in a new one"
    case .databaseIsNewer(let path): "this database was migrated by a later version, which knows migrations/\(path); use that version"
    case .missing(let path): "this database was made with migrations/\(path), which this version does not have; put it back"
    }
  }
}
