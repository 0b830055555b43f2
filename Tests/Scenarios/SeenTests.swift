import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// Approvals hold for what was seen: the real program, real workers, a real PostgreSQL.
@Suite struct SeenTests {
  private static func raise(_ scenario: Scenario, _ id: String = UUID().uuidString.lowercased()) async throws {
    let subject = #"{"rule": "inputs-drifted", "monitor": "toy-live", "model": "toy", "severity": "warning", "notify": []}"#
    let data = #"{"subject": \#(subject), "condition": "drift.share at least 0.5", "since_at": "2026-01-01T00:00:00Z", "drifted_columns": []}"#
    _ = try await scenario.client.query(
      "select * from kedge.append(\("alert/\(id)"), -1, jsonb_build_array(jsonb_build_object('type', 'alert_raised', 'data', \(data)::text::jsonb)), 'a script')"
    )
  }

  @Test func `an alert between approval and rollout voids the approval, and everybody is told why`() async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,scheduler,measurer,trainer,deployer,notifier")
      try await scenario.goLive()
      #expect(try await scenario.kedge("retrain", "toy", "--wait=60s", as: "dora").status == 8)
      let id = try await scenario.deployment(of: "toy/2", in: "awaiting_approval")
      #expect(try await scenario.kedge("freeze", "toy-prod", "--yes", as: "otto").status == 0)
      #expect(try await scenario.kedge("approve", id, "--reason", "fine", as: "olga").status == 0)
      try await scenario.waitFor("the approval", sql: "select 1 from kedge.deployment where id::text = \(id) and state = 'rolling'")
      try await Self.raise(scenario)
      try await scenario.waitFor("the void", sql: "select 1 from kedge.deployment where id::text = \(id) and state = 'awaiting_approval'")
      #expect(try await scenario.kedge("thaw", "toy-prod", "--yes", as: "otto").status == 0)

      let why = "alert inputs-drifted was raised: drift.share at least 0.5"
      let approval = try #require(try await scenario.kedge("get", "approvals", id, "-o", "json").json()["items"]?.array?.first)
      #expect(approval["by"] == "olga" && approval["state"] == "voided" && approval["void_reason"]?.string == why, "\(approval)")
      let deployment = try await scenario.kedge("describe", "deployment", id, "-o", "json").json()
      #expect(deployment["state"] == "awaiting_approval" && deployment["reason"]?.string == why && deployment["approvals"] == [], "\(deployment)")
      #expect(deployment["related"]?["approvals"]?[0]?["void_reason"]?.string == why)
      #expect(try await scenario.value("select void_reason from audit.approvals where deployment::text = \(id)") == why)
      let story = try await scenario.kedge("why", "deployment", id, "-o", "json").json()
      #expect(story["event"]?["type"] == "approval_voided")
      #expect(story["causes"]?.array?.compactMap { $0["event"]?["type"]?.string } == ["alert_raised"])

      let again = try await scenario.kedge("approve", id, "--reason", "still better", as: "olga")
      #expect(again.status == 0 && again.err.contains("approval by olga voided: \(why)"), "\(again.err)")
      try await scenario.waitFor("the new champion", sql: "select 1 from kedge.alias where alias = 'champion' and version = 'toy/2'")
      for name in ["deployments", "work", "runs"] {
        let verified = try await scenario.kedge("projections", "verify", name)
        #expect(verified.status == 0, "\(name): \(verified.out)\(verified.err)")
      }
    }
  }

  /// Approvals and alerts at the same moment, whichever comes first: no rollout goes on with an approval that had not seen an alert
  /// which came before it.
  @Test func `approvals that race with evidence are either seen or void`() async throws {
    try await Scenario.run { scenario in
      try scenario.worker("projector,scheduler,measurer,trainer,deployer,notifier")
      try await scenario.goLive()
      #expect(try await scenario.kedge("retrain", "toy", "--wait=60s", as: "dora").status == 8)
      let id = try await scenario.deployment(of: "toy/2", in: "awaiting_approval")
      for round in 0..<12 {
        guard try await scenario.value("select state from kedge.deployment where id::text = \(id)") == "awaiting_approval" else { break }
        async let alert: Void = {
          try await Task.sleep(for: .milliseconds(20 * round))
          try await Self.raise(scenario)
        }()
        let answer = try await scenario.kedge("approve", id, as: "olga")
        try await alert
        #expect([0, 6].contains(answer.status), "\(answer.err)")
        try await scenario.waitFor("the policies", within: .seconds(60)) {
          try await scenario.value(
            """
            select bool_and(f.position >= (select max(o.position) from kedge.log_order o join kedge.event e on e.number = o.event
              where e.stream like 'deployment/%' or (f.name = 'rollout' and e.stream like 'alert/%')))::text
            from kedge.follower f where f.name in ('rollout', 'deployments')
            """) == "true"
        }
      }
      // Of the approvals that stand, none is followed by an alert that it had not seen and that came before the rollout began.
      let wrong = try await scenario.value(
        """
        select count(*)::text from kedge.approval a
          join audit.event s on s.type = 'rollout_started' and s.data ->> 'deployment' = a.deployment::text
          join audit.event e on e.type = 'alert_raised' and e.position > a.seen_position and e.position < s.position
        where a.counts and a.voided_at is null
          and s.position = (select max(position) from audit.event x where x.type = 'rollout_started' and x.data ->> 'deployment' = a.deployment::text)
        """)
      #expect(wrong == "0")
    }
  }
}
