internal import ArgumentParser
internal import PostgreSQL
internal import Projections
internal import Values

struct Projections: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The read models: how far they are, and whether they say what the log says.",
    subcommands: [List.self, Verify.self, Rebuild.self, Release.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists followers and how far behind the log they are.", discussion: guide(example: "kedge projections list"))

    @OptionGroup var common: CommonOptions

    func run() async throws {
      let kind = try Kind.named("projections")
      try await common.withDatabase { client in
        Renderer(format: common.output).list(try await ReadModel(database: client).all(kind), kind.columns, name: kind.nameOf)
      }
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Replays the log and compares it with what is stored, row for row.",
      discussion: guide(example: "kedge projections verify\nkedge projections verify deployments -o json", .answerIsNo, .notFound))

    @Argument(help: "Which; all without.") var names: [String] = []
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await common.withDatabase { client in
        var reports: [Replay.Report] = []
        for replay in try replays(names, client) { reports.append(try await replay.verify()) }
        let differ = reports.filter { !$0.differences.isEmpty }
        Renderer(format: common.output).document(["verified": .bool(differ.isEmpty), "items": .array(reports.map(\.json))]) {
          reports.map(\.text).joined(separator: "\n")
        }
        if !differ.isEmpty {
          throw Complaint(
            .answerIsNo,
            "\(differ.map(\.projection).joined(separator: ", ")): what is stored is not what the log says; `kedge projections rebuild NAME` mends it")
        }
      }
    }
  }

  struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Replays the log beside the live read model and switches to the result.",
      discussion: guide(example: "kedge projections rebuild deployments --yes", .notFound))

    @Argument(help: "Which; all without.") var names: [String] = []
    @Flag(help: "Does not ask.") var yes = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      var writing = try WritingOptions.parse([])
      writing.yes = yes
      try writing.confirm("rebuild \(names.isEmpty ? "all projections" : names.joined(separator: ", "))")
      try await common.withDatabase { client in
        var reports: [Replay.Report] = []
        for replay in try replays(names, client) { reports.append(try await replay.rebuild()) }
        Renderer(format: common.output).document(["items": .array(reports.map(\.json))]) {
          reports.map { "\($0.projection): rebuilt from \($0.events) events, \($0.rows) rows, up to position \($0.position)" }.joined(separator: "\n")
        }
      }
    }
  }
}

/// - Parameter names: of projections; empty: all.
private func replays(_ names: [String], _ client: PostgresClient) throws -> [Replay] {
  let all = allProjections.map { $0.name }
  return try (names.isEmpty ? all : names).map { name in
    guard let replay = Replay(name, client) else {
      throw Complaint(.notFound, "there is no projection \(name); they are \(all.joined(separator: ", "))")
    }
    return replay
  }
}

extension Replay.Report {
  fileprivate var json: JSON {
    [
      "name": .string(projection), "position": .integer(position), "events": JSON(events), "rows": JSON(rows), "equal": .bool(differences.isEmpty),
      "differences": .array(
        differences.map { ["table": .string($0.table), "only_live": JSON($0.onlyLive), "only_replayed": JSON($0.onlyReplayed)] }),
    ]
  }

  fileprivate var text: String {
    guard !differences.isEmpty else { return "\(projection): \(rows) rows equal a replay of \(events) events, up to position \(position)" }
    return differences.map { difference in
      "\(projection): table \(difference.table) differs"
        + difference.onlyLive.map { "\n  only stored:   \($0)" }.joined() + difference.onlyReplayed.map { "\n  only replayed: \($0)" }.joined()
    }.joined(separator: "\n")
  }
}
