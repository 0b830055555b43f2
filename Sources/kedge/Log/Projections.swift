internal import ArgumentParser
internal import EventLog
internal import PostgreSQL
internal import Projections
internal import Values

struct Projections: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "projections",
    abstract: "The read models: how far they are, and whether they say what the log says.",
    subcommands: [List.self, Verify.self, Rebuild.self, Release.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
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
      commandName: "verify",
      abstract: "Replays the log and compares it with what is stored, row for row.",
      discussion: guide(example: "kedge projections verify\nkedge projections verify deployments -o json", .answerIsNo, .notFound))

    @Argument(help: "Which; all without.") var names: [String] = []
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await common.withDatabase { client in
        var reports: [Replay.Report] = []
        for type in try projections(names) { reports.append(try await Gauge.show(type) { try await Replay(type, client).verify(observe: $0) }) }
        let differ = reports.filter { !$0.isEqual }
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
      commandName: "rebuild",
      abstract: "Replays the log beside the live read model and switches to the result.",
      discussion: guide(
        """
        The live read model goes on meanwhile, and shows its old rows until the switch. What differs is printed before it. No event is appended, and no
        policy runs again.
        """, example: "kedge projections rebuild deployments --yes\nkedge projections rebuild --dry-run", .notFound, .conflict))

    @Argument(help: "Which; all without.") var names: [String] = []
    @Flag(help: "Does not ask.") var yes = false
    @Flag(help: "Compares, and does not switch.") var dryRun = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      let types = try projections(names)
      var writing = try WritingOptions.parse([])
      writing.yes = yes
      writing.dryRun = dryRun
      try writing.confirm("rebuild \(names.isEmpty ? "all projections" : names.joined(separator: ", "))")
      try await common.withDatabase { client in
        var reports: [Replay.Report] = []
        for type in types {
          let replay = Replay(type, client)
          reports.append(
            try await Gauge.show(type) { observe in
              if dryRun { return try await replay.verify(observe: observe) }
              return try await replay.rebuild { step in
                if case .compared(let report) = step, !report.isEqual { Terminal.say(report.text) }
                try await observe(step)
              }
            })
        }
        Renderer(format: common.output).document(["items": .array(reports.map(\.json))]) {
          reports.map { report in
            if dryRun { return report.text }
            return "\(report.projection): rebuilt from \(report.events) events, \(report.rows) rows, up to position \(report.position)"
              + (report.isEqual ? "; nothing differed" : "")
          }.joined(separator: "\n")
        }
      }
    }
  }
}

/// - Parameter names: of projections; empty: all.
private func projections(_ names: [String]) throws -> [any Projection.Type] {
  let all = allProjections.map { $0.name }
  return try (names.isEmpty ? all : names).map { name in
    if let type = allProjections.first(where: { $0.name == name }) { return type }
    if allFollowers().contains(where: { $0.name == name }) {
      throw Complaint(
        .notFound, "\(name) is a policy: what it decided stands in the log, and it does not decide again; projections are \(all.joined(separator: ", "))")
    }
    throw Complaint(.notFound, "there is no projection \(name); they are \(all.joined(separator: ", "))")
  }
}

/// Shows on a terminal how far a replay is; in a pipe nothing.
private enum Gauge {
  static func show(
    _ type: any Projection.Type, _ replay: (@escaping @Sendable (Replay.Step) async throws -> Void) async throws -> Replay.Report
  ) async throws -> Replay.Report {
    guard Terminal.hasError else { return try await replay { _ in } }
    let name = type.name
    @Sendable func draw(_ text: String) { Terminal.write("\r\u{1b}[K\(text)", to: 2) }
    defer { draw("") }
    return try await replay { step in
      switch step {
      case .begun: draw("\(name): begins")
      case .read(let position, let end): draw("\(name): \(end == 0 ? 100 : position * 100 / end) %, position \(position) of \(end)")
      case .compared: draw("")
      case .swapped: break
      }
    }
  }
}

extension Replay.Report {
  fileprivate var isEqual: Bool { differences.isEmpty && freed.isEmpty }

  fileprivate var json: JSON {
    [
      "name": .string(projection), "position": .integer(position), "events": JSON(events), "rows": JSON(rows), "equal": .bool(isEqual),
      "differences": .array(
        differences.map {
          [
            "table": .string($0.table), "rows": ["changed": JSON($0.changed), "only_live": JSON($0.surplus), "only_replayed": JSON($0.missing)],
            "only_live": JSON($0.onlyLive), "only_replayed": JSON($0.onlyReplayed),
          ]
        }),
      "halted": JSON(halted.map(\.text)), "freed": JSON(freed.map(\.text)),
    ]
  }

  fileprivate var text: String {
    var lines = differences.map { difference in
      "\(projection): table \(difference.table) differs: \(difference.changed) rows changed, \(difference.surplus) only stored, \(difference.missing) only replayed"
        + difference.onlyLive.map { "\n  stored:   \($0)" }.joined() + difference.onlyReplayed.map { "\n  replayed: \($0)" }.joined()
    }
    lines += freed.map { "\(projection): stream \($0) is halted; the replay \(halted.contains($0) ? "halts it elsewhere" : "goes on with it")" }
    lines += halted.filter { !freed.contains($0) }.map { "\(projection): stream \($0) is halted, in the replay too" }
    if isEqual { lines.append("\(projection): \(rows) rows equal a replay of \(events) events, up to position \(position)") }
    return lines.joined(separator: "\n")
  }
}
