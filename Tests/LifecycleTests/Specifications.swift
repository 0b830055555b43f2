import Lifecycle
import Values

/// What a story declares, with the defaults of most of them.
struct Specifications {
  var monitor = MonitorSpecification(name: "live", model: "m", window: MonitorWindow(source: .files("/w/*.csv"), minimumRows: 100))
  var rules: [AlertRuleSpecification] = [
    AlertRuleSpecification(
      name: "drifted", monitor: "live", when: AlertCondition(metric: "drift.share", .atLeast(0.2)), for: 2, resolveAfter: 2, notify: ["ops"])
  ]
  var pipelines: [PipelineSpecification] = [Specifications.pipeline()]
  var endpoints: [EndpointSpecification] = [Specifications.endpoint()]

  static func pipeline(
    _ name: String = "retrain", trigger: [Trigger] = [.alert(rule: "drifted")], retries: Int = 2, deploy: String? = "prod"
  ) -> PipelineSpecification {
    PipelineSpecification(
      name: name, model: "m", trigger: trigger, train: TrainSpecification(trainer: .command(["train"], directory: "/"), retries: retries),
      evaluate: EvaluateSpecification(command: ["evaluate"], gate: [GateRule(metric: "accuracy", .absolute(.above(0.9)))]), deploy: deploy)
  }

  static let stages = [
    RolloutStage(shadow: true, traffic: 0, hold: .minutes(5)), RolloutStage(traffic: 5, hold: .minutes(10)),
    RolloutStage(traffic: 50, hold: .minutes(10)), RolloutStage(traffic: 100, hold: .minutes(10)),
  ]

  static func endpoint(
    _ name: String = "prod", approvals: Int = 1, stages: [RolloutStage] = stages,
    rollback: [RollbackRule] = [RollbackRule(metric: "accuracy", .belowChampionBy(0.05), for: 2)]
  ) -> EndpointSpecification {
    EndpointSpecification(
      name: name, model: "m", target: .local(directory: "/live", health: nil),
      rollout: RolloutSpecification(approvals: approvals, stages: stages), rollback: rollback)
  }

  func with(_ change: (inout Specifications) -> Void) -> Specifications {
    var copy = self
    change(&copy)
    return copy
  }
}
