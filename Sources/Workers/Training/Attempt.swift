internal import Foundation
internal import Integrations
internal import Lifecycle
internal import PostgreSQL
internal import Values

/// One attempt at a trainer's or evaluator's command: its folder, its input, its output.
struct Attempt: Sendable {
  let context: WorkContext
  let run: UUID
  let step: String
  let number: Int
  /// The folder of this attempt alone.
  let folder: String

  /// Makes the folder, empty.
  init(_ context: WorkContext, scratch: String, run: UUID, step: String, number: Int) throws {
    self.context = context
    self.run = run
    self.step = step
    self.number = number
    // The worker's name keeps a zombie's files apart from those of whoever took over.
    folder = "\(scratch)/runs/\(run.lowercased)/\(step)-\(number)-\(UUID().lowercased.prefix(8))"
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
  }

  /// `KEDGE_OUTPUT`.
  var output: String { folder + "/output" }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// Runs the command to its end, which it does not outlive; what it prints can be followed meanwhile.
  func run(_ command: [String], in directory: String, timeout: Duration, input: JSON, supervisor: CommandRun.SupervisorCommand) async throws -> CommandResult {
    let inputPath = folder + "/input.json"
    try Data(input.text(.indented).utf8).write(to: URL(fileURLWithPath: inputPath))
    let command = CommandRun(
      command: command, directory: directory, environment: ProcessInfo.processInfo.environment, runID: run.lowercased, attempt: number,
      input: inputPath, output: output, logFile: folder + "/log", timeout: timeout)
    let keeper = OutputKeeper(context.database, run: run, step: step, attempt: number)
    return await command.run(supervisor: supervisor) { await keeper.keep($0) }
  }

  /// Stores the last lines beside the log and gives what events refer to them by.
  func attach(_ lines: [String]) async throws -> UUID? {
    guard !lines.isEmpty else { return nil }
    let id = UUID()
    try await context.database.query("insert into kedge.attachment (id, content) values (\(id), \(["last_lines": JSON(lines)] as JSON))")
    return id
  }
}

/// Puts what a command prints into the database, piece by piece, so that it can be followed from anywhere.
private actor OutputKeeper {
  private let database: PostgresClient
  private let run: UUID
  private let step: String
  private let attempt: Int
  private var number = 0
  private var bytes = 0

  /// A run that prints more is cut here; its last lines are kept with its failure all the same.
  private static let limitBytes = 16 << 20

  init(_ database: PostgresClient, run: UUID, step: String, attempt: Int) {
    self.database = database
    self.run = run
    self.step = step
    self.attempt = attempt
  }

  func keep(_ piece: [UInt8]) async {
    guard bytes < OutputKeeper.limitBytes else { return }
    bytes += piece.count
    number += 1
    // Output is for people to look at: when the database is away, the run goes on without.
    _ = try? await database.query(
      """
      insert into kedge.run_output (run, step, attempt, number, content) values (\(run), \(step), \(attempt), \(number), \(piece))
      on conflict do nothing
      """)
  }
}
