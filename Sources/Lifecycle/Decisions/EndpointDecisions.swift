public import Foundation
public import Values

extension EndpointState {
  /// No rollout begins and none goes to its next stage from now on; rollback stays allowed.
  public func freeze(reason: String?) throws(Refusal) -> [Fact] {
    try checkDefined()
    guard !isFrozen else { throw .conflict("the endpoint is frozen already") }
    return [.endpointFrozen(Remark(reason: reason))]
  }

  /// Rollouts are allowed again, and after a rollback what policies propose needs no extra approval any more.
  public func thaw(reason: String?) throws(Refusal) -> [Fact] {
    try checkDefined()
    guard isFrozen || isGuarded else { throw .conflict("the endpoint is neither frozen nor guarded after a rollback") }
    return [.endpointThawed(Remark(reason: reason))]
  }

  /// Sends traffic back, to the last good version or to the one that is named.
  /// - Parameter leaving: the version that was found wanting; refused when another one is to be left by now. Nil: whichever it is.
  public func rollBack(
    leaving: VersionName? = nil, to wanted: VersionName? = nil, automatic: Bool, reason: String, because: [UUID]? = nil
  ) throws(Refusal) -> [Fact] {
    let specification = try checkDefined()
    guard let from = suspect else { throw .conflict("nothing serves at \(specification.name) yet, so there is nothing to go back from") }
    guard leaving == nil || leaving == from else { throw .conflict("\(leaving!) is not in question at \(specification.name) any more") }
    if let wanted {
      guard wanted.model == specification.model else { throw .invalid("\(wanted) is no version of \(specification.model), which \(specification.name) serves") }
      guard wanted != from else { throw .conflict("\(wanted) is the version to be left; name another one with --to") }
    }
    guard let target = wanted ?? rollbackTarget else {
      throw .conflict("no version before \(from) completed its bake at \(specification.name), so there is none to go back to; name one with --to")
    }
    if let pending, pending.order.purpose == .rollback, pending.order.plan.current == target {
      throw .conflict("the way back to \(target) is decided already and under way")
    }
    let brought = rollout?.deployment ?? deployments[from.description]
    // Who decides by hand answers the endpoint's newest event.
    let grounds = automatic ? (because ?? []) + [moved].compactMap { $0 } : because
    var facts: [Fact] = [
      .rollbackDecided(RollbackDecided(from: from, to: target, deployment: brought, automatic: automatic, reason: reason, because: grounds))
    ]
    if let rollout { facts.append(.rolloutEnded(RolloutEnded(deployment: rollout.deployment, version: rollout.version, outcome: .rolledBack))) }
    facts.append(
      .trafficRequested(
        TrafficRequested(plan: TrafficPlan(current: target), purpose: .rollback, deployment: brought, stage: nil)))
    return facts
  }

  /// Gives the endpoint to a deployment that may go, and asks for its first stage.
  public func startRollout(_ id: DeploymentID, _ deployment: DeploymentState) throws(Refusal) -> [Fact] {
    try checkDefined()
    guard !isFrozen else { throw .conflict("the endpoint is frozen") }
    guard rollout == nil else { throw .conflict("deployment \(rollout!.deployment) is being rolled out") }
    guard pending == nil else { throw .conflict("traffic is being moved") }
    guard deployment.mayStart, let proposal = deployment.proposal else { throw .conflict("the deployment is \(deployment.word)") }
    guard !isGuarded || !proposal.automatic || !deployment.approvals.isEmpty else {
      throw .conflict("after a rollback what a policy proposes needs an approval, until the endpoint is thawed")
    }
    guard proposal.version != plan?.current else { throw .conflict("\(proposal.version) serves already") }
    return [
      .rolloutStarted(RolloutStarted(deployment: id, version: proposal.version, because: deployment.ground)),
      stageRequest(0, id, proposal, base: plan?.current, because: deployment.ground),
    ]
  }

  /// Asks for the traffic of a later stage of the rollout under way.
  public func requestStage(_ stage: Int, of id: DeploymentID, _ deployment: DeploymentState) throws(Refusal) -> [Fact] {
    guard let proposal = deployment.proposal else { throw .unknown("there is no such deployment") }
    guard let rollout, rollout.deployment == id else { throw .conflict("the deployment is not being rolled out") }
    guard !isFrozen else { throw .conflict("the endpoint is frozen") }
    if let pending, pending.order.deployment == id, pending.order.stage == stage { return [] }
    return [stageRequest(stage, id, proposal, base: rollout.base, because: deployment.ground)]
  }

  private func stageRequest(_ stage: Int, _ id: DeploymentID, _ proposal: DeploymentProposed, base: VersionName?, because: [UUID]) -> Fact {
    let step = proposal.stages[stage]
    let plan =
      if let base, step.traffic < 100 {
        TrafficPlan(current: base, candidate: proposal.version, share: step.shadow ? 0 : step.traffic, shadow: step.shadow)
      } else {
        // An endpoint's first version serves at once, and at 100 % the candidate is what serves.
        TrafficPlan(current: proposal.version)
      }
    return .trafficRequested(TrafficRequested(plan: plan, purpose: .stage, deployment: id, stage: stage, because: because))
  }

  /// Ends the rollout of a deployment. When it was called off, what served before serves again.
  public func endRollout(_ id: DeploymentID, _ outcome: RolloutOutcome) throws(Refusal) -> [Fact] {
    guard let rollout, rollout.deployment == id else { throw .conflict("the deployment is not being rolled out") }
    var facts: [Fact] = [.rolloutEnded(RolloutEnded(deployment: id, version: rollout.version, outcome: outcome))]
    if outcome == .aborted, let base = rollout.base, plan != TrafficPlan(current: base) || pending != nil {
      facts.append(
        .trafficRequested(TrafficRequested(plan: TrafficPlan(current: base), purpose: .restore, deployment: id, stage: nil)))
    }
    return facts
  }

  /// Records that the traffic that was asked for flows.
  /// - Parameter request: the event that asked for it; refused when it is no longer the newest.
  public func recordMove(request: UUID, token: Int64) throws(Refusal) -> [Fact] {
    guard let pending, pending.event == request else { throw .conflict("another change of traffic was asked for meanwhile") }
    var facts: [Fact] = [.trafficMoved(TrafficMoved(plan: pending.order.plan, request: request, token: token))]
    if pending.order.purpose == .rollback, let from = leaving ?? plan?.candidate ?? plan?.current {
      facts.append(.rolledBack(RolledBack(from: from, to: pending.order.plan.current)))
    }
    return facts
  }

  /// How often the traffic of a stage is tried before the rollout is called off. Ways back are tried for ever.
  static let stageAttempts = 3

  /// Records that traffic could not be moved. It is tried again after `min(2^failures s, 1 min)`: 1, 2, 4 … seconds.
  public func recordMoveFailure(request: UUID, reason: String, at now: Timestamp) throws(Refusal) -> Fact {
    guard let pending, pending.event == request else { throw .conflict("another change of traffic was asked for meanwhile") }
    let attempt = pending.failures + 1
    let again = pending.order.purpose != .stage || attempt < EndpointState.stageAttempts
    let pause = Duration.seconds(min(60, 1 << min(pending.failures, 6)))
    return .trafficMoveFailed(
      TrafficMoveFailed(plan: pending.order.plan, request: request, attempt: attempt, reason: reason, retryAt: again ? now + pause : nil))
  }

  @discardableResult
  private func checkDefined() throws(Refusal) -> EndpointSpecification {
    guard let specification else { throw .unknown("there is no such endpoint") }
    return specification
  }
}
