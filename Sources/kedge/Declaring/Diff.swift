internal import ArgumentParser
internal import Declarations
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct Diff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Says what applying files would change; exit code 3 if anything.",
    discussion: guide(example: "kedge diff -f kedge.yaml", .answerIsNo))

  @OptionGroup var files: FileOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let sources = try files.sources()
    try await common.withDatabase { client in
      let plan = try await client.withTransaction { transaction in
        let declarations = try DeclarationFile.parse(sources, declared: try await Specifications(database: transaction).all())
        var session = DecisionSession(transaction)
        return try await Plan(declarations, &session, transaction, now: .now())
      }
      let changed = plan.items.filter { !$0.facts.isEmpty }
      Renderer(format: common.output).document(["differs": .bool(!plan.isEmpty), "items": .array(changed.map(json) + plan.schedules.map(json))]) {
        plan.isEmpty ? "" : (changed.map(text) + plan.schedules.map(text)).joined(separator: "\n")
      }
      if plan.isEmpty {
        if common.output == .table { common.say("nothing differs") }
      } else {
        throw Complaint(.answerIsNo, nil)
      }
    }
  }

  private func json(_ item: Plan.Item) -> JSON {
    [
      "name": .string(item.declaration.streamName), "new": .bool(item.isNew),
      "changes": .array(item.changes.map { ["path": .string($0.path), "old": $0.old ?? .null, "new": $0.new ?? .null] }),
      "events": JSON(item.facts.map(\.type)),
    ]
  }

  private func json(_ schedule: (stream: String, facts: [Fact])) -> JSON {
    ["name": .string(schedule.stream), "new": false, "changes": [], "events": JSON(schedule.facts.map(\.type))]
  }

  private func text(_ item: Plan.Item) -> String {
    if item.isNew { return Terminal.paint("+ \(item.declaration.streamName)", .green) }
    let baseline = item.facts.contains { if case .baselinePinned = $0 { true } else { false } }
    return
      ([Terminal.paint("~ \(item.declaration.streamName)", .yellow)] + item.changes.map { "    \($0)" } + (baseline ? ["    the content of the baseline"] : []))
      .joined(separator: "\n")
  }

  private func text(_ schedule: (stream: String, facts: [Fact])) -> String {
    if case .scheduleRemoved? = schedule.facts.first { return Terminal.paint("- \(schedule.stream)", .red) }
    return Terminal.paint("+ \(schedule.stream)", .green)
  }
}
