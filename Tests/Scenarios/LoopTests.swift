import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// The loop as users see it: the real program, real workers, a real PostgreSQL.
@Suite struct LoopTests {
  @Test func `drift leads to a retrained model, which goes live once somebody else approves`() async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,scheduler,measurer,trainer,deployer,notifier")
      try await scenario.goLive()
      #expect(scenario.traffic()?["current"]?["version"] == "toy/1")

      for seed in UInt64(10)..<13 { try scenario.write("incoming/quiet-\(seed).csv", Scenario.window(rows: 300, seed: seed, version: "toy/1")) }
      try await scenario.waitFor("three measurements", sql: "select 1 from kedge.measurement having count(*) = 3")
      #expect(try await scenario.value("select count(*)::text from kedge.alert") == "0")

      for seed in UInt64(20)..<22 {
        try scenario.write("incoming/shifted-\(seed).csv", Scenario.window(rows: 300, seed: seed, shift: 0.4, version: "toy/1"))
        try await scenario.waitFor("window \(seed)", sql: "select 1 from kedge.measurement where source like \("%shifted-\(seed).csv")")
      }
      try await scenario.waitFor("the alert", sql: "select 1 from kedge.alert where state = 'firing'")
      let second = try await scenario.deployment(of: "toy/2", in: "awaiting_approval")
      #expect(try await scenario.kedge("approve", second, "--reason", "drift was real", as: "olga").status == 0)
      try await scenario.waitFor("the new champion", sql: "select 1 from kedge.alias where alias = 'champion' and version = 'toy/2'")
      #expect(scenario.traffic()?["current"]?["version"] == "toy/2")
      #expect(scenario.traffic()?["candidate"] == .null)

      let why = try await scenario.kedge("why", "deployment", second, "-o", "json").json()
      let types = why.eventTypes
      for type in [
        "deployment_completed", "stage_entered", "traffic_requested", "deployment_approved", "deployment_proposed", "run_evaluated", "run_requested",
        "alert_raised", "measurement_recorded", "window_found",
      ] {
        #expect(types.contains(type), "\(type) is not among the causes: \(types)")
      }
      let told = try await scenario.kedge("why", "deployment", second)
      #expect(told.out.contains("shifted-20.csv") && told.out.contains("shifted-21.csv"), "\(told.out)")
      let audit = try await scenario.kedge("audit", "verify", "-o", "json")
      #expect(audit.status == 0)
      #expect(try audit.json()["verified"] == true)

      for name in Scenario.projections {
        let verified = try await scenario.kedge("projections", "verify", name)
        #expect(verified.status == 0, "\(name): \(verified.out)\(verified.err)")
        #expect(try await scenario.kedge("projections", "rebuild", name, "--yes").status == 0)
        #expect(try await scenario.kedge("projections", "verify", name).status == 0)
      }
    }
  }

  @Test func `a bad model is held by the gate, and one pushed past it is rolled back by live labels`() async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,scheduler,measurer,trainer,deployer,notifier")
      try await scenario.goLive()
      #expect(try await scenario.kedge("retrain", "toy", "--parameter", "threshold=0.8", "--wait=60s", as: "dora").status == 3)
      let held = try await scenario.deployment(of: "toy/2", in: "held")
      #expect(try await scenario.kedge("approve", held, as: "olga").status == 6)
      let override = try await scenario.kedge("promote", held, "--override-gate", "--reason", "the board wants it", "--yes", as: "otto")
      #expect(override.status == 0, "\(override.err)")
      #expect(try await scenario.kedge("approve", held, "--reason", "mine", as: "otto").status == 4, "who overrode the gate must not approve")
      #expect(try await scenario.kedge("approve", held, "--reason", "mine", as: "dora").status == 4, "who requested the run must not approve")
      #expect(try await scenario.kedge("approve", held, "--reason", "if you say so", as: "olga").status == 0)
      try await scenario.waitFor("the bad champion", sql: "select 1 from kedge.alias where alias = 'champion' and version = 'toy/2'")

      for seed in UInt64(30)..<32 {
        try scenario.write("incoming/live-\(seed).csv", Scenario.window(rows: 300, seed: seed, threshold: 0.8, version: "toy/2"))
        try await scenario.waitFor("window \(seed)", sql: "select 1 from kedge.measurement where source like \("%live-\(seed).csv")")
        try scenario.write("labels/live-\(seed).csv", Scenario.labels(rows: 300, seed: seed))
      }
      try await scenario.waitFor("the rollback", sql: "select 1 from kedge.event where type = 'rolled_back'")
      try await scenario.waitFor("the old champion", sql: "select 1 from kedge.alias where alias = 'champion' and version = 'toy/1'")
      #expect(scenario.traffic()?["current"]?["version"] == "toy/1")
      #expect(try await scenario.value("select state from kedge.deployment where version = 'toy/2'") == "rolled_back")
      #expect(try await scenario.value("select outcome from kedge.analysis order by position desc limit 1") == "worse")
      let types = try await scenario.kedge("why", "endpoint", "toy-prod", "-o", "json").json().eventTypes
      for type in [
        "rollback_decided", "analysis_recorded", "comparison_requested", "measurement_recorded", "window_found", "labels_found", "traffic_moved",
        "stage_entered", "deployment_approved", "gate_overridden", "deployment_held", "run_evaluated", "run_requested",
      ] {
        #expect(types.contains(type), "\(type) is not among the causes: \(types)")
      }
      #expect(try await scenario.kedge("rollback", "toy-prod", "--reason", "once more", "--yes", as: "olga").status == 6, "there is nothing left to go back to")
    }
  }

  @Test func `connections that are cut again and again lose nothing and do nothing twice`() async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,scheduler,measurer,trainer,deployer,notifier")
      try scenario.worker("projector,scheduler,measurer,trainer,deployer,notifier")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      #expect(try await scenario.kedge("retrain", "toy", "--parameter", "seconds=1").status == 0)
      for seed in UInt64(40)..<44 { try scenario.write("incoming/w\(seed).csv", Scenario.window(rows: 100, seed: seed, version: "toy/1")) }
      let cut = Task {
        while !Task.isCancelled {
          _ = try? await scenario.client.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
          try? await Task.sleep(for: .milliseconds(400))
        }
      }
      let deadline = ContinuousClock.now + .seconds(4)
      while ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(100)) }
      cut.cancel()
      _ = await cut.value
      _ = try await scenario.deployment(of: "toy/1", in: "awaiting_approval")
      try await scenario.waitFor("four measurements", sql: "select 1 from kedge.measurement having count(*) = 4")
      #expect(try await scenario.value("select count(*)::text from kedge.event where type = 'measurement_recorded'") == "4")
      #expect(try await scenario.value("select count(*)::text from kedge.event where type = 'version_registered'") == "1")
      #expect(try await scenario.value("select count(*)::text from kedge.event where type = 'deployment_proposed'") == "1")
      #expect(try await scenario.kedge("audit", "verify").status == 0)
    }
  }

  @Test func `workers need no more rights than kedge_app has, and an auditor can read all that it left`() async throws {
    try await Scenario.run { scenario, database in
      let app = try await database.makeClient(memberOf: "kedge_app")
      let login = try await app.query("select session_user::text").first!.decode(String.self)
      try scenario.worker("projector,scheduler,measurer,trainer,deployer,notifier", at: database.url(as: login))
      try await scenario.goLive()
      try scenario.write("incoming/a.csv", Scenario.window(rows: 100, seed: 3, version: "toy/1"))
      try scenario.write("labels/a.csv", Scenario.labels(rows: 100, seed: 3))
      try await scenario.waitFor("its quality", sql: "select 1 from kedge.measurement where part = 'quality'")
      let auditor = try await database.makeClient(memberOf: "kedge_auditor")
      for view in ["event", "timeline", "drift", "performance", "alerts", "runs", "evaluations", "deployments", "rollbacks", "approvals"] {
        _ = try await auditor.query("select * from audit.\(unsafeSQL: view)")
      }
      #expect(try await auditor.query("select approved_by from audit.approvals").map { try $0.decode(String.self) } == ["olga"])
      await #expect(throws: PostgresError.self) { try await auditor.query("delete from kedge.run") }
      await #expect(throws: PostgresError.self) { try await app.query("update kedge.event set actor = 'nobody'") }
      await #expect(throws: PostgresError.self) { try await app.query("delete from kedge.event") }
    }
  }

  @Test func `a window that cannot be read is a measurement that failed, and the others go on`() async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,scheduler,measurer")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      try scenario.write("incoming/a-broken.csv", "id,version,at,x,predicted\n1,,2026-01-01T00:00:00Z,0.5,1\n2,,2026-01-01T00:00:01Z,0.5\n")
      try scenario.write("incoming/b-missing.csv", "id,version,at,predicted\n1,,2026-01-01T00:00:00Z,1\n")
      try scenario.write("incoming/c-empty.csv", "")
      try scenario.write(
        "incoming/d-text.csv",
        "id,version,at,x,predicted\n" + (0..<60).map { "\($0),,2026-01-01T00:00:00Z,\($0 == 40 ? "12,5".debugDescription : "0.5"),1\n" }.joined())
      try scenario.write("incoming/e-good.csv", "\u{feff}" + Scenario.window(rows: 100, seed: 5).replacing("\n", with: "\r\n"))
      try await scenario.waitFor("five outcomes", sql: "select 1 from kedge.measurement having count(*) = 5")
      let failures = try await scenario.client.query(
        "select regexp_replace(failure, '^.*/', '') from kedge.measurement where failure is not null order by source"
      ).map { try $0.decode(String.self) }
      #expect(failures.count == 4, "\(failures)")
      #expect(failures[0].hasPrefix("a-broken.csv:3:"), "\(failures)")
      #expect(failures[1].contains("column \"x\""), "\(failures)")
      #expect(failures[2].hasPrefix("c-empty.csv"), "\(failures)")
      #expect(failures[3].hasPrefix("d-text.csv:42: column \"x\""), "\(failures)")
      #expect(try await scenario.value("select rows::text from kedge.measurement where failure is null") == "100")
    }
  }
}

extension JSON {
  /// The types of an event and of all its causes, as `why` prints them.
  var eventTypes: Set<String> {
    var types: Set<String> = []
    if let type = self["event"]?["type"]?.string { types.insert(type) }
    for cause in self["causes"]?.array ?? [] {
      if let type = cause["type"]?.string { types.insert(type) }
      types.formUnion(cause.eventTypes)
    }
    return types
  }
}
