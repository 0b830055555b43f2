internal import ArgumentParser
internal import Lifecycle
internal import Projections

/// What the commands on one deployment have in common.
struct DeploymentChange {
  let deployment: String
  let common: CommonOptions
  let writing: WritingOptions

  /// - Parameters:
  ///   - type: of the event that it appends.
  ///   - deed: what to ask about, e.g. `abort`; nil asks nothing.
  ///   - line: what to say, e.g. `is aborted`.
  func run(_ type: String, confirming deed: String?, _ command: DeploymentCommand, _ line: String) async throws {
    if let deed { try writing.confirm("\(deed) deployment \(deployment)") }
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: [type]) {
        let lookup = Lookup(database: $0)
        return try await lookup.target(try await lookup.deployment(deployment))
      } decide: { session, target, _ in
        session.record(try await session.load(DeploymentState.self, target.stream).decide(command), on: target.stream)
      }
      try change.report(changed, "deployment \(changed.id) \(line)")
    }
  }
}
