internal import Lifecycle

extension Fields {
  func endpoint() -> EndpointSpecification? {
    let name = resourceName("an endpoint")
    let model = required("model", "the name of the model that serves there")?.name("a model")
    let example = "where traffic is moved, e.g. {local: {directory: live}}"
    let target = required("target", example).flatMap { Fields($0, example) }.flatMap { $0.target() }
    let rollout = optional("rollout", default: RolloutSpecification()) { value in
      Fields(value, "e.g. {approvals: 1, stages: [{traffic: 5, hold: 10m}, {traffic: 100}]}").flatMap { $0.rollout() }
    }
    let rollback = optional("rollback", default: []) { value in
      value.list("a list of conditions, e.g. [{metric: accuracy, below_champion_by: 0.05, for: 2}]") {
        Fields($0, "a condition, e.g. {metric: accuracy, below_champion_by: 0.05, for: 2}").flatMap { $0.rollbackRule() }
      }
    }
    finish()
    guard let name, let model, let target else { return nil }
    return EndpointSpecification(name: name, model: model, target: target, rollout: rollout, rollback: rollback)
  }

  private func target() -> EndpointTarget? {
    let choice = one(of: ["local"], unsupported: Supported.targetsLater, "a target, e.g. local: {directory: live}")
    finish()
    return choice.flatMap { Fields($0.value, "e.g. {directory: live, health: \"http://127.0.0.1:8080/healthz\"}") }.flatMap { fields in
      let directory = fields.required("directory", "the directory in which traffic.json is kept")?.path("the path of a directory")
      let health = fields.optional("health") { $0.url() }
      fields.finish()
      return directory.map { .local(directory: $0, health: health) }
    }
  }

  private func rollout() -> RolloutSpecification? {
    let approvals = optional("approvals", default: 1) { $0.integer(0...100, "a whole number from 0") }
    let example = "a list of stages, e.g. [{shadow: true, hold: 5m}, {traffic: 100}]"
    let stages = optional("stages", default: RolloutSpecification().stages) { value in
      value.list(example) { Fields($0, "a stage, e.g. {traffic: 5, hold: 10m}").flatMap { $0.stage() } }.flatMap { value.checkOrder(of: $0) }
    }
    finish()
    return RolloutSpecification(approvals: approvals, stages: stages)
  }

  private func stage() -> RolloutStage? {
    let choice = one(of: ["shadow", "traffic"], "shadow: true, or traffic and a share in percent")
    let hold = optional("hold", default: Span.zero) { $0.span() }
    let conclusive = optional("require_conclusive", default: false) { $0.bool() }
    finish()
    guard let (kind, value) = choice else { return nil }
    if kind == "traffic" {
      return value.integer(1...100, "a whole share in percent from 1 to 100")
        .map { RolloutStage(traffic: $0, hold: hold, requireConclusive: conclusive) }
    }
    guard let shadow = value.bool() else { return nil }
    return shadow
      ? RolloutStage(shadow: true, traffic: 0, hold: hold, requireConclusive: conclusive) : value.refuse("true, or traffic and a share in percent")
  }

  private func rollbackRule() -> RollbackRule? {
    let metric = required("metric", "what is judged, e.g. accuracy")?.metric { subject in
      if case .quality(let name) = subject { !MetricName.fairnessMetrics.contains(name) && MetricName(name).largerIsBetter != nil } else { false }
    }
    let bound = bound(["below_champion_by", "above_champion_by"], absolute: [])
    let windows = optional("for", default: 1) { $0.integer(1...10_000, "a number of windows in a row, from 1") }
    finish()
    guard let metric, case .relative(let word, let margin)? = bound else { return nil }
    let better = metric.largerIsBetter == true
    guard (word == "below_champion_by") == better else {
      return value(word)?.refuse(better ? "below_champion_by: more \(metric) is better" : "above_champion_by: less \(metric) is better", found: word)
    }
    return RollbackRule(metric: metric, better ? .belowChampionBy(margin) : .aboveChampionBy(margin), for: windows)
  }
}

extension Value {
  /// The stages, if they only ever give the candidate more and end with all traffic.
  fileprivate func checkOrder(of stages: [RolloutStage]) -> [RolloutStage]? {
    guard stages.last?.traffic == 100 else {
      return refuse("stages that end with {traffic: 100}", found: stages.isEmpty ? "an empty list" : "other stages")
    }
    for (index, (stage, next)) in zip(stages, stages.dropFirst()).enumerated() {
      let element = list("stages")?[index + 1] ?? self
      if next.shadow, !stage.shadow { return element.refuse("shadow stages before those with traffic", found: "a shadow stage after traffic") }
      if !next.shadow, next.traffic <= stage.traffic {
        return element.refuse("more traffic than in the stage before (\(stage.traffic))", found: "traffic \(next.traffic)")
      }
    }
    return stages
  }
}
