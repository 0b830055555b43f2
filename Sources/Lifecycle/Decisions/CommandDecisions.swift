public import Values

/// Streams as they stand, for decisions that need more than one of them.
public struct StreamStates: Sendable {
  private var states: [String: any StreamState] = [:]
  /// The names of the channels that are declared, for alerts that everybody must hear of.
  public var channels: [String] = []

  /// Nothing has happened in any stream, and there is no channel.
  public init() {}

  /// What a stream adds up to; nil when nothing is held of it.
  public subscript(stream: String) -> (any StreamState)? {
    get { states[stream] }
    set { states[stream] = newValue }
  }

  /// What a stream adds up to; the state before the first fact when nothing of that type is held.
  public func state<State: StreamState>(_ stream: String, _ type: State.Type = State.self) -> State { states[stream] as? State ?? State() }
}

extension Command {
  /// The streams that `decide` looks at, each with what it reads them as.
  public var reads: [(stream: String, type: any StreamState.Type)] {
    switch self {
    case .alert(let id, _): [(id.stream, AlertState.self)]
    case .requestRun(let id, _): [(id.stream, RunState.self)]
    case .deployment(let id, _): [(id.stream, DeploymentState.self)]
    case .startRollout(let id, let endpoint), .advanceRollout(let id, let endpoint):
      [(id.stream, DeploymentState.self), ("endpoint/\(endpoint)", EndpointState.self)]
    case .endRollout(_, let endpoint, _), .sendBack(let endpoint, _), .freeze(let endpoint, _): [("endpoint/\(endpoint)", EndpointState.self)]
    case .rollBack(let endpoint, _, _, _, let alert): [("endpoint/\(endpoint)", EndpointState.self), (alert.stream, AlertState.self)]
    case .moveAlias(let model, _, _): [("model/\(model)", ModelState.self)]
    case .endSilence(let id, _): [(id.stream, SilenceState.self)]
    case .skipSchedule, .requestMessage, .setDeadline, .ruleDataLost, .ruleDataReturned: []
    }
  }

  /// What is to be appended, in order, as the streams stand.
  /// - Throws: `Refusal`, when they stand so that it cannot be done; then nothing is.
  public func decide(on streams: StreamStates) throws(Refusal) -> [(stream: String, facts: [Fact])] {
    switch self {
    case .alert(let id, let command): return [(id.stream, try streams.state(id.stream, AlertState.self).decide(command))]
    case .requestRun(let id, let request):
      return streams.state(id.stream, RunState.self).phase == .none ? [(id.stream, [.runRequested(request)])] : []
    case .skipSchedule(let name, let fact): return [("schedule/\(name)", [.scheduleSkipped(fact)])]
    case .deployment(let id, let command): return [(id.stream, try streams.state(id.stream, DeploymentState.self).decide(command))]
    case .startRollout(let id, let endpoint):
      return try on(endpoint, streams) { state throws(Refusal) in try state.startRollout(id, streams.state(id.stream)) }
    case .advanceRollout(let id, let endpoint): return try Command.advance(id, "endpoint/\(endpoint)", streams)
    case .endRollout(let id, let endpoint, let outcome): return try on(endpoint, streams) { state throws(Refusal) in try state.endRollout(id, outcome) }
    case .rollBack(let endpoint, let leaving, let reason, let because, let alert):
      do {
        return try on(endpoint, streams) { state throws(Refusal) in
          try state.rollBack(leaving: leaving, automatic: true, reason: reason, because: because.isEmpty ? nil : because)
        }
      } catch {
        return try Command.raise(alert, endpoint: endpoint, leaving: leaving, condition: "\(reason); \(error)", streams)
      }
    case .sendBack(let endpoint, let reason): return try on(endpoint, streams) { state throws(Refusal) in try state.rollBack(automatic: true, reason: reason) }
    case .freeze(let endpoint, let reason): return try on(endpoint, streams) { state throws(Refusal) in try state.freeze(reason: reason) }
    case .moveAlias(let model, let alias, let version):
      return [("model/\(model)", try streams.state("model/\(model)", ModelState.self).moveAlias(alias, to: version))]
    case .requestMessage(let channel, let message): return [("channel/\(channel)", [.messageRequested(message)])]
    case .setDeadline(let stream, let fact): return [(stream, [.deadlineSet(fact)])]
    case .ruleDataLost(let rule, let fact): return [("rule/\(rule)", [.ruleDataLost(fact)])]
    case .ruleDataReturned(let rule, let fact): return [("rule/\(rule)", [.ruleDataReturned(fact)])]
    case .endSilence(let id, let fact): return [(id.stream, try streams.state(id.stream, SilenceState.self).end(reason: fact.reason))]
    }
  }

  private func on(
    _ endpoint: String, _ streams: StreamStates, _ decide: (EndpointState) throws(Refusal) -> [Fact]
  ) throws(Refusal) -> [(stream: String, facts: [Fact])] {
    [("endpoint/\(endpoint)", try decide(streams.state("endpoint/\(endpoint)")))]
  }

  private static func advance(_ id: DeploymentID, _ stream: String, _ streams: StreamStates) throws(Refusal) -> [(stream: String, facts: [Fact])] {
    let deployment = streams.state(id.stream, DeploymentState.self)
    let endpoint = streams.state(stream, EndpointState.self)
    guard let proposal = deployment.proposal else { return [] }
    switch deployment.advance {
    case .stay: return []
    case .enter(let stage): return [(stream, try endpoint.requestStage(stage, of: id, deployment))]
    case .complete:
      let ended = try endpoint.endRollout(id, .completed)
      return [(id.stream, [.deploymentCompleted(DeploymentCompleted(version: proposal.version, because: deployment.ground))]), (stream, ended)]
    }
  }

  /// A rollback that is called for and has no version to go to is something people must know.
  private static func raise(
    _ alert: AlertID, endpoint: String, leaving: VersionName, condition: String, _ streams: StreamStates
  ) throws(Refusal) -> [(stream: String, facts: [Fact])] {
    let state = streams.state("endpoint/\(endpoint)", EndpointState.self)
    guard state.suspect == leaving, state.rollbackTarget == nil else { return [] }
    let subject = AlertSubject(
      rule: "no-rollback-target", endpoint: endpoint, model: leaving.model, severity: AlertSeverity.critical.rawValue, notify: streams.channels)
    let raised = AlertRaised(subject: subject, value: nil, condition: condition, sinceAt: state.servingSince ?? Timestamp(microseconds: 0))
    return [(alert.stream, try streams.state(alert.stream, AlertState.self).decide(.raise(raised)))]
  }
}
