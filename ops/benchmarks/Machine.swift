internal import Foundation
internal import PostgreSQL
internal import Values

/// Where the figures come from.
struct Machine: Sendable {
  let cores = ProcessInfo.processInfo.activeProcessorCount
  let memory = ProcessInfo.processInfo.physicalMemory
  let processor: String
  let system = ProcessInfo.processInfo.operatingSystemVersionString
  /// Nil where no database has a part in it.
  let postgres: PostgreSQLSettings?
  let loadBefore = Machine.load()
  private(set) var loadAfter = 0.0

  /// How the server was set up.
  struct PostgreSQLSettings {
    let version: String
    let fsync: String

    init(_ client: PostgresClient) async throws {
      (version, fsync) = try await client.query(
        "select current_setting('server_version'), current_setting('fsync')", as: String.self, String.self)[0]
    }
  }

  init(_ postgres: PostgreSQLSettings? = nil) {
    self.postgres = postgres
    let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    processor =
      information.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
      ?? "unknown"
  }

  mutating func finish() { loadAfter = Machine.load() }

  /// Of the last minute: runnable processes, ours among them.
  static func load() -> Double {
    var loads = [0.0]
    return getloadavg(&loads, 1) == 1 ? loads[0] : 0
  }

  var json: JSON {
    JSON([
      ("cores", .integer(Int64(cores))), ("processor", .string(processor)), ("memory_bytes", .integer(Int64(memory))), ("system", .string(system)),
      ("postgresql", postgres.map { .string($0.version) }), ("fsync", postgres.map { .string($0.fsync) }), ("load_before", .number(loadBefore)),
      ("load_after", .number(loadAfter)),
    ])
  }
}
