import Foundation
import HTTPTransport
import TestSupport
import Testing
import Values

/// `kedge serve`, `token` and `metrics`, as people and machines meet them.
@Suite struct ServeTests {
  @Test func `it says where it serves, serves those who hold a token, and ends well on SIGTERM`() async throws {
    try await World.with { world in
      let token = try await world.program.run("token", "create", "airflow", "--role", "operator", "--reason", "for the nightly jobs", "-o", "json")
      #expect(token.status == 0)
      let secret = try #require(try token.json["token"]?.string)
      #expect(try token.json["id"] == "airflow")
      #expect(try token.json["events"]?[0]?["type"] == "token_created")

      let server = try Service(["serve", "--listen", "127.0.0.1:0", "-o", "json"], database: world.database.url)
      defer { server.end() }
      let url = try await server.url()
      let http = try HTTPClient()
      defer { http.close() }
      let ready = try await http.send(HTTPRequest(.get, url + "/readyz"))
      #expect(ready.status == 200)
      let posted = try await http.send(
        HTTPRequest(
          .post, url + "/v1/measurements", headers: ["Authorization": "Bearer \(secret)"],
          body: Array(
            #"{"monitor": "\#(World.monitor)", "window": {"end_at": "2026-11-23T01:00:00Z"}, "rows": 500, "part": "quality", "metrics": {"accuracy": 0.9}}"#
              .utf8)))
      #expect(posted.status == 201, "\(posted.text)")
      server.signal(SIGTERM)
      #expect(try await server.status() == 0)
      let lines = server.log.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
      #expect(lines.contains { $0["message"] == "serving" && $0["url"]?.string == url })
      #expect(lines.contains { $0["message"] == "measurements posted" && $0["by"] == "token:airflow" && $0["correlation"]?.string != nil })

      let list = try await world.program.run("token", "list", "-o", "json")
      #expect(try list.json.items.map { $0["name"] } == ["airflow"])
      #expect(try list.json.items.first?["used_at"]?.string != nil)
      #expect(!list.output.contains(secret))
    }
  }

  @Test func `tokens are made once, revoked once, and answer with the usual exit codes`() async throws {
    try await World.with { world in
      #expect(try await world.program.run("token", "create", "ci", "--role", "root").status == 2)
      #expect(try await world.program.run("token", "create", "ci", "--role", "viewer", "--expires", "soon").status == 2)
      #expect(try await world.program.run("token", "create", "Not A Name", "--role", "viewer").status == 2)
      let planned = try await world.program.run("token", "create", "ci", "--role", "viewer", "--dry-run")
      #expect(planned.output == "would append token_created to token/ci\n")
      let made = try await world.program.run("token", "create", "ci", "--role", "viewer", "--expires", "90d", "--quiet")
      #expect(made.status == 0)
      #expect(made.output.hasPrefix("kedge_") && made.output.count == 50)
      #expect(made.talk.isEmpty)
      #expect(try await world.program.run("token", "create", "ci", "--role", "viewer").status == 6)
      #expect(try await world.program.run("token", "revoke", "ci").status == 2)
      #expect(try await world.program.run("token", "revoke", "nobody", "--yes").status == 5)
      let revoked = try await world.program.run("token", "revoke", "ci", "--yes", "--reason", "it was in a log")
      #expect(revoked.output == "token ci is revoked\n")
      #expect(try await world.program.run("token", "revoke", "ci", "--yes").output == "token ci was revoked before\n")
      #expect(try await world.program.run("token", "create", "ci", "--role", "viewer").status == 6)
      let list = try await world.program.run("token", "list", "-o", "json")
      #expect(try list.json.items.first?["state"] == "revoked")
      try await world.project()
      let events = try await world.program.run("events", "--stream", "token/ci", "-o", "json")
      #expect(try events.json.items.map { $0["type"] } == ["token_created", "token_revoked", "note_added"])
    }
  }

  @Test func `figures are printed for those who look, and what cannot be pushed is an error`() async throws {
    try await World.with { world in
      try await world.project()
      let metrics = try await world.program.run("metrics")
      #expect(metrics.status == 0)
      #expect(metrics.output.contains("kedge_database_up 1.0\n"))
      #expect(metrics.output.contains("kedge_model_versions{model=\"breast-cancer\"} 0.0\n"))
      #expect(try await world.program.run("metrics", "--openmetrics").output.hasSuffix("# EOF\n"))
      let refused = try await world.program.run("metrics", "--push", "http://user:secret@127.0.0.1:1")
      #expect(refused.status == 1)
      #expect(!refused.talk.contains("secret"))
      #expect(try await world.program.run("metrics", "--every", "1m").status == 2)
      #expect(try await world.program.run("metrics", "--push", "http://x", "--otlp", "http://y").status == 2)
    }
  }

  @Test func `what the environment says wrongly of the log is bad usage`() async throws {
    try await World.with { world in
      for (name, value) in [("KEDGE_LOG_FORMAT", "xml"), ("KEDGE_LOG_LEVEL", "loud")] {
        var program = world.program
        program.environment[name] = value
        let answer = try await program.run("serve", "--listen", "0")
        #expect(answer.status == 2)
        #expect(answer.talk.hasPrefix("kedge: \(name)=\(value): expected "))
      }
      #expect(try await world.program.run("serve", "--listen", "http://x").status == 2)
    }
  }

  @Test func `one correlation id follows a window from its file to the alert and the run that came of it`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    let rows = { (base: Int) in "x\n" + (0..<200).map { "\(base + $0 % 20)\n" }.joined() }
    try folder.write("reference.csv", rows(0))
    try folder.write(
      "kedge.yaml",
      """
      kind: Model
      name: m
      task: regression
      ---
      kind: Monitor
      name: live
      model: m
      baseline: {file: reference.csv}
      window: {files: "in-*.csv", every: 1h, minimum_rows: 10}
      ---
      kind: AlertRule
      name: drifted
      monitor: live
      when: {metric: drift.share, at_least: 0.5}
      for: 1
      ---
      kind: Pipeline
      name: retrain
      model: m
      trigger: [{alert: drifted}]
      train: {command: ["false"], directory: .}
      evaluate: {command: ["true"], gate: [{metric: rmse, below: 1}]}
      """)
    let up = try Service(
      ["up", "--listen", "0", "-o", "json"], directory: folder.path, environment: ["KEDGE_LOG_LEVEL": "info", "KEDGE_LOG_FORMAT": "json"])
    defer { up.end() }
    let url = try await up.url()
    #expect(url.hasPrefix("http://127.0.0.1:"))
    let applied = try await Program(directory: folder.path).run("apply", "-f", "kedge.yaml")
    #expect(applied.status == 0, "\(applied.talk)")
    try folder.write(".in-1.csv", rows(100))
    try FileManager.default.moveItem(atPath: folder.path + "/.in-1.csv", toPath: folder.path + "/in-1.csv")
    var story: [String] = []
    let isTold = try await eventually(within: .seconds(120)) {
      let lines = up.log.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
      guard let id = lines.first(where: { $0["message"] == "window_found" })?["correlation"]?.string else { return false }
      story = lines.filter { $0["correlation"]?.string == id }.compactMap { $0["message"]?.string }
      return story.contains("run_failed")
    }
    #expect(isTold, "\(up.log)")
    for type in ["window_found", "measurement_recorded", "alert_raised", "run_requested", "run_started"] { #expect(story.contains(type), "\(story)") }
    up.signal(SIGTERM)
    #expect(try await up.status() == 0)
  }
}

/// A program that runs on, while a test does.
private final class Service: @unchecked Sendable {
  // Only the test's own task uses it.
  private let process = Process()
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kedge-service-\(UUID().lowercased)")

  init(_ arguments: [String], directory: String? = nil, database: String? = nil, environment: [String: String] = [:]) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["out", "err"] { try Data().write(to: folder.appendingPathComponent(name)) }
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.currentDirectoryURL = directory.map { URL(fileURLWithPath: $0) } ?? folder
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("KEDGE_") }
    variables["KEDGE_DATABASE_URL"] = database
    variables["KEDGE_LOG_FORMAT"] = "json"
    process.environment = variables.merging(environment) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: folder.appendingPathComponent("out"))
    process.standardError = try FileHandle(forWritingTo: folder.appendingPathComponent("err"))
    try process.run()
  }

  var log: String { (try? String(contentsOf: folder.appendingPathComponent("err"), encoding: .utf8)) ?? "" }
  private var output: String { (try? String(contentsOf: folder.appendingPathComponent("out"), encoding: .utf8)) ?? "" }

  /// Waits until it says where it serves.
  func url() async throws -> String {
    let isReady = try await eventually(within: .seconds(120)) { output.hasSuffix("\n") || !process.isRunning }
    #expect(isReady && process.isRunning, "\(log)")
    return try #require(try JSON(parsing: output)["url"]?.string)
  }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits for its end.
  func status() async throws -> Int32 {
    #expect(try await eventually { !process.isRunning })
    return process.isRunning ? -1 : process.terminationStatus
  }

  func end() {
    if process.isRunning { signal(SIGTERM) }
    try? FileManager.default.removeItem(at: folder)
  }
}
