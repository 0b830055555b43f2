internal import ArgumentParser
internal import Lifecycle
internal import Projections

struct Cancel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Calls a run off; its trainer is ended.",
    discussion: guide(example: "kedge cancel run 77b0c2 --reason 'wrong data' --yes", .notFound, .conflict))

  enum Thing: String, ExpressibleByArgument, CaseIterable { case run }

  @Argument(help: "run") var thing: Thing
  @Argument(help: "Its id, or how it begins.") var id: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try writing.confirm("cancel run \(id)")
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["run_cancelled"]) {
        let lookup = Lookup(database: $0)
        let run = try await lookup.identifier(RunID.self, id)
        return Target(stream: run.stream, id: run.description, cause: try await lookup.newest(run.stream))
      } decide: { session, target, _ in
        session.record(try await session.load(RunState.self, target.stream).cancel(reason: writing.reason), on: target.stream)
      }
      try change.report(changed, "run \(changed.id) is cancelled")
    }
  }
}
