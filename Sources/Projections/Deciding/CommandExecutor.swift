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
      for (stream, facts) in try await decide(command, because: cause) { session.record(facts, on: stream) }
    } catch is Refusal {
      return
    }
    let attribution = Attribution(actor: "kedge/\(policy)", principal: nil, correlation: cause.correlation ?? cause.id, causation: cause.id)
    let decided = session.decided
    try await session.append(by: attribution)
    if !decided.isEmpty { appended.append((decided, attribution)) }
  }

  private mutating func decide(_ command: Command, because cause: FactRecord) async throws -> [(stream: String, facts: [Fact])] {
    var streams = StreamStates()
    for (stream, type) in command.reads { streams[stream] = try await session.load(type, stream) }
    if case .rollBack = command { streams.channels = try await session.channels() }
    let decided = try command.decide(on: streams)
    guard case .startRollout(let id, _) = command, let position = cause.position else { return decided }
    // What the policy has not read yet, and is in the log all the same.
    let deployment = streams.state(id.stream, DeploymentState.self)
    guard let proposal = deployment.proposal else { return decided }
    let evidence = try await EvidenceReader(session.database).evidence(on: proposal, after: position)
    guard let voided = try? deployment.decide(.voidApprovals(evidence)) else { return decided }
    return [(id.stream, voided)]
  }
}

extension DecisionSession {
  /// The channels that are declared at this moment.
  func channels() async throws -> [String] {
    try await database.query("select name from kedge.channel order by name").map { try $0.decode(String.self) }
  }
}
