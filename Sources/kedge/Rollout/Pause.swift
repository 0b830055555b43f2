internal import ArgumentParser
internal import Lifecycle

struct Pause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Keeps a rollout in its stage.",
    discussion: guide(example: "kedge pause 3f2a91 --reason 'looking at latency'", .notFound, .conflict))

  @Argument(help: "Id of the deployment, how it begins, or the version MODEL/N.") var deployment: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await DeploymentChange(deployment: deployment, common: common, writing: writing)
      .run("deployment_paused", confirming: nil, .pause(reason: writing.reason), "is paused")
  }
}
