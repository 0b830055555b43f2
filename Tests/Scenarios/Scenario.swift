import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// A database, a directory with a declared model, and the real `kedge` beside it.
final class Scenario: @unchecked Sendable {
  let database: TestDatabase
  let directory: String
  private var processes: [Process] = []
  private let lock = NSLock()

  /// What a command printed, and its exit code.
  struct Output: Sendable {
    let status: Int32
    let out: String
    let err: String

    /// Standard output as JSON.
    func json() throws -> JSON { try JSON(parsing: out) }
  }

  private init(_ database: TestDatabase) throws {
    self.database = database
    directory = NSTemporaryDirectory() + "kedge-scenario-" + UUID().uuidString.prefix(8)
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

  /// Runs `body` with a scenario, whose processes are ended afterwards.
  static func run(_ body: (Scenario) async throws -> Void) async throws {
    try await turnstile.pass {
      try await withTestDatabase { database in
        let scenario = try Scenario(database)
        defer {
          scenario.stopAll()
          try? FileManager.default.removeItem(atPath: scenario.directory)
        }
        try await body(scenario)
      }
    }
  }

  // MARK: the program

  /// The built `kedge`, beside the tests.
  static let program: String = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent("kedge").path
      if FileManager.default.isExecutableFile(atPath: candidate), !candidate.hasSuffix(".xctest") { return candidate }
      folder.deleteLastPathComponent()
    }
    return "kedge"
  }()

  private func process(_ arguments: [String], _ environment: [String: String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Scenario.program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.environment = ProcessInfo.processInfo.environment.merging(["KEDGE_DATABASE_URL": database.url]) { $1 }.merging(environment) { $1 }
    return process
  }

  /// Runs a command to its end.
  @discardableResult
  func kedge(_ arguments: String..., as actor: String? = nil) async throws -> Output {
    let process = process(arguments + (actor.map { ["--as", $0] } ?? []), [:])
    let (out, err) = (Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = err
    process.standardInput = FileHandle.nullDevice
    return try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        do {
          try process.run()
          let errors = Box<Data>()
          let reader = Thread { errors.value = err.fileHandleForReading.readDataToEndOfFile() }
          reader.start()
          let text = out.fileHandleForReading.readDataToEndOfFile()
          process.waitUntilExit()
          while errors.value == nil { usleep(1000) }
          continuation.resume(
            returning: Output(
              status: process.terminationStatus, out: String(decoding: text, as: UTF8.self), err: String(decoding: errors.value!, as: UTF8.self)))
        } catch {
          continuation.resume(throwing: error)
        }
      }
    }
  }

  /// Starts a worker.
  @discardableResult
  func worker(_ roles: String, lease: String = "2s", as role: String? = nil) throws -> Process {
    var environment = ["KEDGE_SCRATCH": directory + "/scratch-" + UUID().uuidString.prefix(4)]
    if let role { environment["KEDGE_DATABASE_URL"] = try database.url(as: role) }
    let process = process(["worker", "--role", roles, "--lease", lease], environment)
    let log = "\(directory)/worker-\(UUID().uuidString.prefix(4)).log"
    FileManager.default.createFile(atPath: log, contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: log)
    process.standardError = process.standardOutput
    try process.run()
    lock.withLock { processes.append(process) }
    return process
  }

  /// What the workers wrote, for a failure's message.
  func logs() -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasPrefix("worker-") }.compactMap { try? String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8) }.joined().suffix(4000)
      .description
  }

  private func stopAll() {
    for process in lock.withLock({ processes }) where process.isRunning {
      kill(process.processIdentifier, SIGCONT)
      process.terminate()
    }
    for process in lock.withLock({ processes }) { process.waitUntilExit() }
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
  func value(_ query: Query) async throws -> String? { try await database.client.query(query).first?.decode(String?.self) }

  /// Waits for a condition, and says what the workers wrote when it does not come.
  func waitFor(_ what: String, within limit: Duration = .seconds(40), _ condition: () async throws -> Bool) async throws {
    let came = try await eventually(within: limit, condition)
    guard !came else { return }
    let tail = try await database.client.query(
      "select stream || ' ' || type || ' ' || left(data::text, 200) as line from kedge.event order by number desc limit 25"
    ).map { try $0.decode(String.self) }
    Issue.record("\(what) did not come\nnewest events:\n\(tail.joined(separator: "\n"))\nworkers:\n\(logs())")
    throw CancellationError()
  }

  func waitFor(_ what: String, within limit: Duration = .seconds(40), sql query: Query) async throws {
    try await waitFor(what, within: limit) { try await !database.client.query(query).isEmpty }
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

/// Carries a value between threads.
final class Box<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: Value?
  var value: Value? {
    get { lock.withLock { stored } }
    set { lock.withLock { stored = newValue } }
  }
}
