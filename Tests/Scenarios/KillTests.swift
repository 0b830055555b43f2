import EventLog
import Foundation
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Values

/// What is killed, stopped or cut off at any moment loses nothing that was acknowledged and does nothing twice. A few strikes in each run of the tests;
/// `ops/torture` strikes as often as it is told.
@Suite struct KillTests {
  @Test(arguments: [Torture.seed])
  func `PostgreSQL killed under load again and again loses nothing and doubles nothing`(seed: Seed) async throws {
    let kills = Torture.kills(inEveryRun: 3)
    var random = seed.makeGenerator()
    // With the disk waited for, as users run it.
    try await Cluster.with(.full) { cluster in
      try await cluster.withClient { client in
        try await Scenario.run(at: cluster.url, client) { scenario in
          // Leases that outlast a crash: a run over which its worker is lost too often fails, and rightly.
          for _ in 0..<2 { try scenario.worker("projector,scheduler,measurer,trainer,deployer,notifier", lease: "30s") }
          try await scenario.goLive()
          var figures = ""
          try await Appending.run(writers: 8, seed: seed, on: client) { appending in
            for number in 1...kills {
              // Something of everything is under way.
              if number % 10 == 1 {
                let asked = try await scenario.kedge("retrain", "toy", "--parameter", "seconds=1", as: "dora")
                // One at a time: the last may still be under way.
                #expect([0, 6].contains(asked.status), "\(asked.err)")
              }
              try scenario.write("incoming/w\(number).csv", Scenario.window(rows: 60, seed: UInt64(number), version: "toy/1"))
              try await appending.waitForMore(Int.random(in: 20...200, using: &random))
              try await Task.sleep(for: .milliseconds(Int.random(in: 0...50, using: &random)))
              try await cluster.kill(Cluster.Kill.allCases.randomElement(using: &random)!)
              try await cluster.start()
              Torture.say("PostgreSQL killed \(number) of \(kills) times")
            }
            try await appending.waitForMore(50)
            figures = "\(appending.events) acknowledged events in \(appending.calls) calls, \(appending.unanswered) calls sent again"
          }
          try await scenario.waitUntilDone()
          try await scenario.waitFor(
            "\(kills) measurements", within: .seconds(600), sql: "select 1 from kedge.measurement where failure is null having count(*) = \(kills)")
          try await scenario.waitUntilSealed()
          try await scenario.verifyOutcomes()
          try await scenario.verify()
          let runs = try await scenario.count("select count(*) from kedge.run")
          Torture.say("= PostgreSQL killed \(kills) times (\(seed)): \(figures); none lost, none twice; \(runs) runs and \(kills) windows done once each")
        }
      }
    }
  }

  @Test(arguments: [Torture.seed])
  func `a connection cut after COMMIT was sent leaves one event, when the client sends it again under its key`(seed: Seed) async throws {
    let cuts = Torture.cuts(inEveryRun: 60)
    try await Cluster.with { cluster in
      try await CuttingProxy.with(cluster) { proxy in
        try await cluster.withClient(proxy.url) { client in
          let random = Mutex(seed.makeGenerator())
          proxy.cut { _ in random.withLock { Int.random(in: 0..<2, using: &$0) == 0 ? CuttingProxy.Cut.allCases.randomElement(using: &$0) : nil } }
          @Sendable func count() -> Int { proxy.count(.afterSending) + proxy.count(.afterAnswer) }
          var figures = ""
          try await Appending.run(writers: 8, seed: seed, on: client) { appending in
            var said = 0
            while count() < cuts {
              try await appending.waitForMore(1)
              if count() / 50 > said {
                said = count() / 50
                Torture.say("connections cut after COMMIT: \(count()) of \(cuts)")
              }
            }
            proxy.cut { _ in nil }
            #expect(appending.unanswered >= cuts)
            figures = "\(appending.events) acknowledged events in \(appending.calls) calls, \(appending.unanswered) calls sent again"
          }
          try await Sealer.seal(client)
          #expect(try await ChainVerifier(client).verify().isVerified)
          let before = proxy.count(.beforeSending)
          Torture.say("= connections cut \(count()) times after COMMIT was sent, \(before) times before (\(seed)): \(figures); none lost, none twice")
        }
      }
    }
  }

  @Test func `a command whose answer was lost can be given again under its idempotency key`() async throws {
    try await Cluster.with { cluster in
      try await CuttingProxy.with(cluster) { proxy in
        try await cluster.withClient { client in
          try await Scenario.run(at: proxy.url, client) { scenario in
            try scenario.worker("projector", at: cluster.url)
            #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
            try await scenario.waitFor("the endpoint", sql: "select 1 from kedge.endpoint")
            for (cut, key) in [(CuttingProxy.Cut.afterAnswer, "a"), (.afterSending, "b"), (.beforeSending, "c")] {
              let isFirst = Mutex(true)
              proxy.cut { commit in
                guard commit == .transaction else { return nil }
                return isFirst.withLock { first in
                  defer { first = false }
                  return first ? cut : nil
                }
              }
              let first = try await scenario.kedge("freeze", "toy-prod", "--reason", key, "--idempotency-key", key, "--yes", as: "olga")
              #expect(first.status == 1, "\(cut): \(first.out)\(first.err)")
              #expect(first.err.contains("may have taken effect"), "\(cut): \(first.err)")
              let again = try await scenario.kedge("freeze", "toy-prod", "--reason", key, "--idempotency-key", key, "--yes", as: "olga")
              #expect(again.status == 0, "\(cut): \(again.err)")
              #expect(try await scenario.count("select count(*) from kedge.event where type = 'endpoint_frozen' and data->>'reason' = \(key)") == 1)
              #expect(try await scenario.kedge("thaw", "toy-prod", "--reason", key, "--yes", as: "olga").status == 0)
            }
          }
        }
      }
    }
  }
}
