import EventLog
import Foundation
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Values

/// Notifier and projector killed in the middle of it while alerts come and go, and a receiver that is away at times and at times cuts off its answer.
@Suite struct NotifierKillTests {
  @Test(arguments: [Torture.seed])
  func `notifiers and projectors killed at random lose no message, keep the order of each alert, and repeat only under the same key`(seed: Seed) async throws {
    let strikes = Torture.kills(inEveryRun: 4)
    var random = seed.makeGenerator()
    try await Cluster.with { cluster in
      try await cluster.withClient { client in
        try await Scenario.run(at: cluster.url, client) { scenario in
          try await scenario.receiver(named: "hook")
          try scenario.write("mode", "random")
          var workers = try ["projector", "notifier"].map { try (role: $0, process: scenario.worker($0, lease: "3s")) }
          let alerts = Alerts(scenario, seed)
          try await alerts.run {
            for strike in 1...strikes {
              let wanted = try scenario.received().count + Int.random(in: 1...(strikes > 4 ? 60 : 10), using: &random)
              try await scenario.waitFor("\(wanted) messages") { try scenario.received().count >= wanted }
              let victim = Int.random(in: 0...1, using: &random)
              kill(workers[victim].process.processIdentifier, SIGKILL)
              workers[victim].process = try scenario.worker(workers[victim].role, lease: "3s")
              Torture.say("notifiers and projectors killed: \(strike) of \(strikes)")
            }
          }
          try scenario.write("mode", "ok")
          try await scenario.waitFor("every message of \(alerts.number) alerts", within: .seconds(600)) {
            // Followed to the end, and nothing left to send.
            try await client.query(
              """
              select 1 where (select count(*) from kedge.event where type = 'alert_resolved') = (select count(*) from kedge.message where state = 'resolved')
                and not exists (select from kedge.work where kind = 'notify')
              """
            ).isEmpty == false
          }
          try await judge(scenario, seed, strikes, alerts.number)
          try await scenario.verify()
        }
      }
    }
  }

  /// What came, beside what the log says was to come.
  private func judge(_ scenario: Scenario, _ seed: Seed, _ strikes: Int, _ alerts: Int) async throws {
    let received = try scenario.received()
    let requested = try await scenario.client.query(
      "select id::text, alert::text, status, row_number() over (order by position, id) from kedge.message where alert is not null"
    ).map { try $0.decode(String.self, String.self, String.self, Int.self) }
    let places = Dictionary(uniqueKeysWithValues: requested.map { ($0.0, (alert: $0.1, place: $0.3)) })
    var bodies: [String: JSON] = [:]
    var last: [String: Int] = [:]
    for message in received {
      let key = try #require(message["key"]?.string)
      let (alert, place) = try #require(places[key], "nobody asked for \(key)")
      #expect(bodies[key] == nil || bodies[key] == message, "another message under the same key: \(message)")
      bodies[key] = message
      #expect(place >= last[alert] ?? 0, "out of order: \(message)")
      last[alert] = place
    }
    // Told, or told with one that was.
    let folded = Dictionary(
      uniqueKeysWithValues: try await scenario.client.query(
        "select lower(data ->> 'message'), lower(data ->> 'into') from kedge.event where type = 'message_folded'"
      ).map { try $0.decode(String.self, String.self) })
    for (id, _, status, _) in requested {
      var told = id
      while let into = folded[told] { told = into }
      #expect(bodies[told] != nil && (status == "sent" || status == "folded"), "\(id) was lost: \(status)")
    }
    // One firing and one end about each alert that came and went: nothing was asked for twice.
    #expect(requested.count == Set(requested.map(\.0)).count && Set(requested.map(\.1)).count == alerts)
    Torture.say(
      """
      = notifiers and projectors killed \(strikes) times (\(seed)): \(requested.count) messages about \(alerts) alerts, none lost, none out of order, \
      \(folded.count) told with a later one, \(received.count - bodies.count) sent twice, each under its own key
      """)
  }
}

/// Alerts that come, get worse at times, and go.
private final class Alerts: Sendable {
  private let scenario: Scenario
  private let seed: Seed
  private let isOver = Mutex(false)
  private let count = Mutex(0)

  init(_ scenario: Scenario, _ seed: Seed) { (self.scenario, self.seed) = (scenario, seed) }

  /// How many there have been.
  var number: Int { count.withLock { $0 } }

  /// Lets them come and go beside `body`; in the end all are over.
  func run(_ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.come() }
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

  private func come() async throws {
    var random = seed.makeGenerator()
    var open: [UUID] = []
    while !isOver.withLock({ $0 }) {
      switch Int.random(in: 0..<4, using: &random) {
      case 0,
        1 where open.count < 20:
        let alert = UUID()
        try await scenario.raise(alert, notify: "hook")
        open.append(alert)
        count.withLock { $0 += 1 }
      case 2 where !open.isEmpty:
        try await scenario.fact("alert_escalated", ["severity": "critical", "reason": "worse"], on: open[Int.random(in: open.indices, using: &random)])
      default:
        if !open.isEmpty { try await end(open.remove(at: Int.random(in: open.indices, using: &random))) }
      }
      // As fast as a busy night, and no faster than messages can go.
      try await Task.sleep(for: .milliseconds(100))
    }
    for alert in open { try await end(alert) }
  }

  private func end(_ alert: UUID) async throws { try await scenario.fact("alert_resolved", ["reason": "calm"], on: alert) }
}
