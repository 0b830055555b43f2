internal import ArgumentParser
internal import Lifecycle
internal import Projections

struct Unsilence: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unsilence", abstract: "Ends a silence before its time; what was missed is told.",
    discussion: guide(example: "kedge unsilence 4be0d1 --reason 'the move is done'", .notFound, .conflict))

  @Argument(help: "Id of the silence, or how it begins.") var silence: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["silence_ended"]) {
        let lookup = Lookup(database: $0)
        let id = try await lookup.identifier(SilenceID.self, silence)
        return Target(stream: id.stream, id: id.description, cause: try await lookup.newest(id.stream))
      } decide: { session, target, _ in
        session.record(try await session.load(SilenceState.self, target.stream).end(reason: writing.reason), on: target.stream)
      }
      try change.report(changed, "silence \(changed.id) is over")
    }
  }
}
