import Foundation
import Lifecycle
import PostgreSQL
import TestSupport
import Testing
import Values

/// What commands make of the log, and what they say of it.
@Suite struct StoryTests {
  @Test func `an approval answers the proposal and records what was seen`() async throws {
    try await World.with { world in
      let (run, evaluated) = try await world.version(1)
      let id = try await world.propose(1, run: run, because: evaluated)
      try await world.project()
      let answer = try await world.program.run("approve", String("\(id)".prefix(8)), "--as", "bob", "--reason", "better", "-o", "json")
      #expect(answer.status == 0)
      #expect(try answer.json["id"]?.string == "\(id)")
      let event = try #require(try answer.json["events"]?[0])
      #expect(event["stream"]?.string == id.stream)
      #expect(event["type"] == "deployment_approved")
      #expect(event["version"] == 2)
      #expect(answer.talk.contains("evaluation on 114 rows against -: the gate is passed"))
      #expect(answer.talk.contains("alerts on breast-cancer: none"))
      try await world.project()
      let deployment = try await world.program.run("get", "deployments", "\(id)", "-o", "json").json
      #expect(deployment["state"] == "rolling")
      #expect(deployment["requested_by"] == "alice")
      let approval = try #require(deployment["approvals"]?[0])
      #expect(approval["by"] == "bob")
      #expect(approval["reason"] == "better")
      #expect((approval["seen_position"]?.integer ?? 0) > 5)
      #expect(approval["at"]?.string.flatMap { Timestamp($0) } != nil)
      let why = try await world.program.run("why", "deployment", "\(id)", "-o", "json").json
      #expect(why["event"]?["type"] == "deployment_approved")
      #expect(why["event"]?["actor"] == "bob")
      #expect(why["causes"]?[0]?["event"]?["type"] == "deployment_proposed")
      #expect(why["causes"]?[0]?["causes"]?[0]?["event"]?["type"] == "run_evaluated")
      #expect(why["causes"]?[0]?["causes"]?[0]?["causes"]?[0]?["event"]?["type"] == "run_requested")
      let tree = try await world.program.run("why", "deployment", "\(id)")
      #expect(tree.output.contains("breast-cancer/1 approved for breast-cancer-prod: better"))
      #expect(tree.output.contains("└─ breast-cancer/1 proposed for breast-cancer-prod"))
      let dot = try await world.program.run("why", "deployment", "\(id)", "-o", "dot")
      #expect(dot.output.hasPrefix("digraph why {"))
      #expect(dot.output.contains("->"))
    }
  }

  @Test func `a version that failed its gate is held, and who overrides may not approve`() async throws {
    try await World.with { world in
      try await world.version(1, accuracy: 0.6)
      try await world.project()
      let held = try await world.program.run("promote", "breast-cancer/1", "--as", "carol", "-o", "json")
      #expect(held.status == 0)
      #expect(try held.json["events"]?.array?.map { $0["type"] } == ["deployment_proposed", "deployment_held"])
      let id = try #require(try held.json["id"]?.string)
      try await world.project()
      let refused = try await world.program.run("approve", id, "--as", "bob", "--quiet")
      #expect(refused.status == 6)
      #expect(refused.talk == "kedge: the gate holds the deployment; `kedge promote --override-gate --reason …` lifts it\n")
      // The version stands for its deployment that is open.
      let lifted = try await world.program.run("promote", "breast-cancer/1", "--override-gate", "--reason", "labels are wrong", "--as", "dave", "-o", "json")
      #expect(lifted.status == 0)
      #expect(try lifted.json["id"]?.string == id)
      #expect(try lifted.json["events"]?[0]?["type"] == "gate_overridden")
      for person in ["alice", "carol", "dave"] { #expect(try await world.program.run("approve", id, "--as", person, "--quiet").status == 4) }
      #expect(try await world.program.run("approve", id, "--as", "bob", "--quiet").status == 0)
      let unknown = try await world.program.run("promote", "breast-cancer/7")
      #expect(unknown.status == 5)
      #expect(unknown.talk == "kedge: there is no version breast-cancer/7; `kedge get versions breast-cancer` lists them\n")
    }
  }

  @Test func `a rollback is recorded while no worker runs`() async throws {
    try await World.with { world in
      try await world.version(1)
      try await world.version(2)
      try await world.serve(1)
      let first = try await world.program.run("rollback", World.endpoint, "--yes")
      #expect(first.status == 6)
      #expect(
        first.talk == "kedge: no version before breast-cancer/1 completed its bake at breast-cancer-prod, so there is none to go back to; name one with --to\n")
      try await world.serve(2)
      let plan = try await world.program.run("rollback", World.endpoint, "--dry-run", "-o", "json")
      #expect(try plan.json["dry_run"] == true)
      #expect(try plan.json["events"]?[0]?["data"]?["to"] == "breast-cancer/1")
      #expect(try await world.count("rollback_decided") == 0)
      let answer = try await world.program.run("rollback", World.endpoint, "--yes", "--reason", "complaints", "--as", "erin", "-o", "json")
      #expect(answer.status == 0)
      #expect(try answer.json["events"]?.array?.map { $0["type"] } == ["rollback_decided", "traffic_requested"])
      let why = try await world.program.run("why", "endpoint", World.endpoint, "-o", "json").json
      #expect(why["causes"]?[0]?["event"]?["type"] == "traffic_moved")
      try await world.project()
      let endpoint = try await world.program.run("get", "endpoints", World.endpoint, "-o", "json").json
      #expect(endpoint["current"] == "breast-cancer/2")
      let change = try #require(endpoint["history"]?.array?.last)
      #expect(change["version"] == "breast-cancer/1")
      #expect(change["event"] == "rollback_decided")
      #expect(change["by"] == "erin")
      #expect(change["reason"] == "complaints")
      let far = try await world.program.run("rollback", World.endpoint, "--to", "breast-cancer/9", "--yes")
      #expect(far.status == 5)
    }
  }

  @Test func `a run is started once under one idempotency key`() async throws {
    try await World.with { world in
      let first = try await world.program.run("retrain", World.model, "--idempotency-key", "k1", "--parameter", "trees=200", "--as", "alice", "-o", "json")
      let again = try await world.program.run("retrain", World.model, "--idempotency-key", "k1", "--parameter", "trees=200", "--as", "alice", "-o", "json")
      #expect(first.status == 0)
      #expect(again.status == 0)
      #expect(try first.json == again.json)
      #expect(try await world.count("run_requested") == 1)
      try await world.project()
      let run = try #require(try await world.program.run("get", "runs", "-o", "json").json.items.first)
      #expect(run["parameters"] == ["trees": 200])
      #expect(run["reason"]?["kind"] == "person")
      #expect(run["requested_by"] == "alice")
      let busy = try await world.program.run("retrain", World.model)
      #expect(busy.status == 6)
      let id = try #require(run["id"]?.string)
      #expect(try await world.program.run("cancel", "run", id, "--yes", "--reason", "wrong data").status == 0)
      #expect(try await world.program.run("cancel", "run", id, "--yes").talk == "kedge: the run has been cancelled already\n")
    }
  }

  @Test func `alerts are acknowledged, resolved and marked`() async throws {
    try await World.with { world in
      let alert = AlertID(UUID())
      let subject = AlertSubject(rule: "inputs-drifted", monitor: World.monitor, model: World.model, severity: "warning", notify: [])
      try await world.append(
        [.alertRaised(AlertRaised(subject: subject, value: 0.4, condition: "drift.share at least 0.2", sinceAt: .init(seconds: 1_800_000_000)))], alert.stream)
      #expect(try await world.program.run("ack", "\(alert)", "--as", "bob").status == 0)
      let twice = try await world.program.run("ack", "\(alert)", "--as", "eve")
      #expect(twice.talk == "kedge: bob has acknowledged the alert already\n")
      #expect(try await world.program.run("note", "\(alert)", "the instrument was recalibrated", "--as", "bob").status == 0)
      try await world.project()
      let notes = try await world.program.run("describe", "alert", "\(alert)", "-o", "json").json["notes"]
      #expect(notes?[0]?["by"] == "bob" && notes?[0]?["note"] == "the instrument was recalibrated")
      let item = try #require(try await world.program.run("get", "alerts", "-o", "json").json.items.first)
      #expect(item["state"] == "firing")
      #expect(item["acknowledged_by"] == "bob")
      #expect(item["since_at"] == "2027-01-15T08:00:00Z")
      #expect(item["value"] == 0.4)
      #expect(try await world.program.run("resolve", "\(alert)", "--as", "bob").status == 0)
      #expect(try await world.program.run("resolve", "\(alert)").status == 6)
      #expect(try await world.program.run("false-alarm", "\(alert)").status == 0)
    }
  }

  @Test func `tags and aliases of versions are set and taken away`() async throws {
    try await World.with { world in
      try await world.version(1)
      #expect(try await world.program.run("tag", "breast-cancer/1", "reviewed=yes", "stage=").status == 0)
      #expect(try await world.program.run("tag", "breast-cancer/1", "stage-").status == 0)
      #expect(try await world.program.run("alias", "breast-cancer/1", "stable", "--reason", "the wards trust it").status == 0)
      let note = try #require(
        try await world.database.client.query("select stream::text, data ->> 'reason' from kedge.event where type = 'note_added'", as: String.self, String.self)
          .first)
      #expect(note == ("model/breast-cancer", "the wards trust it"))
      try await world.project()
      let version = try await world.program.run("get", "versions", "breast-cancer/1", "-o", "json").json
      #expect(version["tags"] == ["reviewed": "yes"])
      #expect(version["aliases"] == ["stable"])
      #expect(version["artifact"] == ["sha256": "ab1", "size": 12, "name": "model.joblib"])
      #expect(version["metrics"] == ["accuracy": 0.95])
      #expect(version["number"] == 1)
      #expect(try await world.program.run("alias", "breast-cancer/1", "stable-").status == 0)
      #expect(try await world.program.run("tag", "breast-cancer/2", "a=b").status == 5)
    }
  }

  @Test func `a measurement has plain numbers, and its intervals beside them`() async throws {
    try await World.with { world in
      let window = WindowReference(id: WindowID(UUID()), startAt: .init(seconds: 1_800_000_000), endAt: .init(seconds: 1_800_003_600), source: "/data/a.csv")
      try await world.append(
        [
          .measurementRecorded(
            MeasurementRecorded(
              window: window, part: .quality, rows: 150, drift: nil, columns: [], metrics: ["accuracy": 0.93], intervals: ["accuracy": [0.88, 0.96]],
              byVersion: ["breast-cancer/1": ArmMeasurement(rows: 150, metrics: ["accuracy": 0.93], intervals: [:])], late: false, inconclusive: false)),
          .measurementFailed(MeasurementFailed(window: window, part: .input, reason: "a.csv:7: too few cells")),
        ], "monitor/\(World.monitor)")
      try await world.project()
      let items = try await world.program.run("get", "measurements", World.monitor, "-o", "json").json.items
      #expect(items.count == 2)
      #expect(items[0]["metrics"] == ["accuracy": 0.93])
      #expect(items[0]["intervals"] == ["accuracy": [0.88, 0.96]])
      #expect(items[0]["window"]?["end_at"] == "2027-01-15T09:00:00Z")
      #expect(items[0]["by_version"]?["breast-cancer/1"]?["rows"] == 150)
      #expect(items[1]["failure"] == "a.csv:7: too few cells")
      #expect(items[1]["late"] == false)
    }
  }
}
