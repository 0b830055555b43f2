import EventLog
import Foundation
import HTTPTransport
import Lifecycle
import Logging
import PostgreSQL
import Projections
import Server
import Synchronization
import TestSupport
import Testing
import Values

/// A server of one test, on a database of its own, as a member of `kedge_server` that may do nothing else.
struct Served: Sendable {
  let database: TestDatabase
  let url: String
  let http: HTTPClient

  /// Runs `body` while the API is served; afterwards the server has ended well.
  static func with(_ adjust: (inout ServerOptions) -> Void = { _ in }, _ body: @escaping @Sendable (Served) async throws -> Void) async throws {
    var options = ServerOptions(host: "127.0.0.1", port: 0)
    options.burst = 10_000
    options.grace = .seconds(30)
    adjust(&options)
    let chosen = options
    try await withTestDatabase { database in
      let client = try await database.makeClient(memberOf: "kedge_server")
      let http = try HTTPClient()
      defer { http.close() }
      let address = AsyncStream<String>.makeStream()
      let server = Task {
        defer { address.continuation.finish() }
        try await APIServer(database: client, version: "1.2.3", options: chosen, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }).run { url in
          address.continuation.yield(url)
        }
      }
      var addresses = address.stream.makeAsyncIterator()
      guard let url = await addresses.next() else { return try await server.value }
      do {
        try await body(Served(database: database, url: url, http: http))
      } catch {
        server.cancel()
        _ = await server.result
        throw error
      }
      server.cancel()
      try await server.value
    }
  }

  struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    var json: JSON {
      get throws { try JSON(parsing: text) }
    }
  }

  func get(_ path: String, token: String? = nil, accept: String? = nil) async throws -> Answer {
    var headers: HTTPHeaders = [:]
    if let token { headers["Authorization"] = "Bearer \(token)" }
    if let accept { headers["Accept"] = accept }
    return try await send(HTTPRequest(.get, url + path, headers: headers, timeout: .seconds(60)))
  }

  func post(_ path: String, _ body: String, token: String? = nil, headers more: HTTPHeaders = [:]) async throws -> Answer {
    var headers = more
    headers["Content-Type"] = "application/json"
    if let token { headers["Authorization"] = "Bearer \(token)" }
    return try await send(HTTPRequest(.post, url + path, headers: headers, body: Array(body.utf8), timeout: .seconds(60)))
  }

  /// Whether another stream of events is refused; one that is not ends with this request.
  func isFull(_ token: String) async throws -> Bool {
    do {
      return try await send(
        HTTPRequest(.get, url + "/v1/events", headers: ["Authorization": "Bearer \(token)", "Accept": "text/event-stream"], timeout: .milliseconds(500))
      ).status == 503
    } catch is HTTPError {
      return false
    }
  }

  private func send(_ request: HTTPRequest) async throws -> Answer {
    let response = try await http.send(request)
    return Answer(status: response.status, headers: response.headers, text: String(decoding: response.body, as: UTF8.self))
  }

  /// Makes a token of that role.
  func token(_ role: TokenRole, _ name: String? = nil, expiresAt: Timestamp? = nil) async throws -> String {
    try await database.client.withTransaction {
      try await TokenStore($0).create(name ?? role.rawValue, role: role, expiresAt: expiresAt, by: Attribution(actor: "alice")).token
    }
  }

  /// Appends facts to a stream.
  @discardableResult
  func append(_ facts: [Fact], _ stream: String, because cause: UUID? = nil) async throws -> [UUID] {
    let events = try facts.map { NewEvent(type: $0.type, schema: $0.schema, data: try $0.data()) }
    return try await EventStore(database.client).append(events, to: StreamName(stream), by: Attribution(actor: "kedge/test", causation: cause)).map(\.id)
  }

  /// A monitor whose windows others measure, and a rule on it.
  func declare(_ monitor: String = "live", driftShare: Double? = nil, minimumRows: Int = 100) async throws {
    try await append(
      [
        .monitorDefined(
          MonitorSpecification(
            name: monitor, model: "churn", window: MonitorWindow(source: .measurements, minimumRows: minimumRows), tests: MonitorTests(driftShare: driftShare)))
      ], "monitor/\(monitor)")
    try await append(
      [.ruleDefined(AlertRuleSpecification(name: "\(monitor)-drift", monitor: monitor, when: AlertCondition(metric: "drift.share", .atLeast(0.3)), for: 2))],
      "rule/\(monitor)-drift")
  }

  /// Seals, and lets projections and policies take in everything.
  func follow() async throws {
    try await FollowerRunner(allFollowers(), on: database.client, holder: "test", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }).catchUp()
  }
}
