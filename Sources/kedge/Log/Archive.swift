internal import ArgumentParser
internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Values

struct Archive: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "archive",
    abstract: "Moves old parts of the log to cheap storage; they stay part of it.",
    discussion: guide(
      """
      With --tablespace the rows of every full partition (10 million events) go there, while everything goes on; they are read, verified and guarded as
      before. Make one on a slow or compressing disk: CREATE TABLESPACE cold LOCATION '/mnt/cold'.
      With --to its events are also written to a packed file, which `kedge audit verify --offline` verifies; what was done stands in the log as
      log_archived, with the file's SHA-256. It needs the owner of the tables, may be killed at any moment, and is then run again.
      """,
      example: "kedge archive --tablespace cold --to file:/mnt/archive --older-than 90d", .notAllowed))

  @Option(help: "Where the rows go.") var tablespace: String?
  @Option(help: ArgumentHelp("Where files go; must be there.", valueName: "file:dir")) var to: String?
  @Option(help: ArgumentHelp("Only partitions whose newest event is older, e.g. 90d.", valueName: "span")) var olderThan: String?
  @Option(name: .customLong("as"), help: ArgumentHelp("Who acts; else the operating system's user.", valueName: "name")) var actor: String?
  @Option(help: ArgumentHelp("Why; it stands in the log for good.", valueName: "text")) var reason: String?
  @Flag(help: "Says what it would do, and does nothing.") var dryRun = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if tablespace == nil, to == nil { throw ValidationError("say where to: --tablespace NAME for the rows, --to file:DIR for files, or both") }
    if let olderThan, Span(olderThan) == nil { throw ValidationError("--older-than \(olderThan): expected a span such as 90d") }
  }

  func run() async throws {
    let writing = try WritingOptions.parse(actor.map { ["--as", $0] } ?? [])
    let destination = LogArchive.Destination(tablespace: tablespace, directory: try directory())
    try await common.withDatabase { client in
      if let tablespace, try await client.query("select from pg_tablespace where spcname = \(tablespace)").isEmpty {
        throw Complaint(.badUsage, "there is no tablespace \(tablespace); a superuser makes one: CREATE TABLESPACE \(tablespace) LOCATION '…'")
      }
      let archive = LogArchive(client)
      let limit = olderThan.flatMap { Span($0) }.map { Timestamp.now() - $0.duration }
      let partitions = try await archive.partitions().filter { partition in limit.map { (partition.newestAt ?? $0) <= $0 } ?? true }
      var done: [JSON] = []
      for partition in partitions {
        if dryRun {
          done.append(["partition": .string(partition.name), "tablespace": .string(partition.tablespace), "newest_at": JSON(partition.newestAt)])
          continue
        }
        let record = try await archive.archive(
          partition, to: destination, by: Attribution(actor: writing.name), because: reason
        ) { step in common.remark("kedge.\(partition.name): \(step.rawValue)") }
        if let record { done.append(record) }
      }
      Renderer(format: common.output).list(done, Archive.columns) { $0["partition"]?.string ?? "" }
      if done.isEmpty { common.say("nothing to archive: partitions go when they are full, and once") }
    }
  }

  private static let columns = [
    TableColumn("PARTITION", "partition"), TableColumn("TABLESPACE", "tablespace"), TableColumn("FILE", "file"), TableColumn("FROM", "from_position"),
    TableColumn("TO", "to_position"), TableColumn("SHA256", "sha256", wide: true),
  ]

  /// The directory for files, absolute.
  private func directory() throws(Complaint) -> String? {
    guard let to else { return nil }
    let path = to.hasPrefix("file:") ? String(to.dropFirst(5)) : to
    guard !path.contains("://") else { throw Complaint(.badUsage, "--to \(to): files go to a directory; write file:DIR") }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
      throw Complaint(.badUsage, "--to \(to): there is no such directory; make it first")
    }
    return URL(fileURLWithPath: path).standardized.path
  }
}
