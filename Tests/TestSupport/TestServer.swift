import Foundation
import Logging
import PostgreSQL

/// The server on which the tests make their databases.
final class TestServer: Sendable {
  static let shared = Result<TestServer, any Error> { try TestServer() }
  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// There is no server.
  struct Missing: Error, CustomStringConvertible {
    var description: String {
      "KEDGE_TEST_DATABASE_URL is not set: run the tests with ops/test, which starts a throw-away server, or set it to a superuser's URL"
    }
  }

  /// Makes and drops databases, a few at a time.
  let admin: PostgresClient
  /// For the tests themselves.
  let client: PostgresClient
  private let url: String
  private let template: Template

  private init() throws {
    guard let url = ProcessInfo.processInfo.environment["KEDGE_TEST_DATABASE_URL"], !url.isEmpty else { throw Missing() }
    self.url = url
    var options = PostgresOptions()
    options.maximumConnections = 4
    // A whole run's tests may queue here at once, on a machine that does other things besides.
    options.acquireTimeout = .seconds(600)
    admin = PostgresClient(url, options: options, logger: TestServer.logger)
    options.maximumConnections = 8
    client = PostgresClient(url, options: options, logger: TestServer.logger)
    template = Template(admin: admin)
  }

  /// Creates a database under a fresh name.
  func create(_ content: TestDatabase.Content) async throws -> String {
    let name = TestServer.freshName("test")
    let source = content == .empty ? "template0" : try await template.ready { [self] in try url(database: $0) }
    try await admin.execute(unsafeScript: "CREATE DATABASE \(quoted(name)) TEMPLATE \(quoted(source))", name: "create test database")
    return name
  }

  /// The URL with another database and, if given, another role.
  func url(database: String, role: String? = nil) throws -> String {
    guard var components = URLComponents(string: url) else { throw Missing() }
    components.path = "/" + database
    if let role {
      var items = (components.queryItems ?? []).filter { $0.name != "user" && $0.name != "password" }
      items.append(URLQueryItem(name: "user", value: role))
      components.queryItems = items
      components.user = nil
      components.password = nil
    }
    return components.string ?? url
  }

  /// A name that no other test, process or run has.
  static func freshName(_ kind: String) -> String {
    "kedge_\(kind)_\(ProcessInfo.processInfo.processIdentifier)_" + UUID().uuidString.prefix(13).lowercased().replacing("-", with: "")
  }
}

/// The migrated database that is cloned for each test: made by the first that asks.
private actor Template {
  private let admin: PostgresClient
  private var making: Task<String, any Error>?

  init(admin: PostgresClient) { self.admin = admin }

  /// Its name, when it is migrated and nobody is connected to it.
  func ready(_ url: @escaping @Sendable (String) throws -> String) async throws -> String {
    if let making { return try await making.value }
    let making = Task { [admin] in
      let name = TestServer.freshName("template")
      try await admin.execute(unsafeScript: "CREATE DATABASE \(quoted(name)) TEMPLATE template0", name: "create template database")
      let client = PostgresClient(try url(name), logger: TestServer.logger)
      do {
        try await migrate(client)
        await client.close()
      } catch {
        await client.close()
        throw error
      }
      return name
    }
    self.making = making
    return try await making.value
  }
}
