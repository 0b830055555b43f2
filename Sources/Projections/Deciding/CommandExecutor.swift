public import EventLog
public import Foundation
public import Lifecycle
public import PostgreSQL
internal import Values

/// Decides a policy's commands on their target streams and appends what follows, in the follower's transaction.
/// A refusal appends nothing: an operator's decision may be in the stream and not yet in the policy's view.
public struct CommandExecutor {
  private var session: DecisionSession
  private let policy: String
  /// What was appended so far, for the log of the process.
  public private(set) var appended: [(events: [(stream: String, fact: Fact)], attribution: Attribution)] = []

  /// - Parameters:
  ///   - transaction: the follower's.
  ///   - policy: acts as `kedge/POLICY`.
  public init(_ transaction: any Queryable, policy: String) {
    session = DecisionSession(transaction)
    self.policy = policy
  }

  /// Carries out one command that a fact gave rise to.
  public mutating func execute(_ command: Command, because cause: FactRecord) async throws {
    do {
      try await decide(command, because: cause)
    } catch let refusal as Refusal {
      guard case .rollBack(let endpoint, let leaving, let reason, _, let alert) = command else { return }
      try await raise(alert, endpoint: endpoint, leaving: leaving, reason: reason, refusal: refusal)
    }
    let attribution = Attribution(actor: "kedge/\(policy)", principal: nil, correlation: cause.correlation ?? cause.id, causation: cause.id)
    let decided = session.decided
    try await session.append(by: attribution)
    if !decided.isEmpty { appended.append((decided, attribution)) }
  }

  private mutating func decide(_ command: Command, because cause: FactRecord) async throws {
    switch command {
    case .alert(let id, let command):
      session.record(try await session.load(AlertState.self, id.stream).decide(command), on: id.stream)
    case .requestRun(let id, let request):
      if try await session.load(RunState.self, id.stream).phase == .none { session.record([.runRequested(request)], on: id.stream) }
    case .skipSchedule(let name, let fact):
      session.record([.scheduleSkipped(fact)], on: "schedule/\(name)")
    case .deployment(let id, let command):
      session.record(try await session.load(DeploymentState.self, id.stream).decide(command), on: id.stream)
    case .startRollout(let id, let endpoint):
      let deployment = try await session.load(DeploymentState.self, id.stream)
      let state = try await session.load(EndpointState.self, "endpoint/\(endpoint)")
      let facts = try state.startRollout(id, deployment)
      if let proposal = deployment.proposal, let position = cause.position {
        // What the policy has not read yet, and is in the log all the same.
        let evidence = try await EvidenceReader(session.database).evidence(on: proposal, after: position)
        if let voided = try? deployment.decide(.voidApprovals(evidence)) { return session.record(voided, on: id.stream) }
      }
      session.record(facts, on: "endpoint/\(endpoint)")
    case .advanceRollout(let id, let endpoint): try await advance(id, endpoint)
    case .endRollout(let id, let endpoint, let outcome):
      let state = try await session.load(EndpointState.self, "endpoint/\(endpoint)")
      session.record(try state.endRollout(id, outcome), on: "endpoint/\(endpoint)")
    case .rollBack(let endpoint, let leaving, let reason, let because, _):
      let state = try await session.load(EndpointState.self, "endpoint/\(endpoint)")
      let facts = try state.rollBack(leaving: leaving, automatic: true, reason: reason, because: because.isEmpty ? nil : because)
      session.record(facts, on: "endpoint/\(endpoint)")
    case .moveAlias(let model, let alias, let version):
      session.record(try await session.load(ModelState.self, "model/\(model)").moveAlias(alias, to: version), on: "model/\(model)")
    case .requestMessage(let channel, let message):
      session.record([.messageRequested(message)], on: "channel/\(channel)")
    case .setDeadline(let stream, let fact): session.record([.deadlineSet(fact)], on: stream)
    case .ruleDataLost(let rule, let fact): session.record([.ruleDataLost(fact)], on: "rule/\(rule)")
    case .ruleDataReturned(let rule, let fact): session.record([.ruleDataReturned(fact)], on: "rule/\(rule)")
    case .endSilence(let id, let fact): session.record(try await session.load(SilenceState.self, id.stream).end(reason: fact.reason), on: id.stream)
    case .sendBack(let endpoint, let reason):
      let state = try await session.load(EndpointState.self, "endpoint/\(endpoint)")
      session.record(try state.rollBack(automatic: true, reason: reason), on: "endpoint/\(endpoint)")
    case .freeze(let endpoint, let reason):
      session.record(try await session.load(EndpointState.self, "endpoint/\(endpoint)").freeze(reason: reason), on: "endpoint/\(endpoint)")
    }
  }

  private mutating func advance(_ id: DeploymentID, _ endpoint: String) async throws {
    let deployment = try await session.load(DeploymentState.self, id.stream)
    guard let proposal = deployment.proposal else { return }
    let stream = "endpoint/\(endpoint)"
    switch deployment.advance {
    case .stay: break
    case .enter(let stage):
      session.record(try await session.load(EndpointState.self, stream).requestStage(stage, of: id, deployment), on: stream)
    case .complete:
      let ended = try await session.load(EndpointState.self, stream).endRollout(id, .completed)
      session.record([.deploymentCompleted(DeploymentCompleted(version: proposal.version, because: deployment.ground))], on: id.stream)
      session.record(ended, on: stream)
    }
  }

  /// A rollback that is called for and has no version to go to is something people must know.
  private mutating func raise(_ alert: AlertID, endpoint: String, leaving: VersionName, reason: String, refusal: Refusal) async throws {
    let state = try await session.load(EndpointState.self, "endpoint/\(endpoint)")
    guard state.suspect == leaving, state.rollbackTarget == nil else { return }
    let channels = try await session.channels()
    let subject = AlertSubject(
      rule: "no-rollback-target", endpoint: endpoint, model: leaving.model, severity: AlertSeverity.critical.rawValue, notify: channels)
    let raised = AlertRaised(subject: subject, value: nil, condition: "\(reason); \(refusal)", sinceAt: state.servingSince ?? .init(microseconds: 0))
    session.record(try await session.load(AlertState.self, alert.stream).decide(.raise(raised)), on: alert.stream)
  }
}

extension DecisionSession {
  /// The channels that are declared at this moment.
  func channels() async throws -> [String] {
    try await database.query("select name from kedge.channel order by name").map { try $0.decode(String.self) }
  }
}
