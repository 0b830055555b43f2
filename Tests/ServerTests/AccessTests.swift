import EventLog
import Foundation
import HTTPTransport
import Logging
import PostgreSQL
import Server
import TestSupport
import Testing
import Values

@Suite struct AccessTests {
  @Test func `health, readiness and, on loopback, metrics are open; all else needs a token`() async throws {
    try await Served.with { served in
      for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = try await served.get(path)
        #expect(answer.status == 200)
      }
      #expect(try await served.get("/healthz").json == ["healthy": true])
      #expect(try await served.get("/readyz").json == ["ready": true, "reason": nil])
      let refused = try await served.get("/v1/events")
      #expect(refused.status == 401)
      #expect(refused.headers["WWW-Authenticate"] == "Bearer")
      #expect(refused.headers["Content-Type"] == "application/problem+json")
      #expect(try refused.json["title"] == "Unauthorized")
      #expect(try refused.json["request_id"]?.string == refused.headers["X-Request-Id"])
      #expect(try await served.post("/v1/measurements", "{}").status == 401)
      let wrong = try await served.post("/healthz", "")
      #expect(wrong.status == 405)
      #expect(wrong.headers["Allow"] == "GET")
      let nothing = try await served.get("/v1/nothing")
      #expect(nothing.status == 404)
      #expect(try nothing.json["status"] == 404)
    }
  }

  @Test func `metrics need a token where they are told to`() async throws {
    try await Served.with({ $0.metricsNeedToken = true }) { served in
      #expect(try await served.get("/metrics").status == 401)
      let token = try await served.token(.viewer)
      #expect(try await served.get("/metrics", token: token).status == 200)
    }
  }

  @Test func `a token may do what its role may and no more`() async throws {
    try await Served.with { served in
      for role in TokenRole.allCases {
        let token = try await served.token(role)
        #expect(try await served.get("/v1/events", token: token).status == 200)
        let post = try await served.post("/v1/measurements", "[]", token: token)
        #expect(post.status == (role == .viewer ? 403 : 422))
      }
      let refused = try await served.post("/v1/measurements", "[]", token: try await served.token(.viewer, "other"))
      #expect(try refused.json["detail"] == "token other has the role viewer, and this needs operator")
    }
  }

  @Test func `a token that is revoked, too old or mistyped is refused`() async throws {
    try await Served.with { served in
      let old = try await served.token(.admin, "old", expiresAt: Timestamp.now() - .seconds(1))
      #expect(try await served.get("/v1/events", token: old).status == 401)
      let good = try await served.token(.admin, "good", expiresAt: Timestamp.now() + .seconds(3600))
      #expect(try await served.get("/v1/events", token: good).status == 200)
      #expect(try await served.get("/v1/events", token: good + "x").status == 401)
      try await served.database.client.withTransaction { _ = try await TokenStore($0).revoke("good", by: Attribution(actor: "alice")) }
      let refused = try await served.get("/v1/events", token: good)
      #expect(refused.status == 401)
      #expect(refused.headers["WWW-Authenticate"] == "Bearer error=\"invalid_token\"")
      #expect(try await served.get("/v1/events", token: "").status == 401)
    }
  }

  @Test func `the token itself is kept nowhere, and its making and end stand in the log`() async throws {
    try await withTestDatabase { database in
      let token = try await database.client.withTransaction {
        try await TokenStore($0).create("ci", role: .operator, expiresAt: nil, by: Attribution(actor: "alice")).token
      }
      #expect(token.hasPrefix("kedge_") && token.count == 49)
      let kept = try await database.client.query(
        "select row_to_json(t)::text || coalesce((select string_agg(data::text, '') from kedge.event), '') from kedge.api_token t"
      )
      .first?.decode(String.self, at: 0)
      #expect(kept?.contains(token.dropFirst(6)) == false)
      await #expect(throws: (any Error).self) {
        try await database.client.withTransaction { _ = try await TokenStore($0).create("ci", role: .viewer, expiresAt: nil, by: Attribution(actor: "bob")) }
      }
      let events = try await database.client.withTransaction { try await TokenStore($0).revoke("ci", by: Attribution(actor: "bob")) }
      #expect(events.map(\.version) == [2])
      let again = try await database.client.withTransaction { try await TokenStore($0).revoke("ci", by: Attribution(actor: "bob")) }
      #expect(again.isEmpty)
      let log = try await database.client.query(
        "select type::text, actor::text from kedge.event where stream = 'token/ci' order by version", as: String.self, String.self)
      #expect(log.map(\.0) == ["token_created", "token_revoked"])
      #expect(log.map(\.1) == ["alice", "bob"])
    }
  }

  @Test(arguments: ["kedge_app", "kedge_auditor"])
  func `only the server's role reads or makes tokens`(role: String) async throws {
    try await withTestDatabase { database in
      let client = try await database.makeClient(memberOf: role)
      await #expect(throws: (any Error).self) { try await TokenStore(client).list() }
      await #expect(throws: (any Error).self) {
        try await client.withTransaction { _ = try await TokenStore($0).create("ci", role: .admin, expiresAt: nil, by: Attribution(actor: "eve")) }
      }
    }
  }

  @Test func `who asks too often is told when to come back, and others are not`() async throws {
    try await Served.with({
      $0.burst = 3; $0.requestsPerSecond = 0.001
    }) { served in
      let (one, other) = (try await served.token(.viewer, "one"), try await served.token(.viewer, "other"))
      for _ in 0..<3 {
        let answer = try await served.get("/v1/events", token: one)
        #expect(answer.status == 200)
      }
      let refused = try await served.get("/v1/events", token: one)
      #expect(refused.status == 429)
      #expect(refused.headers["Retry-After"].flatMap { Int($0) } ?? 0 > 0)
      #expect(try await served.get("/v1/events", token: other).status == 200)
      for _ in 0..<10 {
        let answer = try await served.get("/healthz")
        #expect(answer.status == 200)
      }
    }
  }

  @Test func `a body that is too long is refused`() async throws {
    try await Served.with({ $0.maximumBodyBytes = 1000 }) { served in
      let refused = try await served.post("/v1/measurements", String(repeating: " ", count: 2000), token: try await served.token(.operator))
      #expect(refused.status == 413)
      #expect(try refused.json["status"] == 413)
    }
  }

  @Test func `an address that is taken is an error that names it`() async throws {
    try await Served.with { served in
      let port = try #require(served.url.split(separator: ":").last.flatMap { Int($0) })
      await #expect(throws: ServerError.self) {
        try await APIServer(database: served.database.client, version: "1", options: ServerOptions(port: port), logger: .init(label: "test")).run()
      }
    }
  }
}
