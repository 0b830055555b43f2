import Foundation
import Lifecycle
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct LookingTests {
  @Test func `every kind can be listed in every format`() async throws {
    try await World.with { world in
      let (run, evaluated) = try await world.version(1)
      _ = try await world.propose(1, run: run, because: evaluated)
      try await world.serve(1)
      try await world.project()
      let kinds = [
        "models", "versions", "monitors", "measurements", "rules", "alerts", "silences", "pipelines", "runs", "evaluations", "deployments", "endpoints",
        "schedules", "channels", "pools", "work", "workers", "projections",
      ]
      for kind in kinds {
        let answer = try await world.program.run("get", kind, "-o", "json")
        #expect(answer.status == 0, "\(kind): \(answer.talk)")
        #expect(try answer.json["items"]?.array != nil)
      }
      for format in ["table", "wide", "yaml", "name"] {
        let answer = try await world.program.run("get", "endpoints", "-o", format)
        #expect(answer.status == 0, "\(format): \(answer.talk)")
        #expect(answer.output.contains(World.endpoint))
      }
      #expect(try await world.program.run("get", "versions", "-o", "name").output == "breast-cancer/1\n")
      #expect(try await world.program.run("get", "silences", "-o", "json").json == ["items": []])
    }
  }

  @Test func `tables fit the width that there is`() async throws {
    try await World.with { world in
      try await world.version(1)
      try await world.project()
      var program = world.program
      program.environment["COLUMNS"] = "60"
      let answer = try await program.run("get", "runs")
      #expect(!answer.output.isEmpty)
      #expect(answer.output.split(separator: "\n").allSatisfy { $0.count <= 60 })
      #expect(!answer.output.contains("\u{1b}"))
    }
  }

  @Test func `evaluations, runs and deployments have the fields that scripts read`() async throws {
    try await World.with { world in
      let (run, evaluated) = try await world.version(1, accuracy: 0.5)
      _ = try await world.propose(1, run: run, because: evaluated)
      try await world.project()
      let evaluation = try #require(try await world.program.run("get", "evaluations", "-o", "json").json.items.first)
      for key in ["run", "champion", "challenger", "rows", "metrics", "gate", "passed"] { #expect(evaluation[key] != nil, "\(key)") }
      #expect(evaluation["passed"] == false)
      #expect(evaluation["metrics"]?["challenger"]?["accuracy"] == 0.5)
      #expect(evaluation["gate"]?[0]?["limit"] == 0.9)
      let one = try #require(try await world.program.run("get", "runs", "\(run)", "-o", "json").json)
      for key in ["id", "model", "pipeline", "state", "reason", "attempt", "version", "requested_by"] { #expect(one[key] != nil, "\(key)") }
      #expect(one["state"] == "succeeded")
      let deployment = try #require(try await world.program.run("get", "deployments", "-o", "json").json.items.first)
      for key in ["id", "endpoint", "version", "replaces", "state", "stage", "requested_by", "approvals"] { #expect(deployment[key] != nil, "\(key)") }
    }
  }

  @Test func `describe shows what belongs to a thing`() async throws {
    try await World.with { world in
      let (run, evaluated) = try await world.version(1)
      let id = try await world.propose(1, run: run, because: evaluated)
      try await world.project()
      let text = try await world.program.run("describe", "deployment", "\(id)")
      #expect(text.status == 0)
      #expect(text.output.contains("\nEvaluation\n"))
      #expect(text.output.contains("\nEndpoint\n"))
      let document = try await world.program.run("describe", "deployment", "\(id)", "-o", "json").json
      #expect(document["related"]?["evaluations"]?[0]?["passed"] == true)
      try await world.database.client.query(
        "insert into kedge.run_output (run, step, attempt, number, content) values (\(run.uuid), 'train', 1, 0, \(Array("epoch 1\nepoch 2\n".utf8)))")
      let described = try await world.program.run("describe", "run", "\(run)", "-o", "json").json
      #expect(described["last_lines"] == ["epoch 1", "epoch 2"])
      #expect(try await world.program.run("logs", "run", "\(run)").output == "epoch 1\nepoch 2\n")
    }
  }

  @Test func `events are filtered by stream, type and position`() async throws {
    try await World.with { world in
      try await world.version(1)
      try await world.project()
      let all = try await world.program.run("events", "-o", "json").json.items
      #expect(all.count == (try await world.count()))
      #expect(all.map { $0["position"]?.integer } == (1...all.count).map { $0 })
      let one = try #require(all.first)
      for key in [
        "position", "id", "stream", "version", "type", "schema", "data", "actor", "principal", "correlation_id", "causation_id", "occurred_at", "recorded_at",
        "sealed_at", "hash",
      ] { #expect(one[key] != nil, "\(key)") }
      #expect(try await world.program.run("events", "--stream", "run/", "-o", "json").json.items.count == 5)
      #expect(try await world.program.run("events", "--type", "run_evaluated", "--type", "run_succeeded", "-o", "json").json.items.count == 2)
      #expect(try await world.program.run("events", "--since", "\(all.count - 2)", "-o", "json").json.items.count == 2)
      #expect(try await world.program.run("events", "--limit", "3", "-o", "json").json.items == Array(all.suffix(3)))
      #expect(try await world.program.run("events", "--since", "1h", "-o", "name").output.split(separator: "\n").count == all.count)
    }
  }

  @Test func `the chain is verified, and a tampered event is located`() async throws {
    try await World.with { world in
      try await world.project()
      let good = try await world.program.run("audit", "verify", "-o", "json")
      #expect(good.status == 0)
      #expect(try good.json["verified"] == true)
      #expect(try good.json["events"] == 5)
      #expect(try good.json["head"]?["position"] == 5)
      #expect(try good.json["head"]?["hash"]?.string?.count == 64)
      try await world.database.client.execute(
        unsafeScript: """
          alter table kedge.event disable trigger all;
          do $$ declare p regclass; begin for p in select inhrelid::regclass from pg_inherits where inhparent = 'kedge.event'::regclass
            loop execute format('alter table %s disable trigger all', p); end loop; end $$;
          update kedge.event set actor = 'mallory' where number = (select event from kedge.log_order where position = 3);
          """, name: "tamper")
      let bad = try await world.program.run("audit", "verify", "-o", "json")
      #expect(bad.status == 3)
      #expect(try bad.json["verified"] == false)
      #expect(try bad.json["first_bad_position"] == 3)
      #expect(try bad.json["reason"]?.string != nil)
    }
  }

  @Test func `a read model that does not say what the log says is found and mended`() async throws {
    try await World.with { world in
      try await world.version(1)
      try await world.project()
      #expect(try await world.program.run("projections", "verify").status == 0)
      try await world.database.client.query("update kedge.model_version set tags = '{\"a\": 1}'")
      let bad = try await world.program.run("projections", "verify", "registry", "-o", "json")
      #expect(bad.status == 3)
      #expect(try bad.json.items.first?["differences"]?[0]?["table"] == "model_version")
      #expect(try await world.program.run("projections", "rebuild", "registry").status == 2)
      #expect(try await world.program.run("projections", "rebuild", "registry", "--yes").status == 0)
      #expect(try await world.program.run("projections", "verify").status == 0)
      #expect(try await world.program.run("projections", "verify", "frogs").status == 5)
    }
  }

  @Test func `doctor says what to do`() async throws {
    try await World.with { world in
      let answer = try await world.program.run("doctor", "-o", "json").json
      let subjects = answer.items.compactMap { $0["subject"]?.string }
      for subject in ["database", "migrations", "roles", "partitions", "sealing", "workers", "clock", "disk"] {
        #expect(subjects.contains(subject), "\(subject)")
      }
      try await world.database.client.execute(unsafeScript: "delete from kedge.migration where path = 'functions/seal.sql'", name: "forget a migration")
      let failed = try await world.program.run("doctor")
      #expect(failed.status == 3)
      #expect(failed.output.contains("run `kedge migrate`"))
      #expect(try await world.program.run("migrate").status == 0)
      #expect(try await world.program.run("migrate").output == "the database is up to date\n")
    }
  }
}
