internal import CLinux
internal import Foundation
internal import Glibc

/// An installed PostgreSQL server.
struct ServerBinaries: Hashable, Sendable {
  /// The oldest major version that Kedge runs on.
  static let oldest = 14

  /// The major version.
  var version: Int
  /// The directory with `postgres` and `initdb`.
  var directory: String

  /// The server for a cluster.
  /// - Parameters:
  ///   - version: what the data was made by; nil for the newest.
  ///   - data: the data directory, for the error.
  /// - Throws: `EmbeddedError.noServer`, `.versionMissing`.
  static func find(version: Int?, data: String) async throws -> ServerBinaries {
    let candidates = candidates()
    var found: [ServerBinaries] = []
    for directory in candidates where access(directory + "/postgres", X_OK) == 0 && access(directory + "/initdb", X_OK) == 0 {
      guard let major = await majorVersion(of: directory + "/postgres") else { continue }
      found.append(ServerBinaries(version: major, directory: directory))
    }
    if let version {
      guard let match = found.first(where: { $0.version == version }) else {
        throw EmbeddedError.versionMissing(needed: version, found: Set(found.map(\.version)).sorted(), data: data)
      }
      return match
    }
    guard let newest = found.max(by: { $0.version < $1.version }), newest.version >= oldest else {
      throw EmbeddedError.noServer(searched: candidates, found: Set(found.map(\.version)).sorted())
    }
    return newest
  }

  /// Where distributions put it, then the PATH.
  private static func candidates() -> [String] {
    var directories: [String] = []
    for (root, prefix, suffix) in [("/usr/lib/postgresql", "", "/bin"), ("/usr", "pgsql-", "/bin")] {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
      let versions = names.filter { $0.hasPrefix(prefix) && Double($0.dropFirst(prefix.count)) != nil }
      let newestFirst = versions.sorted { Double($0.dropFirst(prefix.count)) ?? 0 > Double($1.dropFirst(prefix.count)) ?? 0 }
      directories += newestFirst.map { "\(root)/\($0)\(suffix)" }
    }
    directories.append("/usr/local/pgsql/bin")
    directories += (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    var seen: Set<String> = []
    return directories.filter { seen.insert($0).inserted }
  }

  /// `postgres (PostgreSQL) 15.18 (Debian …)`
  private static func majorVersion(of program: String) async -> Int? {
    guard let output = try? await CommandOutput.run([program, "--version"], in: "/"), output.exit == .code(0) else { return nil }
    let word = output.text.split(separator: " ").first { $0.first?.isNumber == true }
    return word.flatMap { Int($0.prefix { $0.isNumber }) }
  }
}

/// What a short command printed.
struct CommandOutput: Sendable {
  var exit: ChildProcess.Exit?
  /// Standard output and error, the last 64 KiB.
  var text: String

  /// Runs a command to its end; when it takes longer than the limit, or the task is cancelled, it is killed.
  static func run(_ arguments: [String], in directory: String, limit: Duration = .seconds(120)) async throws -> CommandOutput {
    let file = kedge_memory_file("kedge-output")
    guard file >= 0 else { throw EmbeddedError.system("hold the output of", arguments.first ?? "") }
    defer { close(file) }
    let process = try await ChildProcess.start(arguments, in: directory, output: file)
    if await process.wait(limit) == nil {
      process.killAll()
      await Task { _ = await process.wait(nil) }.value
      try Task.checkCancellation()
    }
    return CommandOutput(exit: process.ended, text: LogTail.read(file, bytes: 65_536))
  }
}
