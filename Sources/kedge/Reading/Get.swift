internal import ArgumentParser
internal import PostgreSQL
internal import Values

struct Get: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get",
    abstract: "Lists things of a kind, or shows one.",
    discussion: guide(
      """
      Kinds: \(Kind.all.map(\.name).joined(separator: " ")).
      --as-of shows what the log held at an earlier time, by when events were sealed: some milliseconds after they were appended.
      NAME may be the beginning of an identifier, or a group: the monitor of measurements, the model of versions, the state of alerts …
      """,
      example:
        "kedge get deployments -o json\nkedge get measurements breast-cancer-live --limit 5\nkedge get endpoints --watch\nkedge get deployments --as-of 2026-11-23T06:10:00Z",
      .notFound))

  @Argument(help: "What to show.", completion: .list(Kind.all.map(\.name))) var kind: String
  @Argument(help: "Which one, or which group.") var name: String?
  @Option(help: "Only the newest so many.") var limit: Int?
  @Flag(name: .shortAndLong, help: "Shows it again whenever it has changed.") var watch = false
  @OptionGroup var past: PastOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if watch, past.asOf != nil { throw ValidationError("--watch and --as-of: the past does not change; leave one of them out") }
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected 1 or more") }
  }

  func run() async throws {
    let kind = try Kind.named(self.kind)
    try await common.withDatabase(patience: watch ? .seconds(10) : .zero) { client in
      guard watch else {
        return show(try await past.read([kind], from: client, common) { try await read(kind, $0) }, kind)
      }
      var last: ReadModel.Found?
      while true {
        let found = try await read(kind, ReadModel(database: client))
        if last.map({ !same($0, found) }) ?? true {
          if Terminal.hasOutput { Terminal.write("\u{1b}[H\u{1b}[2J", to: 1) }
          show(found, kind)
        }
        last = found
        try await Task.sleep(for: .seconds(1))
      }
    }
  }

  private func read(_ kind: Kind, _ model: ReadModel) async throws -> ReadModel.Found {
    guard let name else { return .several(try await model.all(kind, limit: limit)) }
    let found = try await model.find(kind, name)
    if case .several(let items) = found, let limit { return .several(Array(items.suffix(limit))) }
    return found
  }

  private func show(_ found: ReadModel.Found, _ kind: Kind) {
    let renderer = Renderer(format: common.output)
    switch found {
    case .one(let item): renderer.one(item, kind.columns, name: kind.nameOf)
    case .several(let items):
      if items.isEmpty, common.output == .table || common.output == .wide { return common.say("there are no \(kind.name)") }
      renderer.list(items, kind.columns, name: kind.nameOf)
    }
  }

  private func same(_ one: ReadModel.Found, _ other: ReadModel.Found) -> Bool {
    switch (one, other) {
    case (.one(let one), .one(let other)): one == other
    case (.several(let one), .several(let other)): one == other
    default: false
    }
  }
}
