import Foundation

/// The real `kedge`, for one database.
struct Program: Sendable {
  var url: String
  /// Where it runs.
  var directory: String
  var environment: [String: String] = [:]

  /// What a command printed, and its exit code.
  struct Output: Sendable {
    let status: Int32
    let out: String
    let err: String
  }

  /// The built `kedge`, beside the tests.
  static let path: String = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent("kedge").path
      if FileManager.default.isExecutableFile(atPath: candidate), !candidate.hasSuffix(".xctest") { return candidate }
      folder.deleteLastPathComponent()
    }
    return "kedge"
  }()

  /// Runs a command to its end.
  func run(_ arguments: String...) async throws -> Output { try await run(arguments) }

  func run(_ arguments: [String]) async throws -> Output { try await Program.run(process(arguments)) }

  /// A command that is to be started.
  func process(_ arguments: [String]) -> Process {
    Program.process(Program.path, arguments, in: directory, environment.merging(["KEDGE_DATABASE_URL": url]) { mine, _ in mine })
  }

  static func process(_ path: String, _ arguments: [String], in directory: String, _ environment: [String: String] = [:]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    return process
  }

  /// Runs any process to its end, without blocking a thread of the pool.
  static func run(_ process: Process) async throws -> Output {
    let (out, err) = (Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = err
    process.standardInput = FileHandle.nullDevice
    let box = Box<Process>()
    box.value = process
    return try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        do {
          let process = box.value!
          try process.run()
          let errors = Box<Data>()
          let reader = Thread { errors.value = err.fileHandleForReading.readDataToEndOfFile() }
          reader.start()
          let text = out.fileHandleForReading.readDataToEndOfFile()
          process.waitUntilExit()
          while errors.value == nil { usleep(1000) }
          continuation.resume(
            returning: Output(
              status: process.terminationStatus, out: String(decoding: text, as: UTF8.self), err: String(decoding: errors.value!, as: UTF8.self)))
        } catch {
          continuation.resume(throwing: error)
        }
      }
    }
  }
}
