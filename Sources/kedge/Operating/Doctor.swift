internal import ArgumentParser
internal import Foundation
internal import PostgreSQL
internal import Values

struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks the database, the log, followers, work and this machine; says what to do.",
    discussion: guide("Each line is ok, warning or failed.", example: "kedge doctor\nkedge doctor -o json", .answerIsNo))

  @OptionGroup var common: CommonOptions

  func run() async throws {
    var findings: [Finding] = []
    do {
      findings = try await common.withDatabase(adjusting: {
        // It must get through wherever it is pointed at.
        $0.preparedStatements = false
        $0.maximumConnections = 4
      }) { client in
        try await client.query("select 1")
        return try await look(client)
      }
    } catch let error where !(error is CancellationError) {
      findings.append(Finding(.failed, "database", ErrorReport(error).message ?? "\(error)"))
    }
    findings.append(contentsOf: MachineCheck.findings(directory: DatabaseLocation.directory(common)))
    let items = findings.map(\.json)
    let worst = findings.contains { $0.level == .failed } ? "failed" : findings.contains { $0.level == .warning } ? "warning" : "ok"
    Renderer(format: common.output).document(["status": .string(worst), "items": .array(items)]) {
      findings.map { "\($0.painted)  \($0.subject): \($0.message)" }.joined(separator: "\n")
    }
    if worst == "failed" { throw Complaint(.answerIsNo, nil) }
  }

  /// What the checks found, in their order; some at a time, so that one that has to wait does not keep the others.
  private func look(_ client: PostgresClient) async throws -> [Finding] {
    try await withThrowingTaskGroup(of: (Int, [Finding]).self) { group in
      for (index, check) in Checks.all.enumerated() { group.addTask { (index, try await check.run(client)) } }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }.sorted { $0.key < $1.key }.flatMap(\.value)
    }
  }
}

/// What a check came to.
struct Finding {
  enum Level: String { case ok, warning, failed }

  let level: Level
  let subject: String
  /// What was found and, unless all is well, what to do.
  let message: String

  init(_ level: Level, _ subject: String, _ message: String) {
    self.level = level
    self.subject = subject
    self.message = message
  }

  var json: JSON { ["level": .string(level.rawValue), "subject": .string(subject), "message": .string(message)] }

  var painted: String {
    let word = level.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0)
    return switch level {
    case .ok: Terminal.paint(word, .green)
    case .warning: Terminal.paint(word, .yellow)
    case .failed: Terminal.paint(word, .red)
    }
  }
}

/// What can be seen without the database.
enum MachineCheck {
  /// Bytes below which a disk is nearly full.
  static let leastFree = 1 << 30

  /// - Parameter directory: of the embedded instance, if there is one.
  static func findings(directory: String) -> [Finding] {
    var isDirectory: ObjCBool = false
    let place = FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) ? directory : "."
    var status = statvfs()
    guard statvfs(place, &status) == 0 else { return [] }
    let free = Int(status.f_bavail) * Int(status.f_frsize)
    let text = "\(free / (1 << 20)) MiB free at \(place)"
    return [
      free < leastFree ? Finding(.warning, "disk", "\(text): make room before PostgreSQL has to stop") : Finding(.ok, "disk", text)
    ]
  }
}
