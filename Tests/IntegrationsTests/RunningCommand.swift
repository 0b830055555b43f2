import Foundation
import Glibc
import Integrations
import Synchronization

/// One attempt in a directory of its own, and a look at the processes that belong to it.
struct Attempt {
  let directory: TemporaryDirectory
  let id = UUID().uuidString

  /// The stand-in for the `kedge` binary, which is built beside the tests.
  static let fixture: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: tests).deletingLastPathComponent().appending(path: "SuperviseFixture").path()
  }()

  static let supervisor = CommandRun.SupervisorCommand(executable: fixture, arguments: ["supervise"])

  init() throws { directory = try TemporaryDirectory() }

  func run(
    _ command: [String], in workingDirectory: String? = nil, environment: [String: String] = [:], timeout: Duration = .seconds(60),
    grace: Duration = .milliseconds(300), outputLimitBytes: Int = 1 << 30, onOutput: (@Sendable ([UInt8]) async -> Void)? = nil
  ) async -> CommandResult {
    let run = CommandRun(
      command: command, directory: workingDirectory ?? directory.path, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      runID: id, attempt: 2, input: "\(directory.path)/input.json", output: directory.path, logFile: "\(directory.path)/log", timeout: timeout, grace: grace,
      outputLimitBytes: outputLimitBytes)
    return await run.run(supervisor: Attempt.supervisor, onOutput: onOutput)
  }

  func run(
    sh script: String, timeout: Duration = .seconds(60), grace: Duration = .milliseconds(300), outputLimitBytes: Int = 1 << 30,
    onOutput: (@Sendable ([UInt8]) async -> Void)? = nil
  ) async -> CommandResult {
    await run(["/bin/sh", "-c", script], timeout: timeout, grace: grace, outputLimitBytes: outputLimitBytes, onOutput: onOutput)
  }

  /// The living processes that have this attempt in their environment, however far they went from their parents.
  func processes(matching word: String = "") throws -> [pid_t] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
      guard let environment = try? Data(contentsOf: URL(filePath: "/proc/\(process)/environ")), environment.range(of: Data(id.utf8)) != nil,
        let arguments = try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline"))
      else { return false }
      return word.isEmpty || arguments.range(of: Data(word.utf8)) != nil
    }
  }
}

/// Bytes that a callback collects.
final class Collected: Sendable {
  private let bytes = Mutex<(pieces: [[UInt8]], largest: Int)>(([], 0))

  func add(_ piece: [UInt8]) { bytes.withLock { $0 = ($0.pieces + [piece], max($0.largest, piece.count)) } }

  var text: String { String(decoding: bytes.withLock { $0.pieces }.joined(), as: UTF8.self) }
  var pieces: [String] { bytes.withLock { $0.pieces }.map { String(decoding: $0, as: UTF8.self) } }
}
