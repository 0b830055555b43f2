internal import ArgumentParser
internal import Lifecycle
internal import Projections

struct Thaw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thaw",
    abstract: "Allows rollouts again, and after a rollback automatic ones without an extra approval.",
    discussion: guide(example: "kedge thaw breast-cancer-prod", .notFound, .conflict))

  @Argument(help: "Name of the endpoint.") var endpoint: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["endpoint_thawed"]) { _ in
        Target(stream: "endpoint/\(endpoint)", id: endpoint)
      } decide: { session, target, _ in
        session.record(try await session.load(EndpointState.self, target.stream).thaw(reason: writing.reason), on: target.stream)
      }
      try change.report(changed, "\(endpoint) is thawed")
    }
  }
}
