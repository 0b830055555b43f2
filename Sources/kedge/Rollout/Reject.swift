internal import ArgumentParser
internal import Lifecycle

struct Reject: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject",
    abstract: "Refuses a deployment that waits.",
    discussion: guide(example: "kedge reject 3f2a91 --reason 'worse for site B' --yes", .notFound, .conflict))

  @Argument(help: "Id of the deployment, how it begins, or the version MODEL/N.") var deployment: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await DeploymentChange(deployment: deployment, common: common, writing: writing)
      .run("deployment_rejected", confirming: "reject", .reject(reason: writing.reason), "is rejected")
  }
}
