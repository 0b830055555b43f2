internal import ArgumentParser
internal import Lifecycle
internal import Projections

struct Baseline: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "The reference data of monitors.", subcommands: [Pin.self])

  struct Pin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fixes what windows are compared with.",
      discussion: guide(example: "kedge baseline pin breast-cancer-live --from reference.csv", .notFound, .conflict))

    @Argument(help: "Name of the monitor.") var monitor: String
    @Option(help: ArgumentHelp("The file.", valueName: "file"), completion: .file()) var from: String
    @OptionGroup var writing: WritingOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
      let found = try BaselineFile(from).pinned()
      try await common.withDatabase { client in
        let change = Change(common: common, writing: writing)
        let changed = try await change.make(client, types: ["baseline_pinned"]) { _ in
          Target(stream: "monitor/\(monitor)", id: monitor)
        } decide: { session, target, _ in
          let state = try await session.load(MonitorState.self, target.stream)
          guard state.specification != nil else { throw Refusal.unknown("there is no monitor \(monitor)") }
          if state.baseline != found { session.record([.baselinePinned(found)], on: target.stream) }
        }
        try change.report(changed, "baseline of \(monitor): \(found.path), \(found.rows) rows")
      }
    }
  }
}
