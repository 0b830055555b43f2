/// Rules on how runs, evaluations, deployments and measuring end.
extension AlertingPolicy {
  /// How runs, evaluations and deployments end.
  mutating func conclude(_ record: FactRecord) -> [Command] {
    switch record.fact {
    case .runRequested(let fact): endings[record.stream] = fact.model
    case .deploymentProposed(let fact): endings[record.stream] = fact.model
    case .runFailed(let fact), .runTimedOut(let fact): return fact.retryAt == nil ? conclude(.runFailed, failed: true, record) : []
    case .runSucceeded: return conclude(.runFailed, failed: false, record)
    case .runEvaluated(let fact): return conclude(.gateFailed, failed: !fact.passed, watching(fact.model), record)
    case .deploymentAborted, .deploymentRejected, .deploymentRolledBack: return conclude(.deploymentFailed, failed: true, record)
    case .deploymentCompleted: return conclude(.deploymentFailed, failed: false, record)
    case .runCancelled, .deploymentSuperseded: endings[record.stream] = nil
    default: break
    }
    return []
  }

  private mutating func conclude(_ outcome: AlertOutcome, failed: Bool, _ record: FactRecord) -> [Command] {
    guard let model = endings[record.stream] else { return [] }
    // What is completed can still be rolled back.
    if case .deploymentCompleted = record.fact {} else { endings[record.stream] = nil }
    return conclude(outcome, failed: failed, watching(model), record)
  }

  /// The rules on the monitors of a model.
  private func watching(_ model: String) -> [WatchedRule] {
    monitors.entries.filter { $0.value == model }.keys.sorted().flatMap { index.onMonitor[$0] ?? [] }
  }

  mutating func conclude(_ outcome: AlertOutcome, failed: Bool, _ concerned: [WatchedRule], _ record: FactRecord) -> [Command] {
    concerned.filter { $0.outcome == outcome && $0.maintenanceEnd(around: record.at) == nil }.flatMap { rule in
      let step = machines.modify(rule.name, default: AlertMachine()) {
        $0.observe(failed, endAt: record.at, record.id, at: record.at, by: rule.specification, named: rule.name)
      }
      return follow(step, rule, nil, failed ? Double(machines[rule.name]?.bad ?? 1) : 0, nil, record)
    }
  }
}
