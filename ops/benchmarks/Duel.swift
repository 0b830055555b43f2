internal import Foundation
internal import PostgreSQL
internal import Values

/// Two pgbenches on one server that work in turns of half a second: what else happens on the machine meets both alike. Their
/// connections stay, so that neither is measured while its server processes make their plans.
struct Duel {
  let arguments: Bench.Arguments
  let client: PostgresClient

  /// One of the two.
  struct Side {
    /// Of pgbench.
    let script: String
    /// What the script has as `:name`, sent as parameters.
    let variables: [String: String]
    /// The sequence that each event draws from; how far it went is what was done.
    let sequence: String
    /// Nil is the database of the client.
    var client: PostgresClient?
    var database = "postgres"
  }

  struct Outcome {
    /// Events per second in each turn.
    var ours: [Double] = []
    var peer: [Double] = []
    /// The median over the turns of what ours is of the other's, next to each other in time.
    var ratio: Double { zip(ours, peer).map { $1 > 0 ? $0 / $1 : 0 }.median }
  }

  private static let turn = Duration.milliseconds(500)
  /// For what is under way when a side is stopped.
  private static let ending = Duration.milliseconds(20)
  /// Until every connection has its plans.
  private static let warmUp = 1000

  func run(_ ours: Side, _ peer: Side, writers: Int, turns: Int, eventsEach: Int = 1) async throws -> Outcome {
    var outcome = Outcome()
    let mine = try start(ours, "ours", writers)
    defer { end(mine) }
    try await warm(mine, ours, events: writers * Duel.warmUp)
    let theirs = try start(peer, "peer", writers)
    defer { end(theirs) }
    try await warm(theirs, peer, events: writers * Duel.warmUp)
    for turn in 0..<turns {
      // Whoever is first changes too.
      if turn % 2 == 0 { outcome.peer.append(try await rate(theirs, peer)) }
      outcome.ours.append(try await rate(mine, ours))
      if turn % 2 == 1 { outcome.peer.append(try await rate(theirs, peer)) }
    }
    return outcome
  }

  private func start(_ side: Side, _ name: String, _ writers: Int) throws -> Process {
    let file = "\(arguments.scratch)/\(name).sql"
    try side.script.write(toFile: file, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments.pgbench)
    process.arguments =
      ["-h", arguments.socket, "-U", "kedge_owner", "-n", "-M", "prepared", "-c", "\(writers)", "-j", "\(min(2, writers))", "-T", "600", "-f", file]
      + side.variables.sorted { $0.key < $1.key }.flatMap { ["-D", "\($0.key)=\($0.value)"] } + [side.database]
    let errors = "\(arguments.scratch)/\(name).err"
    FileManager.default.createFile(atPath: errors, contents: nil)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: errors)
    try Bench.withSignals { try process.run() }
    // One that is stopped outlives whoever waits for it: ops/bench ends those that stand here.
    try? "\(process.processIdentifier)\n".write(toFile: "\(arguments.scratch)/\(name).pid", atomically: true, encoding: .utf8)
    return process
  }

  private func end(_ process: Process) {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    for name in ["ours", "peer"] { try? FileManager.default.removeItem(atPath: "\(arguments.scratch)/\(name).pid") }
  }

  private func warm(_ process: Process, _ side: Side, events: Int) async throws {
    let (deadline, first) = (ContinuousClock.now + .seconds(60), try await count(side))
    while try await count(side) < first + events, ContinuousClock.now < deadline {
      guard process.isRunning else {
        let complaints = (try? String(contentsOfFile: "\(arguments.scratch)/ours.err", encoding: .utf8)) ?? ""
        let others = (try? String(contentsOfFile: "\(arguments.scratch)/peer.err", encoding: .utf8)) ?? ""
        throw LogBenchmark.Failed(what: "pgbench ended: \(complaints.suffix(400)) \(others.suffix(400))")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    kill(process.processIdentifier, SIGSTOP)
    try await Task.sleep(for: Duel.ending)
  }

  private func rate(_ process: Process, _ side: Side) async throws -> Double {
    let (before, began) = (try await count(side), ContinuousClock.now)
    kill(process.processIdentifier, SIGCONT)
    try await Task.sleep(for: Duel.turn)
    kill(process.processIdentifier, SIGSTOP)
    try await Task.sleep(for: Duel.ending)
    return Double(try await count(side) - before) / (ContinuousClock.now - began).inSeconds
  }

  private func count(_ side: Side) async throws -> Int {
    try await (side.client ?? client).query("select last_value from \(unsafeSQL: side.sequence)", as: Int.self)[0]
  }
}
