internal import ArgumentParser
internal import Lifecycle
internal import Projections

struct Freeze: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze",
    abstract: "Allows no rollout at an endpoint; rollback stays allowed.",
    discussion: guide(example: "kedge freeze breast-cancer-prod --reason 'audit week' --yes", .notFound, .conflict))

  @Argument(help: "Name of the endpoint.") var endpoint: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try writing.confirm("freeze \(endpoint)")
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["endpoint_frozen"]) { _ in
        Target(stream: "endpoint/\(endpoint)", id: endpoint)
      } decide: { session, target, _ in
        session.record(try await session.load(EndpointState.self, target.stream).freeze(reason: writing.reason), on: target.stream)
      }
      try change.report(changed, "\(endpoint) is frozen")
    }
  }
}
