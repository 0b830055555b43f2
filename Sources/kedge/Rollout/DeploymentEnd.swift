internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections

/// Waits until a deployment is over, for `--wait`.
struct DeploymentEnd {
  let client: PostgresClient
  let waiting: WaitingOptions
  let writing: WritingOptions
  let common: CommonOptions

  /// Returns when it completed, at once without `--wait`.
  /// - Throws: a complaint with the exit code that tells how else it ended.
  func wait(for text: String) async throws {
    guard waiting.wait != nil, !writing.dryRun, let uuid = UUID(uuidString: text) else { return }
    let id = DeploymentID(uuid)
    let word = try await waiting.until("deployment \(id)", in: client) { () async throws -> String? in
      var session = DecisionSession(client)
      let state = try await session.load(DeploymentState.self, id.stream)
      switch state.phase {
      case .rolling: return nil
      default: return state.word
      }
    }
    switch word {
    case "completed": common.say("deployment \(id) is completed")
    case "awaiting_approval": throw Complaint(.waitsForApproval, "deployment \(id) waits for an approval; `kedge approve \(id)` gives it")
    case "held":
      throw Complaint(.answerIsNo, "deployment \(id) is held: its version did not pass the gate; `kedge promote \(id) --override-gate --reason …` lifts it")
    default: throw Complaint(.failed, "deployment \(id) is \(word); `kedge why deployment \(id)` tells why")
    }
  }
}
