import Foundation
import TestSupport
import Testing
import Values

@Suite struct DeclaringTests {
  static let text = """
    kind: Model
    name: iris
    task: classification
    ---
    kind: Monitor
    name: iris-live
    model: iris
    baseline: {file: reference.csv}
    window: {files: "incoming/*.csv"}
    ---
    kind: Pipeline
    name: iris-retrain
    model: iris
    trigger:
      - schedule: {cron: "0 2 * * *", time_zone: Europe/Berlin}
      - schedule: {cron: "30 12 * * 1", time_zone: UTC}
    train: {command: [python3, train.py], directory: .}
    evaluate:
      command: [python3, evaluate.py]
      gate: [{metric: accuracy, above: 0.9}]
    """

  static func with(_ body: (Program, Folder) async throws -> Void) async throws {
    try await withTestDatabase { database in
      let folder = try Folder()
      defer { folder.remove() }
      try folder.write("reference.csv", "x,y\n1,2\n3,4\n")
      try folder.write("kedge.yaml", text)
      try await body(Program(database: database.url, directory: folder.path), folder)
    }
  }

  @Test func `applying twice appends nothing, and a change only what changed`() async throws {
    try await DeclaringTests.with { program, folder in
      let before = try await program.run("diff", "-f", "kedge.yaml", "-o", "json")
      #expect(before.status == 3)
      #expect(try before.json["differs"] == true)
      let first = try await program.run("apply", "-f", "kedge.yaml", "--as", "alice", "-o", "json")
      #expect(first.status == 0)
      #expect(
        try first.json["events"]?.array?.map { $0["type"] } == [
          "model_registered", "monitor_defined", "baseline_pinned", "pipeline_defined", "schedule_defined", "schedule_defined",
        ])
      let again = try await program.run("apply", "-f", "kedge.yaml", "-o", "json")
      #expect(try again.json["events"] == [])
      #expect(try await program.run("diff", "-f", "kedge.yaml").status == 0)

      try folder.write(
        "kedge.yaml",
        DeclaringTests.text.replacing("above: 0.9", with: "above: 0.95").replacing("  - schedule: {cron: \"30 12 * * 1\", time_zone: UTC}\n", with: ""))
      let plan = try await program.run("diff", "-f", "kedge.yaml")
      #expect(plan.output.contains("evaluate.gate[0].above: 0.9 → 0.95"))
      #expect(plan.output.contains("- schedule/iris-retrain.2"))
      let changed = try await program.run("apply", "-f", ".", "-o", "json")
      #expect(try changed.json["events"]?.array?.map { $0["stream"] } == ["pipeline/iris-retrain", "schedule/iris-retrain.2"])

      try folder.write("reference.csv", "x,y\n1,2\n3,4\n5,6\n")
      let pinned = try await program.run("apply", "-f", "kedge.yaml", "-o", "json")
      #expect(try pinned.json["events"]?.array?.map { $0["type"] } == ["baseline_pinned"])
    }
  }

  @Test func `what is exported is what was applied`() async throws {
    try await DeclaringTests.with { program, folder in
      _ = try await program.run("apply", "-f", "kedge.yaml")
      let exported = try await program.run("export")
      #expect(exported.status == 0)
      let again = try await program.run(["apply", "-f", "-", "-o", "json"], input: exported.output)
      #expect(again.status == 0, "\(again.talk)")
      #expect(try again.json["events"] == [])
      #expect(try await program.run("export", "-o", "name").output == "model/iris\nmonitor/iris-live\npipeline/iris-retrain\n")
    }
  }

  @Test func `a mistake names file, line and key, and nothing is applied`() async throws {
    try await DeclaringTests.with { program, folder in
      try folder.write("bad.yaml", "kind: Model\nname: other\ntask: regression\n---\nkind: Model\nname: third\ntask: guessing\n")
      let answer = try await program.run("apply", "-f", "bad.yaml")
      #expect(answer.status == 2)
      #expect(answer.talk.hasPrefix("kedge: bad.yaml:7:7: task: found \"guessing\"; expected "))
      #expect(try await program.run("export").output.isEmpty)
      let missing = try await program.run("apply", "-f", "nowhere.yaml")
      #expect(missing.status == 2)
      #expect(missing.talk == "kedge: nowhere.yaml: the file cannot be read; name one that is there and that you may read\n")
    }
  }

  @Test func `a dry run shows the events and appends none`() async throws {
    try await DeclaringTests.with { program, folder in
      let plan = try await program.run("apply", "-f", "kedge.yaml", "--dry-run", "-o", "json")
      #expect(plan.status == 0)
      #expect(try plan.json["dry_run"] == true)
      #expect(try plan.json["events"]?[0]?["data"]?["name"] == "iris")
      #expect(try await program.run("export").output.isEmpty)
    }
  }

  @Test func `what others refer to is not deleted`() async throws {
    try await DeclaringTests.with { program, folder in
      _ = try await program.run("apply", "-f", "kedge.yaml")
      #expect(try await program.run("delete", "model", "iris", "--yes").status == 2)
      #expect(try await program.run("delete", "monitor", "nope", "--yes").status == 5)
      let deleted = try await program.run("delete", "pipeline", "iris-retrain", "--yes", "-o", "json")
      #expect(try deleted.json["events"]?.array?.map { $0["type"] } == ["schedule_removed", "schedule_removed", "pipeline_removed"])
      #expect(try await program.run("export", "-o", "name").output == "model/iris\nmonitor/iris-live\n")
      let again = try await program.run("apply", "-f", "kedge.yaml", "-o", "json")
      #expect(try again.json["events"]?.array?.map { $0["type"] } == ["pipeline_defined", "schedule_defined", "schedule_defined"])
    }
  }

  @Test func `what refers to each other is deleted together, or not at all`() async throws {
    try await DeclaringTests.with { program, folder in
      let both = """
        kind: AlertRule
        name: drifted
        monitor: iris-live
        when: {metric: drift.share, at_least: 0.2}
        inhibited_by: [drifted]
        actions: [{retrain: iris-retrain}]
        """
      try folder.write(
        "kedge.yaml", DeclaringTests.text.replacing("trigger:\n", with: "trigger:\n  - alert: drifted\n") + "\n---\n" + both)
      #expect(try await program.run("apply", "-f", "kedge.yaml").status == 0)
      for (kind, name, other) in [("rule", "drifted", "pipeline iris-retrain"), ("pipeline", "iris-retrain", "rule drifted")] {
        let alone = try await program.run("delete", kind, name, "--yes")
        #expect(alone.status == 6)
        #expect(
          alone.talk == "kedge: \(other) refers to \(kind) \(name); change or delete that first, or delete both at once\n")
      }
      let unknown = try await program.run("delete", "rule/drifted", "pipeline/iris-retrain", "pool/none", "--yes")
      #expect(unknown.status == 5)
      #expect(unknown.talk == "kedge: there is no pool none\n")
      let third = try await program.run("delete", "rule/drifted", "monitor/iris-live", "--yes")
      #expect(third.status == 6, "the pipeline still refers to the rule")
      let deleted = try await program.run("delete", "rule/drifted", "pipeline/iris-retrain", "--yes", "--as", "olga")
      #expect(deleted.status == 0, "\(deleted.talk)")
      #expect(deleted.output == "rule drifted and pipeline iris-retrain are deleted\n")
      #expect(try await program.run("export", "-o", "name").output == "model/iris\nmonitor/iris-live\n")
      #expect(try await program.run("apply", "-f", "kedge.yaml").status == 0)
    }
  }

  @Test(arguments: [
    (["delete", "rule", "--yes"], "kedge: which rule? name it, as KIND NAME or KIND/NAME; see `kedge delete --help`\n"),
    (["delete", "frog", "x", "--yes"], "kedge: \"frog\" cannot be deleted; the kinds are monitor, rule, pipeline, endpoint, channel and pool\n"),
    (
      ["delete", "rule/a", "model/iris", "--yes"],
      "kedge: \"model/iris\" cannot be deleted; the kinds are monitor, rule, pipeline, endpoint, channel and pool\n"
    ),
    (
      ["delete", "rule/a", "b", "--yes"],
      "kedge: \"b\" cannot be deleted; the kinds are monitor, rule, pipeline, endpoint, channel and pool\n"
    ),
    (
      ["delete", "rule/a", "rule/b", "--yes", "--expected-version", "1"],
      "kedge: --expected-version: several things lie on several streams; delete them one by one, or leave it out; see `kedge delete --help`\n"
    ),
  ])
  func `what cannot be deleted is bad usage`(arguments: [String], message: String) async throws {
    let answer = try await Program(database: "postgresql:///kedge?host=/nonexistent").run(arguments)
    #expect(answer.status == 2)
    #expect(answer.talk == message)
  }
}
