internal import ArgumentParser
internal import EventLog
internal import PostgreSQL
internal import Values

struct ExportEvents: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Writes the log as JSON Lines that can be verified without a database.",
    discussion: guide(
      """
      Every line but the first is an event with all fields that its hash covers: data as text, times in microseconds since 1970.
      The first says what comes before. A file whose name ends in .gz is packed. `kedge audit verify --offline FILE` verifies it.
      """,
      example: "kedge export events --out events.jsonl.gz\nkedge export events --from 1000 --to 2000 > part.jsonl"))

  @Option(help: ArgumentHelp("First position.", valueName: "position")) var from: Int64 = 1
  @Option(help: ArgumentHelp("Last position; else the newest.", valueName: "position")) var to: Int64?
  @Option(help: ArgumentHelp("A file, put in place when it is whole; else standard output.", valueName: "file")) var out: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if from < 1 { throw ValidationError("--from \(from): positions begin with 1") }
    if let to, to < from { throw ValidationError("--to \(to): there is nothing before --from \(from)") }
  }

  func run() async throws {
    try await common.withDatabase { client in
      let end = try await ChainHead.read(from: client).position
      if from > end + 1 { throw Complaint(.badUsage, "--from \(from): the log ends at position \(end)") }
      let export = LogExport(client)
      guard let out else {
        return try await export.each(from: from, upTo: to) { line, _, _ in Terminal.print(line) }
      }
      let written = try await export.write(to: out, from: from, upTo: to)
      Renderer(format: common.output).document(
        [
          "file": .string(out), "events": JSON(written.events),
          "head": ["position": JSON(written.head.map { Int($0.position) }), "hash": JSON(written.head?.hexadecimal)],
        ]
      ) { common.quiet ? "" : "\(out): \(written.events) events" + (written.head.map { ", up to position \($0.position), hash \($0.hexadecimal)" } ?? "") }
    }
  }
}
