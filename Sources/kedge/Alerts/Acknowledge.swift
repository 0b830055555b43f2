internal import ArgumentParser
internal import Lifecycle
internal import Projections

struct Acknowledge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ack", abstract: "Says that somebody looks after an alert.",
    discussion: guide(example: "kedge ack 9c1e02 --reason 'calling the lab'", .notFound, .conflict))

  @Argument(help: "Id of the alert, or how it begins.") var alert: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["alert_acknowledged"]) {
        let lookup = Lookup(database: $0)
        let id = try await lookup.identifier(AlertID.self, alert)
        return Target(stream: id.stream, id: id.description, cause: try await lookup.newest(id.stream))
      } decide: { session, target, _ in
        session.record(try await session.load(AlertState.self, target.stream).decide(.acknowledge(reason: writing.reason)), on: target.stream)
      }
      try change.report(changed, "alert \(changed.id) is acknowledged")
    }
  }
}
