public import Values

/// Evaluations into proposed deployments, held where the gate was not passed.
public struct PromotingPolicy: Policy {
  /// Names its checkpoint, for good.
  public static let name = "promoting"

  private var endpoints = Keyed<EndpointState>()
  /// The person who requested a run by hand.
  private var requesters = Keyed<Person>()

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws {
    let (prefix, rest) = split(key: key)
    if prefix == "endpoint" { try endpoints.restore(key: rest, entry: entry) } else { try requesters.restore(key: rest, entry: entry) }
  }

  public mutating func takeChanges() throws -> [String: JSON] {
    try endpoints.takeChanges(prefix: "endpoint/").merging(requesters.takeChanges(prefix: "run/")) { $1 }
  }

  public mutating func react(to record: FactRecord) -> [Command] {
    if record.stream.hasPrefix("endpoint/") {
      endpoints[record.name, default: EndpointState()].evolve(record)
      return []
    }
    switch record.fact {
    case .runRequested(let request):
      if case .person = request.reason { requesters[record.name] = record.person }
    case .runFailed(let fact), .runTimedOut(let fact): if fact.retryAt == nil { requesters[record.name] = nil }
    case .runCancelled, .runSucceeded: requesters[record.name] = nil
    case .runEvaluated(let evaluation):
      guard let run = RunID(stream: record.stream), let endpoint = evaluation.deploy, let state = endpoints[endpoint],
        let specification = state.specification, specification.model == evaluation.model
      else { return [] }
      let proposal = DeploymentProposed(
        endpoint: endpoint, model: evaluation.model, version: evaluation.challenger, replaces: state.plan?.current, run: run,
        approvals: state.isGuarded ? max(1, specification.rollout.approvals) : specification.rollout.approvals,
        stages: specification.rollout.stages, automatic: true, gatePassed: evaluation.passed,
        requestedBy: requesters[record.name].map { [$0] } ?? [])
      let id = DeploymentID(cause: record.id, policy: PromotingPolicy.name, name: endpoint)
      return [.deployment(id, .propose(proposal, held: evaluation.passed ? nil : evaluation.failure))]
    default: break
    }
    return []
  }
}

extension RunEvaluated {
  /// Why the gate was not passed, in words.
  public var failure: String {
    let failed = gate.filter { !$0.passed && $0.outcome != "not_applicable" }
    guard !failed.isEmpty else { return "no absolute rule of the gate could be applied" }
    return failed.map { "\($0.rule), but it is \($0.value.map { JSON($0).description } ?? "not computable")" }.joined(separator: "; ")
  }
}

extension Keyed {
  subscript(key: String, default entry: @autoclosure () -> Entry) -> Entry {
    get { self[key] ?? entry() }
    set { self[key] = newValue }
  }
}
