/// What can be asked of a deployment.
public enum DeploymentCommand: Equatable, Sendable {
  /// - held: why the gate holds it; nil when it passed.
  case propose(DeploymentProposed, held: String?)
  case overrideGate(reason: String)
  case approve(by: Person, reason: String?, seenPosition: Int64)
  case reject(reason: String?)
  case pause(reason: String?)
  case resume(reason: String?)
  case abort(reason: String?)
  case supersede(by: DeploymentID)
  /// The approvals that were given without having seen the evidence.
  case voidApprovals([Evidence])
  /// What a policy proposed and may go without any approval may not any more.
  case requireApproval(reason: String)
  case requestComparison(ComparisonRequested)
  case recordAnalysis(AnalysisRecorded)
  case markRolledBack(DeploymentRolledBack)
}

extension DeploymentState {
  /// Decides what a command makes of the deployment.
  public func decide(_ command: DeploymentCommand) throws(Refusal) -> [Fact] {
    if case .propose(let proposal, let held) = command {
      guard phase == .none else { throw .conflict("the deployment was proposed already") }
      return [.deploymentProposed(proposal)] + (held.map { [.deploymentHeld(DeploymentHeld(reason: $0))] } ?? [])
    }
    guard phase != .none else { throw .unknown("there is no such deployment") }
    switch command {
    case .propose: return []
    case .overrideGate(let reason):
      guard phase == .held else { throw .conflict("the gate does not hold the deployment: it is \(word)") }
      guard reason.contains(where: { !$0.isWhitespace }) else { throw .invalid("an override of the gate needs a reason; give one with --reason") }
      return [.gateOverridden(Remark(reason: reason))]
    case .approve(let person, let reason, let position): return [try approve(person, reason, position)]
    case .reject(let reason):
      guard isWaiting else { throw .conflict("only a deployment that waits can be rejected: it is \(word)") }
      return [.deploymentRejected(Remark(reason: reason))]
    case .pause(let reason):
      guard phase == .rolling else { throw .conflict("only a rollout under way can be paused: the deployment is \(word)") }
      guard !isPaused else { throw .conflict("the deployment is paused already") }
      return [.deploymentPaused(Remark(reason: reason))]
    case .resume(let reason):
      guard phase == .rolling, isPaused else { throw .conflict("the deployment is not paused: it is \(word)") }
      return [.deploymentResumed(Remark(reason: reason))]
    case .abort(let reason):
      guard isOpen else { throw .conflict("the deployment is \(word) already") }
      return [.deploymentAborted(Remark(reason: reason))]
    case .supersede(let by):
      guard isWaiting else { throw .conflict("the deployment does not wait any more: it is \(word)") }
      return [.deploymentSuperseded(DeploymentSuperseded(by: by))]
    case .voidApprovals(let evidence): return [try void(evidence)]
    case .requireApproval(let reason):
      guard isWaiting, proposal?.automatic == true, approvalsNeeded == 0 else { throw .conflict("the deployment needs its approvals already") }
      return [.approvalVoided(ApprovalVoided(reason: reason))]
    case .requestComparison(let fact):
      guard phase == .rolling || phase == .completed else { throw .conflict("the deployment is \(word)") }
      return [.comparisonRequested(fact)]
    case .recordAnalysis(let fact):
      guard phase == .rolling || phase == .completed else { throw .conflict("the deployment is \(word)") }
      return [.analysisRecorded(fact)]
    case .markRolledBack(let fact):
      guard phase == .rolling || phase == .completed else { throw .conflict("the deployment is \(word)") }
      return [.deploymentRolledBack(fact)]
    }
  }

  private func approve(_ person: Person, _ reason: String?, _ position: Int64) throws(Refusal) -> Fact {
    guard phase != .held else { throw .conflict("the gate holds the deployment; `kedge promote --override-gate --reason …` lifts it") }
    guard phase == .awaitingApproval else { throw .conflict("the deployment waits for no approval: it is \(word)") }
    if let refusal = refusal(of: person) { throw .notAllowed(refusal) }
    guard !hasApproved(person) else { throw .conflict("\(person.actor) has approved already") }
    return .deploymentApproved(DeploymentApproved(reason: reason, seenPosition: position, identity: Identity(of: person.principal)))
  }

  /// Also while the first stage is under way: the evidence came before, and was read after it had begun.
  private func void(_ evidence: [Evidence]) throws(Refusal) -> Fact {
    guard isOpen, let proposal else { throw .conflict("the deployment is \(word)") }
    let own = evidence.filter { $0.concerns(proposal.version, at: proposal.endpoint) }
    let unseen = approvals.filter { approval in own.contains { $0.isUnseen(at: approval.seenPosition) } }
    guard !unseen.isEmpty else { throw .conflict("there is no approval to void") }
    let news = own.filter { evidence in unseen.contains { evidence.isUnseen(at: $0.seenPosition) } }
    return .approvalVoided(
      ApprovalVoided(reason: news.map(\.what).joined(separator: "; "), approvals: unseen.map(\.event), because: news.map(\.event)))
  }

  /// What comes when the stage's time is over.
  public enum Advance: Equatable, Sendable {
    /// Not yet.
    case stay
    case enter(stage: Int)
    case complete
  }

  /// Whether the rollout goes on: when the hold is over, nobody paused it, and a comparison had an answer where the stage asks for one.
  public var advance: Advance {
    guard phase == .rolling, !isPaused, holdIsOver, let stage, let proposal else { return .stay }
    // In shadow nothing is compared: the candidate answers nobody.
    if proposal.stages[stage].requireConclusive, !proposal.stages[stage].shadow, proposal.replaces != nil, !isConclusive { return .stay }
    return stage + 1 < proposal.stages.count ? .enter(stage: stage + 1) : .complete
  }

  /// The fact that a stage's traffic flows.
  public func enter(stage: Int) throws(Refusal) -> Fact {
    guard phase == .rolling, let proposal, proposal.stages.indices.contains(stage) else { throw .conflict("the deployment is \(word)") }
    let step = proposal.stages[stage]
    return .stageEntered(StageEntered(stage: stage, of: proposal.stages.count, shadow: step.shadow, traffic: step.traffic, hold: step.hold))
  }
}
