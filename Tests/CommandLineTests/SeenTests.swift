import Foundation
import Lifecycle
import PostgreSQL
import TestSupport
import Testing
import Values

/// An approval holds for what was seen.
@Suite struct SeenTests {
  static let alert = AlertID(UUID())

  static func raise(in world: World) async throws {
    let subject = AlertSubject(rule: "inputs-drifted", monitor: World.monitor, model: World.model, severity: "warning", notify: [])
    try await world.append(
      [.alertRaised(AlertRaised(subject: subject, value: 0.4, condition: "drift.share at least 0.2", sinceAt: .init(seconds: 1_800_000_000)))], alert.stream)
  }

  static func waiting(in world: World) async throws -> DeploymentID {
    let (run, evaluated) = try await world.version(1)
    let id = try await world.propose(1, run: run, because: evaluated)
    try await world.project()
    return id
  }

  @Test func `who approves sees evaluation, metrics, alerts and stages, and up to where`() async throws {
    try await World.with { world in
      let id = try await SeenTests.waiting(in: world)
      let head = try await world.count()
      let plan = try await world.program.run("approve", "\(id)", "--as", "bob", "--dry-run", "-o", "json")
      #expect(plan.status == 0)
      #expect(try plan.json["events"]?[0]?["data"]?["seen_position"] == .integer(Int64(head)))
      for line in [
        "evaluation on 114 rows against -: the gate is passed", "  accuracy above 0.9: passed, value 0.95",
        "  accuracy of breast-cancer/1: 0.95 (95 % between 0.9 and 0.99)",
        "alerts on breast-cancer: none", "stage 1: 100 % of traffic, for 0s", "seen up to position \(head) of the log",
      ] {
        #expect(plan.talk.contains(line + "\n"), "\(line) is not in\n\(plan.talk)")
      }
    }
  }

  @Test func `what changed the picture after what was seen is a conflict that says what`() async throws {
    try await World.with { world in
      let id = try await SeenTests.waiting(in: world)
      let seen = try await world.count()
      try await SeenTests.raise(in: world)
      let refused = try await world.program.run("approve", "\(id)", "--as", "bob", "--seen", "\(seen)", "--quiet")
      #expect(refused.status == 6)
      #expect(
        refused.talk == "kedge: you have seen the log up to position \(seen), and since then the picture has changed: alert inputs-drifted was raised: "
          + "drift.share at least 0.2 (position \(seen + 1)); look again with `kedge describe deployment \(id)`, then approve\n")
      #expect(try await world.count("deployment_approved") == 0)
      #expect(try await world.program.run("approve", "\(id)", "--as", "bob", "--seen", "\(seen + 1)", "--quiet").status == 0)
    }
  }

  @Test func `what the read models do not show yet is shown from the log`() async throws {
    try await World.with { world in
      let (run, evaluated) = try await world.version(1)
      let id = try await world.propose(1, run: run, because: evaluated)
      try await world.project()
      // Sealed, and not in the read models that are shown.
      try await world.append(
        [
          .runEvaluated(
            RunEvaluated(
              model: World.model, pipeline: World.pipeline.name, champion: nil, challenger: VersionName(model: World.model, number: 1), rows: 9, metrics: [:],
              difference: [:], gate: [], passed: false, deploy: nil))
        ], run.stream)
      try await world.database.client.query("select kedge.seal()")
      let head = try await world.count()
      let refused = try await world.program.run("approve", "\(id)", "--as", "bob", "--seen", "\(head - 1)")
      #expect(refused.status == 6)
      #expect(refused.talk.contains("breast-cancer/1 was evaluated: the gate is not passed (position \(head))"), "\(refused.talk)")
      let answer = try await world.program.run("approve", "\(id)", "--as", "bob")
      #expect(answer.status == 0)
      #expect(answer.talk.contains("evaluation on 9 rows against -: the gate is NOT passed"), "\(answer.talk)")
      #expect(answer.talk.contains("seen up to position \(head) of the log"))
    }
  }

  @Test func `a gate or a rollout that changed is a conflict, declaring the same again and measuring is none`() async throws {
    try await World.with { world in
      let id = try await SeenTests.waiting(in: world)
      let seen = try await world.count()
      try await world.append([.pipelineDefined(World.pipeline)], "pipeline/\(World.pipeline.name)")
      try await world.append(
        [.measurementFailed(MeasurementFailed(window: Self.window, part: .input, reason: "x"))], "monitor/\(World.monitor)")
      try await world.project()
      #expect(try await world.program.run("approve", "\(id)", "--as", "bob", "--seen", "\(seen)", "--quiet", "--dry-run").status == 0)
      var pipeline = World.pipeline
      pipeline.evaluate.gate = [GateRule(metric: "accuracy", .absolute(.above(0.5)))]
      try await world.append([.pipelineDefined(pipeline)], "pipeline/\(World.pipeline.name)")
      try await world.append(
        [
          .endpointDefined(
            EndpointSpecification(
              name: World.endpoint, model: World.model, target: .local(directory: "/live", health: nil),
              rollout: RolloutSpecification(stages: [RolloutStage(traffic: 5), RolloutStage(traffic: 100)])))
        ], "endpoint/\(World.endpoint)")
      try await world.project()
      let refused = try await world.program.run("approve", "\(id)", "--as", "bob", "--seen", "\(seen)")
      #expect(refused.status == 6)
      #expect(
        refused.talk.contains(
          "the gate of pipeline breast-cancer-retrain changed (position \(seen + 3)); the stages of breast-cancer-prod changed (position \(seen + 4))"),
        "\(refused.talk)")
      #expect(refused.talk.contains("the stages of breast-cancer-prod have been declared anew since"))
    }
  }

  static let window = WindowReference(id: WindowID(UUID()), startAt: .init(seconds: 1), endAt: .init(seconds: 2), source: "/data/a.csv")
}
