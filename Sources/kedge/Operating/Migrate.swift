internal import ArgumentParser
internal import Migrations
internal import Values

struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Brings a database to this version; safe to run twice, and from two places at once.",
    discussion: guide(example: "kedge migrate --database postgresql://db.example/kedge\nkedge migrate --dry-run"))

  @Flag(help: "Says what it would do, and does nothing.") var dryRun = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase { client in
      let steps = try await Migrator(client).migrate(dryRun: dryRun)
      Renderer(format: common.output).document(
        ["dry_run": .bool(dryRun), "items": .array(steps.map { ["path": .string($0.path), "action": .string($0.action.rawValue)] })]
      ) {
        if common.quiet { return "" }
        if steps.isEmpty { return "the database is up to date" }
        return steps.map { (dryRun ? "would " : "") + $0.description }.joined(separator: "\n")
      }
    }
  }
}
