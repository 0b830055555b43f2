internal import ArgumentParser
internal import Lifecycle

struct Abort: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "abort",
    abstract: "Calls a deployment off; what served before serves again.",
    discussion: guide(example: "kedge abort 3f2a91 --reason 'latency doubled' --yes", .notFound, .conflict))

  @Argument(help: "Id of the deployment, how it begins, or the version MODEL/N.") var deployment: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await DeploymentChange(deployment: deployment, common: common, writing: writing)
      .run("deployment_aborted", confirming: "abort", .abort(reason: writing.reason), "is aborted")
  }
}
