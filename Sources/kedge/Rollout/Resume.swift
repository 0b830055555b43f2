internal import ArgumentParser
internal import Lifecycle
internal import PostgreSQL
internal import Projections

struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Lets a paused rollout go on.",
    discussion: guide(example: "kedge resume 3f2a91 --wait=30m", .notFound, .conflict, .timedOut))

  @Argument(help: "Id of the deployment, how it begins, or the version MODEL/N.") var deployment: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var waiting: WaitingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["deployment_resumed"]) {
        let lookup = Lookup(database: $0)
        return try await lookup.target(try await lookup.deployment(deployment))
      } decide: { session, target, _ in
        session.record(try await session.load(DeploymentState.self, target.stream).decide(.resume(reason: writing.reason)), on: target.stream)
      }
      try change.report(changed, "deployment \(changed.id) goes on")
      try await DeploymentEnd(client: client, waiting: waiting, writing: writing, common: common).wait(for: changed.id)
    }
  }
}
