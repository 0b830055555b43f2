internal import Foundation
internal import Migrations
internal import PostgreSQL
internal import Values

/// One thing that can be wrong with a database of Kedge.
struct Check: Sendable {
  /// What is looked at, when nothing more can be said.
  let subject: String
  private let look: @Sendable (PostgresClient) async throws -> [Finding]

  init(_ subject: String, by look: @escaping @Sendable (PostgresClient) async throws -> [Finding]) {
    (self.subject, self.look) = (subject, look)
  }

  /// For what one query answers: it has a transaction in which it waits for no lock for long.
  init(_ subject: String, query look: @escaping @Sendable (Transaction) async throws -> [Finding]) {
    self.init(
      subject,
      by: { client in
        try await client.withTransaction(retries: 0) { transaction in
          try await transaction.query("set local lock_timeout = '2s'")
          return try await look(transaction)
        }
      })
  }

  /// How long a check may take.
  static let patience = Duration.seconds(15)

  /// What it found; what kept it from looking is a finding too.
  func run(_ client: PostgresClient) async throws -> [Finding] {
    do {
      return try await withThrowingTaskGroup(of: [Finding]?.self) { group in
        group.addTask { try await look(client) }
        group.addTask {
          try await Task.sleep(for: Check.patience)
          return nil
        }
        defer { group.cancelAll() }
        return try await group.next().flatMap { $0 }
          ?? [Finding(.failed, subject, "no answer within \(Check.patience.components.seconds) s; is the database overloaded, or something locked?")]
      }
    } catch let error as PostgresError {
      switch error.sqlState {
      case .insufficientPrivilege:
        return [Finding(.warning, "rights", "\(error.message): this role cannot check \(subject); connect as one of kedge_app")]
      case .lockNotAvailable: return [Finding(.failed, subject, "it waits for a lock that somebody else holds; see blocking")]
      case .undefinedTable, .undefinedFunction, "3F000":
        return [Finding(.failed, subject, "\(error.message): the database is not at this version; run `kedge migrate`")]
      default: return [Finding(.failed, subject, "\(error.message) (\(error.sqlState.rawValue))")]
      }
    }
  }
}

enum Checks {
  static let all = [
    server, pooler, migrations, roles, grants, guards, settings, log, partitions, sealing, followers, stopped, halted, work, leases, workers, blocking, locks,
    openTransactions, preparedTransactions, clock,
  ]

  private static let server = Check(
    "database",
    by: { database in
      let (version, number, isStandby) =
        try await database.query("select current_setting('server_version'), current_setting('server_version_num')::bigint, pg_is_in_recovery()")
        .first?.decode(String.self, Int64.self, Bool.self) ?? ("", Int64(0), false)
      if number < 150_000 { return [Finding(.failed, "database", "PostgreSQL \(version) is too old; Kedge needs 15 or later")] }
      if isStandby {
        return [
          Finding(
            .failed, "database", "this is a standby: nothing can be appended or sealed here; name every host and target_session_attrs=read-write in the URL")
        ]
      }
      return [Finding(.ok, "database", "reachable: PostgreSQL \(version)")]
    })

  private static let pooler = Check(
    "pooler",
    by: { database in
      let (told, real) = try await database.withConnection { connection in
        (Int64(connection.backendID), try await connection.query("select pg_backend_pid()::bigint").first?.decode(Int64.self, at: 0) ?? 0)
      }
      if told == real { return [Finding(.ok, "pooler", "none between here and PostgreSQL")] }
      if ProcessInfo.processInfo.environment["KEDGE_PREPARED_STATEMENTS"] == "off" {
        return [Finding(.ok, "pooler", "PgBouncer or another is in front, and prepared statements are off")]
      }
      return [
        Finding(
          .warning, "pooler",
          "PgBouncer or another is in front: set KEDGE_PREPARED_STATEMENTS=off for every Kedge process, or give workers a URL of PostgreSQL itself, where LISTEN works"
        )
      ]
    })

  private static let migrations = Check(
    "migrations",
    by: { database in
      do {
        let steps = try await Migrator(database).migrate(dryRun: true)
        if steps.isEmpty { return [Finding(.ok, "migrations", "up to date")] }
        return [Finding(.failed, "migrations", "\(steps.count) are missing, the first is \(steps[0].path); run `kedge migrate`")]
      } catch let error as MigrationError {
        return [Finding(.failed, "migrations", "\(error)")]
      }
    })

  private static let clock = Check(
    "clock",
    by: { database in
      let before = Timestamp.now()
      let server = try await database.query("select clock_timestamp()").first?.decode(Timestamp.self, at: 0) ?? before
      let after = Timestamp.now()
      // What the round trip cannot explain.
      let skew = server < before ? before - server : server > after ? server - after : .zero
      let milliseconds = skew.microseconds / 1000
      if milliseconds > 1000 {
        return [
          Finding(
            .warning, "clock",
            "the database's is \(milliseconds) ms \(server < before ? "behind" : "ahead of") this machine's; synchronise both, e.g. by chrony")
        ]
      }
      return [Finding(.ok, "clock", "agrees with the database's within \(max(1, milliseconds)) ms")]
    })
}
