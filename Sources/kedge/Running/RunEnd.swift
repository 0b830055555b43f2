internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

/// Waits until a run is over, for `--wait`.
struct RunEnd {
  let client: PostgresClient
  let waiting: WaitingOptions
  let writing: WritingOptions
  let common: CommonOptions

  /// Returns when it succeeded and nothing is left to be asked for, at once without `--wait`.
  /// - Throws: a complaint with the exit code that tells how else it ended.
  func wait(for text: String) async throws {
    guard waiting.wait != nil, !writing.dryRun, let uuid = UUID(uuidString: text) else { return }
    let id = RunID(uuid)
    let phase = try await waiting.until("run \(id)", in: client) { () async throws -> RunState.Phase? in
      var session = DecisionSession(client)
      let state = try await session.load(RunState.self, id.stream)
      return state.isActive ? nil : state.phase
    }
    guard phase == .succeeded else {
      throw Complaint(
        .failed, "run \(id) \(phase == .timedOut ? "timed out" : phase == .cancelled ? "was cancelled" : "failed"); `kedge describe run \(id)` tells why")
    }
    guard let evaluated = try await evaluation(of: id) else { return common.say("run \(id) has succeeded") }
    guard let endpoint = evaluated.fact.deploy else {
      if evaluated.fact.passed { return common.say("run \(id) has succeeded: \(evaluated.fact.challenger) is registered") }
      throw held(evaluated.fact)
    }
    let deployment = DeploymentID(cause: evaluated.event, policy: PromotingPolicy.name, name: endpoint)
    let word = try await waiting.until("the proposal of \(evaluated.fact.challenger)", in: client) { () async throws -> String? in
      // Before the look: the proposal may come between the two.
      let hasPassed = try await hasPassed(evaluated.event)
      var session = DecisionSession(client)
      let state = try await session.load(DeploymentState.self, deployment.stream)
      if state.phase != .none { return state.word }
      return hasPassed ? "none" : nil
    }
    switch word {
    case "held": throw held(evaluated.fact)
    case "awaiting_approval":
      throw Complaint(.waitsForApproval, "\(evaluated.fact.challenger) waits for an approval; `kedge approve \(deployment)` gives it")
    case "none": common.say("run \(id) has succeeded: \(evaluated.fact.challenger) is registered, and proposed nowhere")
    default: common.say("run \(id) has succeeded: deployment \(deployment) of \(evaluated.fact.challenger) is \(word)")
    }
  }

  private func held(_ fact: RunEvaluated) -> Complaint {
    Complaint(.answerIsNo, "\(fact.challenger) did not pass the gate: \(fact.failure)")
  }

  private func evaluation(of id: RunID) async throws -> (event: UUID, fact: RunEvaluated)? {
    let row = try await client.query(
      "select id, data from kedge.event where stream = \(id.stream) and type = 'run_evaluated' order by version desc limit 1"
    ).first
    return try row.map { (try $0.decode(UUID.self, at: 0), try $0.decode(JSON.self, at: 1).decode(RunEvaluated.self)) }
  }

  /// Whether the policy that proposes has seen the event.
  private func hasPassed(_ event: UUID) async throws -> Bool {
    try await !client.query(
      """
      select 1 from kedge.follower f where f.name = \(PromotingPolicy.name) and f.position >=
        (select o.position from kedge.log_order o join kedge.event e on e.number = o.event where e.id = \(event))
      """
    ).isEmpty
  }
}
