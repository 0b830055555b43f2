internal import Foundation
internal import Logging
public import PostgreSQL

/// A database of one test on the server of `KEDGE_TEST_DATABASE_URL`: a clone of a template that is migrated once per run.
public final class TestDatabase: Sendable {
  /// What is in the database when the test begins.
  public enum Content: Sendable {
    /// Nothing: for tests of the migrations themselves, and of what needs no tables.
    case empty
    /// All migrations.
    case migrated
  }

  public let name: String
  /// As the superuser.
  public let url: String
  /// As the superuser.
  public let client: PostgresClient
  private let opened = Opened()

  private init(name: String, url: String, options: PostgresOptions) {
    self.name = name
    self.url = url
    client = PostgresClient(url, options: options, logger: TestServer.logger)
  }

  /// Makes a database. `withTestDatabase` also drops it; who calls this has to.
  public static func make(_ content: Content = .migrated, options: PostgresOptions = PostgresOptions()) async throws -> TestDatabase {
    let server = try TestServer.shared.get()
    let name = try await server.create(content)
    return TestDatabase(name: name, url: try server.url(database: name), options: options)
  }

  /// A client of the server's own database, for what needs no tables. Shared: do not close it, and leave nothing in there.
  public static func serverClient() throws -> PostgresClient { try TestServer.shared.get().client }

  /// The URL of this database for another role. The role has to be allowed to log in.
  public func url(as role: String) throws -> String { try TestServer.shared.get().url(database: name, role: role) }

  /// Another client, closed with the database.
  public func makeClient(options: PostgresOptions = PostgresOptions()) -> PostgresClient {
    let client = PostgresClient(url, options: options, logger: TestServer.logger)
    opened.add(client)
    return client
  }

  /// A client of a fresh login role that is a member of `role`, as a person or service would be: closed and dropped with the database.
  public func makeClient(memberOf role: String, options: PostgresOptions = PostgresOptions()) async throws -> PostgresClient {
    let login = "\(name)_\(role)_\(opened.nextNumber())"
    let server = try TestServer.shared.get()
    try await server.admin.execute(
      unsafeScript: "CREATE ROLE \(quoted(login)) LOGIN IN ROLE \(quoted(role))", name: "create login role")
    opened.add(role: login)
    let client = PostgresClient(try server.url(database: name, role: login), options: options, logger: TestServer.logger)
    opened.add(client)
    return client
  }

  /// Closes its clients and drops it.
  public func drop() async {
    await client.close()
    let (clients, roles) = opened.take()
    for client in clients { await client.close() }
    guard let server = try? TestServer.shared.get() else { return }
    do {
      try await server.admin.execute(unsafeScript: "DROP DATABASE IF EXISTS \(quoted(name)) WITH (FORCE)", name: "drop test database")
      for role in roles { try await server.admin.execute(unsafeScript: "DROP ROLE \(quoted(role))", name: "drop login role") }
    } catch {
      TestServer.logger.warning("test database \(name) is left behind: \(error)")
    }
  }

  /// What the test opened besides.
  private final class Opened: @unchecked Sendable {
    private let lock = NSLock()
    private var clients: [PostgresClient] = []
    private var roles: [String] = []
    private var count = 0

    func add(_ client: PostgresClient) { lock.withLock { clients.append(client) } }
    func add(role: String) { lock.withLock { roles.append(role) } }

    func nextNumber() -> Int {
      lock.withLock {
        count += 1
        return count
      }
    }

    func take() -> ([PostgresClient], [String]) {
      lock.withLock {
        defer { (clients, roles) = ([], []) }
        return (clients, roles)
      }
    }
  }
}

/// Runs `body` with a database of its own, and drops it afterwards.
public func withTestDatabase<Result>(
  _ content: TestDatabase.Content = .migrated, options: PostgresOptions = PostgresOptions(), _ body: (TestDatabase) async throws -> Result
) async throws -> Result {
  try await databases.pass {
    let database = try await TestDatabase.make(content, options: options)
    do {
      let result = try await body(database)
      await database.drop()
      return result
    } catch {
      await database.drop()
      throw error
    }
  }
}

/// Databases at a time.
private let databases = Turnstile(12)

/// An SQL identifier.
func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
