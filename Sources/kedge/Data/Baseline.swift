internal import ArgumentParser
internal import Lifecycle
internal import Projections
internal import Workers

struct Baseline: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "baseline", abstract: "The reference data of monitors.", subcommands: [Pin.self])

  struct Pin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pin",
      abstract: "Fixes what windows are compared with.",
      discussion: guide(
        """
        What is kept is a profile: windows are compared with it, and the file is not read again, unless a test needs its rows.
        The file may itself be a profile that `kedge profile` wrote.
        """, example: "kedge baseline pin breast-cancer-live --from reference.csv", .notFound, .conflict))

    @Argument(help: "Name of the monitor.") var monitor: String
    @Option(help: ArgumentHelp("The file.", valueName: "file"), completion: .file()) var from: String
    @OptionGroup var writing: WritingOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await common.withDatabase { client in
        let change = Change(common: common, writing: writing)
        var line = ""
        let changed = try await change.make(client, types: ["baseline_pinned"]) { _ in
          Target(stream: "monitor/\(monitor)", id: monitor)
        } decide: { session, target, transaction in
          let state = try await session.load(MonitorState.self, target.stream)
          guard let specification = state.specification else { throw Refusal.unknown("there is no monitor \(monitor)") }
          let model = try await session.load(ModelState.self, "model/\(specification.model)").specification
          let found = try BaselineFile(from).read(for: specification, task: model?.task ?? .classification)
          if state.baseline != found.fact {
            session.record([.baselinePinned(found.fact)], on: target.stream)
            if !writing.dryRun { try await found.store(transaction) }
          }
          line = "baseline of \(monitor): \(found.fact.path), \(found.fact.rows) rows"
        }
        try change.report(changed, line)
      }
    }
  }
}
