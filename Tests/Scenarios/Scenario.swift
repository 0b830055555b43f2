import EventLog
import Foundation
import PostgreSQL
import StubServer
import TestSupport
import Testing
import Values

/// A database, a directory with a declared model, and the real `kedge` beside it.
final class Scenario: @unchecked Sendable {
  /// Looks into the database beside the program.
  let client: PostgresClient
  let directory: String
  /// With the database of the scenario, in its directory.
  let program: Program
  private var processes: [Process] = []
  /// Ends what was put beside the scenario when this process ends, however it does.
  private var surroundings: Pipe?
  private let lock = NSLock()

  private init(_ url: String, _ client: PostgresClient, _ environment: [String: String]) throws {
    self.client = client
    directory = NSTemporaryDirectory() + "kedge-scenario-" + UUID().uuidString.prefix(8)
    program = Program(url: url, directory: directory, environment: environment)
    for folder in ["incoming", "labels"] {
      try FileManager.default.createDirectory(atPath: "\(directory)/\(folder)", withIntermediateDirectories: true)
    }
    let models = Bundle.module.resourcePath! + "/Models"
    for name in ["train.py", "evaluate.py"] { try FileManager.default.copyItem(atPath: "\(models)/\(name)", toPath: "\(directory)/\(name)") }
    try write("reference.csv", Scenario.window(rows: 400, seed: 1, labelled: true))
    try write("kedge.yaml", Scenario.declarations)
  }

  /// Each scenario runs workers of its own, and they time out when too many crowd the machine.
  private static let turnstile = Turnstile(3)

  /// Runs `body` with a scenario in a database of its own, and ends its processes.
  static func run(_ body: (Scenario) async throws -> Void) async throws {
    try await run { scenario, _ in try await body(scenario) }
  }

  static func run(_ body: (Scenario, TestDatabase) async throws -> Void) async throws {
    try await turnstile.pass {
      try await withTestDatabase { database in
        try await run(at: database.url, database.client) { try await body($0, database) }
      }
    }
  }

  /// Runs `body` with a scenario in a database that is there, and ends its processes.
  /// - Parameters:
  ///   - client: looks into the same database.
  ///   - environment: of every program, besides ours.
  static func run(at url: String, _ client: PostgresClient, _ environment: [String: String] = [:], _ body: (Scenario) async throws -> Void) async throws {
    let scenario = try Scenario(url, client, environment)
    defer {
      scenario.stopAll()
      try? FileManager.default.removeItem(atPath: scenario.directory)
    }
    try await body(scenario)
  }

  // MARK: the program

  /// Runs a command to its end.
  @discardableResult
  func kedge(_ arguments: String..., as actor: String? = nil) async throws -> Program.Output {
    try await program.run(arguments + (actor.map { ["--as", $0] } ?? []))
  }

  /// Starts a worker.
  /// - Parameter name: what its sessions are called in the database.
  @discardableResult
  func worker(_ roles: String, lease: String = "2s", at url: String? = nil, named name: String? = nil) throws -> Process {
    var program = program
    let name = name ?? String(UUID().uuidString.prefix(8))
    program.environment["KEDGE_SCRATCH"] = "\(directory)/scratch-\(name)"
    program.environment["PGAPPNAME"] = name
    if let url { program.url = url }
    let process = program.process(["worker", "--role", roles, "--lease", lease])
    let log = "\(directory)/worker-\(name).log"
    FileManager.default.createFile(atPath: log, contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: log)
    process.standardError = process.standardOutput
    try process.run()
    lock.withLock { processes.append(process) }
    return process
  }

  /// What the workers wrote.
  func everyLog() -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasPrefix("worker-") }.compactMap { try? String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8) }.joined()
  }

  /// The end of it, for a failure's message.
  func logs() -> String { String(everyLog().suffix(4000)) }

  /// Puts a server of models and a receiver of messages beside the scenario, for its endpoint and a channel, before they are declared.
  func surround() async throws {
    let port = try startServer([Bundle.module.resourcePath! + "/Models/surroundings.py"])
    let declared = Scenario.declarations
      .replacing("{local: {directory: live}}", with: "{local: {directory: live, health: \"http://127.0.0.1:\(port)/\"}}")
      .replacing("severity: warning", with: "severity: warning\nnotify: [hook]")
    try write("kedge.yaml", declared + "\n---\nkind: Channel\nname: hook\nhttp: {url: \"http://127.0.0.1:\(port)/\"}\n")
  }

  /// Starts a receiver of messages that does as the file `mode` says.
  func startReceiver() throws -> String { try startServer([Bundle.module.resourcePath! + "/Models/receiver.py"]) }

  /// Starts the SMTP server of the channels' tests; each mail becomes `mails/N.json`.
  func startMailServer() throws -> String {
    try FileManager.default.createDirectory(atPath: "\(directory)/mails", withIntermediateDirectories: true)
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../IntegrationsTests/mail_server.py").standardized.path()
    return try startServer([script, "\(directory)/mails"], python: ProcessInfo.processInfo.environment["KEDGE_TEST_PYTHON"] ?? "python3")
  }

  /// Starts one of our servers beside the scenario.
  /// - Returns: its port.
  private func startServer(_ arguments: [String], python: String = "python3") throws -> String {
    let server = Program.process("/usr/bin/env", [python, "-B"] + arguments, in: directory)
    let (input, output) = (Pipe(), Pipe())
    server.standardInput = input
    server.standardOutput = output
    try server.run()
    lock.withLock { processes.append(server) }
    surroundings = input
    return output.line() ?? ""
  }

  private func stopAll() {
    try? surroundings?.fileHandleForWriting.close()
    for process in lock.withLock({ processes }) where process.isRunning {
      kill(process.processIdentifier, SIGCONT)
      process.terminate()
    }
    let deadline = Date(timeIntervalSinceNow: 120)
    for process in lock.withLock({ processes }) {
      while process.isRunning, Date() < deadline { usleep(10_000) }
      guard process.isRunning else { continue }
      Issue.record("process \(process.processIdentifier) does not end on SIGTERM: \(logs())")
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  // MARK: the world

  func write(_ name: String, _ text: String) throws {
    let path = "\(directory)/\(name)"
    let folder = (path as NSString).deletingLastPathComponent
    let hidden = "\(folder)/.\((path as NSString).lastPathComponent)"
    try text.write(toFile: hidden, atomically: false, encoding: .utf8)
    guard rename(hidden, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  func read(_ name: String) -> String? { try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8) }

  /// What the endpoint's server would read.
  func traffic() -> JSON? { read("live/traffic.json").flatMap { try? JSON(parsing: $0) } }

  /// One value of the database, as text.
  func value(_ query: Query) async throws -> String? { try await client.query(query).first?.decode(String?.self) }

  /// Waits for a condition, and says what the workers wrote when it does not come.
  func waitFor(_ what: String, within limit: Duration = .seconds(180), _ condition: () async throws -> Bool) async throws {
    let came = try await eventually(within: limit) {
      do {
        return try await condition()
      } catch is ConnectionLost {
        // Of a server that was killed: look again.
        return false
      }
    }
    guard !came else { return }
    let tail = try await client.query(
      "select stream || ' ' || type || ' ' || left(data::text, 200) as line from kedge.event order by number desc limit 25"
    ).map { try $0.decode(String.self) }
    Issue.record("\(what) did not come\nnewest events:\n\(tail.joined(separator: "\n"))\nworkers:\n\(logs())")
    throw CancellationError()
  }

  func waitFor(_ what: String, within limit: Duration = .seconds(180), sql query: Query) async throws {
    try await waitFor(what, within: limit) { try await !client.query(query).isEmpty }
  }

  /// A window as a server writes it: `x` even in 0...1 plus a shift, the answer of a model with this threshold, and, on request, the truth.
  static func window(rows: Int, seed: UInt64, shift: Double = 0, threshold: Double = 0.5, version: String = "", labelled: Bool = false) -> String {
    var random = Seed(seed).makeGenerator()
    let start = Timestamp.now()
    var text = "id,version,at,x,predicted\(labelled ? ",label" : "")\n"
    for row in 0..<rows {
      let x = Double.random(in: 0..<1, using: &random) + shift
      let at = start + .milliseconds(row)
      text += "w\(seed)-\(row),\(version),\(at),\(x),\(x > threshold ? 1 : 0)\(labelled ? ",\(x > 0.5 + shift ? 1 : 0)" : "")\n"
    }
    return text
  }

  /// The truth about such a window.
  static func labels(rows: Int, seed: UInt64, shift: Double = 0) -> String {
    var random = Seed(seed).makeGenerator()
    var text = "id,label\n"
    for row in 0..<rows {
      let x = Double.random(in: 0..<1, using: &random) + shift
      text += "w\(seed)-\(row),\(x > 0.5 + shift ? 1 : 0)\n"
    }
    return text
  }

  // MARK: the log

  /// Appends a note to a stream.
  /// - Returns: its version.
  @discardableResult
  func append(_ stream: String, _ number: Int, key: String? = nil) async throws -> Int64 {
    let note = NewEvent(type: "note_added", data: ["n": .integer(Int64(number))], idempotencyKey: key)
    return try await EventStore(client).append([note], to: StreamName(stream), by: Attribution(actor: "tester"))[0].version
  }

  func count(_ query: Query) async throws -> Int { try await client.query(query, as: Int.self)[0] }

  /// Waits until every event has its position.
  func waitUntilSealed() async throws {
    try await waitFor(
      "sealing", sql: "select 1 where not exists (select from kedge.event e where not exists (select from kedge.log_order o where o.event = e.number))")
  }

  /// Waits until no run is under way and nothing is left to be done but to watch for more.
  func waitUntilDone() async throws {
    try await waitFor(
      "the end of all work", within: .seconds(1200),
      sql: """
        select 1 where not exists (select from kedge.work where kind <> 'watch')
          and not exists (select from kedge.run where state in ('requested', 'running', 'evaluating'))
        """)
  }

  /// That the log is whole, and every read model what the log says.
  func verify() async throws {
    let audit = try await kedge("audit", "verify", "-o", "json")
    #expect(audit.status == 0, "\(audit.out)\(audit.err)")
    #expect(try await count("select count(*) from (select from kedge.event group by stream having count(*) <> max(version) or min(version) <> 1) broken") == 0)
    #expect(try await count("select count(*) from kedge.halted_stream") == 0)
    for name in Scenario.projections {
      let verified = try await kedge("projections", "verify", name)
      #expect(verified.status == 0, "\(name): \(verified.out)\(verified.err)")
    }
  }

  static let projections = ["registry", "monitors", "alerts", "runs", "deployments", "endpoints", "channels", "schedules", "work"]

  // MARK: the story

  /// The first model: retrained, approved, live.
  func goLive() async throws {
    #expect(try await kedge("apply", "-f", "kedge.yaml").status == 0)
    let run = try await kedge("retrain", "toy", "--wait=60s", "-o", "json", as: "dora")
    #expect(run.status == 8, "it waits for an approval now: \(run.err)\(logs())")
    let deployment = try await deployment(of: "toy/1", in: "awaiting_approval")
    let approved = try await kedge("approve", deployment, "--reason", "fine", as: "olga")
    #expect(approved.status == 0, "\(approved.err)")
    try await waitFor("the champion", sql: "select 1 from kedge.alias where model = 'toy' and alias = 'champion' and version = 'toy/1'")
  }

  /// The deployment of a version, once it is in that state.
  func deployment(of version: String, in state: String) async throws -> String {
    try await waitFor("\(version) \(state)", sql: "select 1 from kedge.deployment where version = \(version) and state = \(state)")
    return try await value("select id::text from kedge.deployment where version = \(version) and state = \(state) order by position desc limit 1") ?? ""
  }

  static let declarations = """
    kind: Model
    name: toy
    task: classification
    ---
    kind: Monitor
    name: toy-live
    model: toy
    baseline: {file: reference.csv}
    window:
      files: "incoming/*.csv"
      labels: {files: "labels/*.csv"}
      every: 1s
      minimum_rows: 50
    columns: {id: id, version: version, time: at, prediction: predicted, label: label}
    tests: {default: auto}
    ---
    kind: AlertRule
    name: inputs-drifted
    monitor: toy-live
    when: {metric: drift.share, at_least: 0.5}
    for: 2
    resolve_after: 2
    severity: warning
    ---
    kind: Pipeline
    name: toy-retrain
    model: toy
    trigger: [{alert: inputs-drifted}]
    train: {command: [python3, train.py], directory: ., timeout: 60s, retries: 2}
    evaluate:
      command: [python3, evaluate.py]
      gate:
        - {metric: accuracy, above: 0.9}
        - {metric: accuracy, not_worse_than_champion_by: 0.02}
    deploy: toy-prod
    ---
    kind: Endpoint
    name: toy-prod
    model: toy
    target: {local: {directory: live}}
    rollout:
      approvals: 1
      stages: [{traffic: 50, hold: 200ms}, {traffic: 100, hold: 200ms}]
    rollback: [{metric: accuracy, below_champion_by: 0.05, for: 2}]
    """
}

extension Program.Output {
  /// Standard output as JSON.
  func json() throws -> JSON { try JSON(parsing: out) }
}

/// Carries a value between threads.
final class Box<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: Value?
  var value: Value? {
    get { lock.withLock { stored } }
    set { lock.withLock { stored = newValue } }
  }
}
