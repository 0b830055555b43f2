import Foundation
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Values

/// Workers that are killed, and workers that are stopped until somebody else has their work and then go on as if nothing had been.
@Suite struct WorkerKillTests {
  /// The work of a role; the projector's is to seal and to follow.
  private static let roles: [(name: String, kinds: [String])] = [
    ("projector", []), ("scheduler", ["watch", "schedule", "deadline"]), ("measurer", ["measure", "join"]), ("trainer", ["train", "evaluate", "compare"]),
    ("deployer", ["traffic"]), ("notifier", ["notify"]),
  ]

  /// A role's worker that runs.
  private struct Worker {
    let name: String
    let process: Process
    var pid: pid_t { process.processIdentifier }
    /// As it stands in leases.
    var holder: String { "\(ProcessInfo.processInfo.hostName):\(pid)" }
  }

  @Test(arguments: [Torture.seed])
  func `workers of every role killed, and stopped beyond their leases, lose no work and complete none twice`(seed: Seed) async throws {
    let strikes = Torture.kills(inEveryRun: 6)
    let rounds = (strikes + WorkerKillTests.roles.count - 1) / WorkerKillTests.roles.count
    var random = seed.makeGenerator()
    try await Cluster.with { cluster in
      try await cluster.withClient { client in
        try await Scenario.run(at: cluster.url, client) { scenario in
          let witness = try await Witness(client)
          try await scenario.surround()
          var number = 0
          func start(_ role: Int) throws -> Worker {
            number += 1
            let name = "\(WorkerKillTests.roles[role].name)-\(number)"
            return Worker(name: name, process: try scenario.worker(WorkerKillTests.roles[role].name, lease: "3s", named: name))
          }
          var workers = try WorkerKillTests.roles.indices.map { try start($0) }
          try await scenario.goLive()
          var atWork = (stopped: 0, killed: 0)
          let load = Load(scenario, seed)
          try await load.run {
            for round in 1...rounds {
              // All roles, in another order each time.
              var successors = workers
              for role in WorkerKillTests.roles.indices.shuffled(using: &random) {
                if try await isAtWork(workers[role], role, client) { atWork.stopped += 1 }
                kill(workers[role].pid, SIGSTOP)
                successors[role] = try start(role)
              }
              for worker in workers { try await scenario.waitFor("the end of what \(worker.name) held") { try await holdsNothing(worker, client) } }
              for worker in workers { kill(worker.pid, SIGCONT) }
              for role in WorkerKillTests.roles.indices.shuffled(using: &random) {
                // One of the two, so that zombies live on as often as they go.
                let (victim, other) = Bool.random(using: &random) ? (workers[role], successors[role]) : (successors[role], workers[role])
                if try await isAtWork(victim, role, client) { atWork.killed += 1 }
                kill(victim.pid, SIGKILL)
                workers[role] = other
              }
              Torture.say("workers stopped and killed: \(round * WorkerKillTests.roles.count) of \(rounds * WorkerKillTests.roles.count) each")
            }
          }
          try await scenario.waitUntilDone()
          let windows = load.windows
          try await scenario.waitFor(
            "\(windows) windows and their labels", within: .seconds(600),
            sql: "select 1 from kedge.event where type = 'measurement_recorded' having count(*) = \(2 * windows)")
          try await scenario.waitUntilDone()
          try await scenario.waitUntilSealed()
          try await scenario.verifyOutcomes()
          let (completed, takenOver) = try await witness.verify()
          #expect(try await scenario.value("select current from kedge.endpoint") == scenario.traffic()?["current"]?["version"]?.string)
          // Sent at least once, each with its own key.
          let sent = try await client.query("select lower(data->>'message') from kedge.event where type = 'message_sent'", as: String.self)
          #expect(Set(sent).isSubset(of: Set((scenario.read("messages") ?? "").split(separator: "\n").map(String.init))))
          try await scenario.verify()
          let runs = try await scenario.count("select count(*) from kedge.run")
          let refused = scenario.everyLog().components(separatedBy: "lease was lost").count - 1
          Torture.say(
            """
            = workers stopped beyond their leases \(rounds * WorkerKillTests.roles.count) times (\(atWork.stopped) while they held work) and killed as often \
            (\(atWork.killed)) in every role (\(seed)): \(completed) pieces of work completed once each, \(takenOver) taken over, \(refused) leases lost by zombies, \
            none completed by a zombie; \(windows) windows, \(runs) runs, \(sent.count) messages
            """)
        }
      }
    }
  }

  /// Waits a while for the worker to hold work of its role: most strikes should hit it in the middle of something.
  private func isAtWork(_ worker: Worker, _ role: Int, _ client: PostgresClient) async throws -> Bool {
    let kinds = WorkerKillTests.roles[role].kinds
    return try await eventually(within: .seconds(10)) {
      kinds.isEmpty
        ? try await !client.query("select 1 from kedge.follower where holder = \(worker.holder) and expires_at > clock_timestamp()").isEmpty
        : try await !client.query(
          "select 1 from kedge.lease where holder = \(worker.holder) and kind = any(\(kinds)) and not done and expires_at > clock_timestamp()"
        ).isEmpty
    }
  }

  /// Whether everything it held has run out.
  private func holdsNothing(_ worker: Worker, _ client: PostgresClient) async throws -> Bool {
    try await client.query(
      """
      select 1 where not exists (select from kedge.lease where holder = \(worker.holder) and not done and expires_at > clock_timestamp())
        and not exists (select from kedge.follower where holder = \(worker.holder) and expires_at > clock_timestamp())
        and not exists (select from kedge.duty where holder = \(worker.holder) and expires_at > clock_timestamp())
      """
    ).isEmpty == false
  }
}

/// What goes on in the world meanwhile: windows, half of them shifted, their labels, people who ask for runs and approve.
private final class Load: Sendable {
  private let scenario: Scenario
  private let seed: Seed
  private let isOver = Mutex(false)
  private let count = Mutex(0)

  init(_ scenario: Scenario, _ seed: Seed) { (self.scenario, self.seed) = (scenario, seed) }

  /// How many there have been.
  var windows: Int { count.withLock { $0 } }

  func run(_ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.makeWindows() }
      group.addTask { try await self.act() }
      do {
        try await body()
        isOver.withLock { $0 = true }
        try await group.waitForAll()
      } catch {
        isOver.withLock { $0 = true }
        group.cancelAll()
        throw error
      }
    }
  }

  private func makeWindows() async throws {
    while !isOver.withLock({ $0 }) {
      let number = windows
      let shift = number / 4 % 2 == 1 ? 0.4 : 0
      try scenario.write(
        "incoming/w\(number).csv", Scenario.window(rows: 300, seed: seed.value &* 10_000 &+ UInt64(number), shift: shift, version: "toy/1"))
      try scenario.write("labels/w\(number).csv", Scenario.labels(rows: 300, seed: seed.value &* 10_000 &+ UInt64(number), shift: shift))
      count.withLock { $0 += 1 }
      // Each file of labels is joined with all windows that there are: not too many of them in the long form.
      try await Task.sleep(for: .seconds(number < 30 ? 1 : 8))
    }
  }

  /// Dora asks for runs, Olga approves whatever waits; what has changed meanwhile is refused, and that is all right.
  private func act() async throws {
    while !isOver.withLock({ $0 }) {
      if try await scenario.count("select count(*) from kedge.run where state in ('requested', 'running', 'evaluating')") < 2 {
        try await scenario.kedge("retrain", "toy", "--parameter", "seconds=1", as: "dora")
      }
      if let waiting = try await scenario.value("select id::text from kedge.deployment where state = 'awaiting_approval' limit 1") {
        try await scenario.kedge("approve", waiting, "--reason", "go on", as: "olga")
      }
      try await Task.sleep(for: .seconds(1))
    }
  }
}
