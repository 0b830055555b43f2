internal import ArgumentParser
internal import Lifecycle
internal import Projections

struct FalseAlarm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "false-alarm", abstract: "Marks an alert as a false alarm.",
    discussion: guide(example: "kedge false-alarm 9c1e02 --reason 'test data'", .notFound, .conflict))

  @Argument(help: "Id of the alert, or how it begins.") var alert: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["alert_marked_false"]) {
        let lookup = Lookup(database: $0)
        let id = try await lookup.identifier(AlertID.self, alert)
        return Target(stream: id.stream, id: id.description, cause: try await lookup.newest(id.stream))
      } decide: { session, target, _ in
        session.record(try await session.load(AlertState.self, target.stream).decide(.markFalse(reason: writing.reason)), on: target.stream)
      }
      try change.report(changed, "alert \(changed.id) is marked as a false alarm")
    }
  }
}
