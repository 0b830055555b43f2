import EventLog
import Foundation
import Lifecycle
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Values

/// Messages about alerts that come and go while those who decide on them and those who send them are killed.
@Suite struct MessageKillTests {
  private static let monitors = 6

  @Test(arguments: [Torture.seed])
  func `every message of an alert arrives, in order, while projector and notifier are killed and answers are cut off`(seed: Seed) async throws {
    let strikes = Torture.kills(inEveryRun: 8)
    try await Scenario.run { scenario in
      try await scenario.receiver(named: "hook")
      try scenario.write("mode", "random")
      try scenario.write("kedge.yaml", MessageKillTests.declarations)
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      let world = World(scenario, seed)
      let killed = try await world.run { try await MessageKillTests.strike(strikes, seed, scenario) }
      try scenario.write("mode", "ok")
      try await scenario.waitFor(
        "projector and notifier to be done", within: .seconds(600),
        sql: """
          select 1 from kedge.follower f, (select max(position) as newest from kedge.log_order) l
          where f.name in ('alerting', 'notifying', 'work', 'alerts') having min(f.position) >= max(l.newest)
            and not exists (select from kedge.event e where not exists (select from kedge.log_order o where o.event = e.number))
            and not exists (select from kedge.work where kind = 'notify') and not exists (select from kedge.alert where state = 'firing')
          """)

      try await judge(Outcome(scenario), strikes: strikes, notifiersKilled: killed["notifier", default: 0])
      try await scenario.verify()
      Torture.say(
        "= projectors killed \(killed["projector", default: 0]) times and notifiers \(killed["notifier", default: 0]) times while "
          + "\(world.measurements) measurements let alerts come and go (\(seed)): \(try await Outcome(scenario))")
    }
  }

  private func judge(_ outcome: Outcome, strikes: Int, notifiersKilled: Int) {
    #expect(outcome.requested.count >= strikes)
    #expect(outcome.lost.isEmpty)
    #expect(outcome.unknown.isEmpty, "nobody asked for them")
    #expect(outcome.copiesAreEqual)
    #expect(outcome.arrived == outcome.inOrder)
    // A notifier sends four at a time.
    #expect(outcome.repeats <= outcome.cut + 4 * notifiersKilled, "\(outcome)")
  }

  /// Kills two projectors and two notifiers at random, and starts others.
  /// - Returns: by role, how often.
  private static func strike(_ strikes: Int, _ seed: Seed, _ scenario: Scenario) async throws -> [String: Int] {
    var random = seed.makeGenerator()
    var workers = try ["projector", "notifier", "projector", "notifier"].map { role in (role: role, process: try scenario.worker(role, lease: "3s")) }
    var killed = ["projector": 0, "notifier": 0]
    for strike in 1...strikes {
      // A hundred kills take ten minutes.
      try await Task.sleep(for: .milliseconds(Int.random(in: strikes < 50 ? 200...1500 : 500...11_500, using: &random)))
      let index = workers.indices.randomElement(using: &random)!
      kill(workers[index].process.processIdentifier, SIGKILL)
      let role = workers[index].role
      killed[role, default: 0] += 1
      workers[index].process = try scenario.worker(role, lease: "3s")
      Torture.say("messengers killed: \(strike) of \(strikes)")
    }
    return killed
  }

  /// What was asked for, and what the receiver took.
  private struct Outcome: CustomStringConvertible {
    /// In the order in which they were asked for.
    let requested: [(message: String, alert: String)]
    /// Told with a newer one, about to be sent when they waited.
    let folded: Set<String>
    private let lines: [JSON]
    /// What came, by key.
    private let copies: [String: [JSON]]

    init(_ scenario: Scenario) async throws {
      let rows = try await scenario.client.query(
        "select lower(data->>'message'), data->>'alert' from kedge.event where type = 'message_requested' order by stream, version", as: String.self,
        String.self)
      requested = rows.map { (message: $0.0, alert: $0.1) }
      folded = Set(
        try await scenario.client.query("select lower(data->>'message') from kedge.event where type = 'message_folded'", as: String.self))
      lines = try scenario.received()
      copies = Dictionary(grouping: lines) { $0["key"]?.string ?? "without a key" }
    }

    var lost: Set<String> { Set(requested.map(\.message)).subtracting(folded).subtracting(copies.keys) }
    var unknown: Set<String> { Set(copies.keys).subtracting(requested.map(\.message)) }
    /// Whether what came again is what came first.
    var copiesAreEqual: Bool {
      copies.values.allSatisfy { copies in copies.allSatisfy { $0["text"] == copies[0]["text"] && $0["occurred_at"] == copies[0]["occurred_at"] } }
    }
    var repeats: Int { lines.count - copies.count }
    /// Answers that the receiver did not give.
    var cut: Int { lines.count { $0["answered"]?.bool == false } }

    /// The keys about each alert that came, in the order in which they were asked for.
    var inOrder: [String: [String]] {
      Dictionary(grouping: requested.filter { copies[$0.message] != nil }, by: \.alert).mapValues { $0.map(\.message) }
    }

    /// The keys about each alert, one message after the other, each until it was taken: one that overtakes, or comes back, shows.
    var arrived: [String: [String]] {
      let alertOf = Dictionary(uniqueKeysWithValues: requested.map { ($0.message, $0.alert) })
      var arrived: [String: [String]] = [:]
      for key in lines.compactMap({ $0["key"]?.string }) {
        guard let alert = alertOf[key], arrived[alert]?.last != key else { continue }
        arrived[alert, default: []].append(key)
      }
      return arrived
    }

    var description: String {
      """
      \(requested.count) messages asked for about \(Set(requested.map(\.alert)).count) alerts, \(folded.count) told with a newer one, all others arrived in the \
      order of their alerts; \(cut) answers cut off, \(repeats) messages came again under the same key
      """
    }
  }

  private static let declarations =
    "kind: Model\nname: toy\ntask: classification\n"
    + (0..<monitors).map { number in
      """
      ---
      kind: Monitor
      name: m\(number)
      model: toy
      window: {measurements: true}
      ---
      kind: AlertRule
      name: r\(number)
      monitor: m\(number)
      when: {metric: drift.share, at_least: 0.5}
      for: 1
      resolve_after: 1
      severity: warning
      notify: [hook]

      """
    }.joined()

  /// Measures one of the monitors at a time; each drifts about every other time.
  private final class World: Sendable {
    private let scenario: Scenario
    private let seed: Seed
    private let isOver = Mutex(false)
    private let count = Mutex(0)

    init(_ scenario: Scenario, _ seed: Seed) { (self.scenario, self.seed) = (scenario, seed) }

    var measurements: Int { count.withLock { $0 } }

    /// Measures while `body` runs; in the end nothing drifts any more.
    func run<Result>(_ body: () async throws -> Result) async throws -> Result {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          var random = Seed(self.seed.value &+ 1).makeGenerator()
          while !self.isOver.withLock({ $0 }) {
            try await self.measure(Int.random(in: 0..<monitors, using: &random), drifts: Bool.random(using: &random))
            try await Task.sleep(for: .milliseconds(100))
          }
          for number in 0..<monitors { try await self.measure(number, drifts: false) }
        }
        defer { isOver.withLock { $0 = true } }
        let result = try await body()
        isOver.withLock { $0 = true }
        try await group.waitForAll()
        return result
      }
    }

    private func measure(_ number: Int, drifts: Bool) async throws {
      let now = Timestamp.now()
      let window = WindowReference(id: WindowID(UUID()), startAt: now - .milliseconds(50), endAt: now, source: "test")
      let fact = Fact.measurementRecorded(
        MeasurementRecorded(
          window: window, part: .input, rows: 500, drift: DriftVerdict(detected: drifts, share: drifts ? 1 : 0, driftedColumns: drifts ? ["x"] : []),
          columns: [], metrics: [:], late: false, inconclusive: false))
      try await EventStore(scenario.client).append(
        [NewEvent(type: fact.type, schema: fact.schema, data: try fact.data())], to: StreamName("monitor/m\(number)"), by: Attribution(actor: "tester"))
      count.withLock { $0 += 1 }
    }
  }
}
