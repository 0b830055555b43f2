import Foundation
import Subprocess
import SystemPackage
import Values

/// The program as it was built, run for real.
struct Program: Sendable {
  /// Where it looks for its database; nil: nowhere.
  var database: String?
  var directory = NSTemporaryDirectory()
  var environment: [String: String] = [:]

  /// What a run said and how it ended.
  struct Answer: Sendable {
    let status: Int32
    let output: String
    let talk: String

    /// The document on standard output.
    var json: JSON {
      get throws { try JSON(parsing: output) }
    }
  }

  func run(_ arguments: String..., input: String? = nil) async throws -> Answer { try await run(arguments, input: input) }

  func run(_ arguments: [String], input: String? = nil) async throws -> Answer {
    var variables: [Environment.Key: String?] = ["KEDGE_DATABASE_URL": database, "KEDGE_DIRECTORY": nil, "COLUMNS": nil, "NO_COLOR": nil]
    for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
    let result = try await Subprocess.run(
      .path(FilePath(Program.path)), arguments: Arguments(arguments), environment: .inherit.updating(variables),
      workingDirectory: FilePath(directory), input: .string(input ?? ""), output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
    let status: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let signal): -signal
      }
    return Answer(status: status, output: result.standardOutput ?? "", talk: result.standardError ?? "")
  }

  /// Beside the tests.
  static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("kedge").path
}

extension JSON {
  /// The elements of a list.
  var items: [JSON] { self["items"]?.array ?? [] }
}
