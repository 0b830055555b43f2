internal import ArgumentParser
internal import Declarations
internal import Lifecycle
internal import Values

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Prints what is declared as YAML that `kedge apply` takes; `export events` writes the log.",
    discussion: guide(example: "kedge export > kedge.yaml\nkedge export monitor/breast-cancer-live\nkedge export events --out events.jsonl.gz", .notFound),
    subcommands: [ExportDeclarations.self, ExportEvents.self], defaultSubcommand: ExportDeclarations.self)
}

struct ExportDeclarations: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "declarations",
    abstract: "Prints what is declared as YAML that `kedge apply` takes: what `kedge export` alone does.",
    discussion: guide(example: "kedge export declarations\nkedge export > kedge.yaml\nkedge export monitor/breast-cancer-live", .notFound))

  @Argument(help: "Only these, each KIND/NAME.") var names: [String] = []
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase { client in
      let all = try await Specifications(database: client).all()
      for name in names where !all.contains(where: { $0.streamName == name }) { throw Complaint(.notFound, "nothing is declared under \(name)") }
      let wanted = names.isEmpty ? all : all.filter { names.contains($0.streamName) }
      switch common.output {
      case .json:
        let items = try wanted.map { declaration -> JSON in
          var document: JSON = ["kind": .string(declaration.kind.rawValue)]
          for (key, value) in try declaration.specification().object?.members ?? [] { document[key] = value }
          return document
        }
        Terminal.print((["items": .array(items)] as JSON).text(.indented))
      case .name: for declaration in wanted { Terminal.print(declaration.streamName) }
      case .table, .wide, .yaml: if !wanted.isEmpty { Terminal.write(try DeclarationFile.print(wanted), to: 1) }
      }
    }
  }
}
