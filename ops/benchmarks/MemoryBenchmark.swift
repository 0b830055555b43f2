internal import Foundation
internal import Migrations
internal import PostgreSQL

/// What a worker that has nothing to do keeps in memory.
struct MemoryBenchmark {
  let arguments: Bench.Arguments
  /// A database of its own.
  let client: PostgresClient
  let url: String

  func run(into report: inout Report) async throws {
    guard !arguments.kedge.isEmpty else { return }
    Bench.note("memory")
    try await Migrator(client).migrate()
    let worker = Process()
    worker.executableURL = URL(fileURLWithPath: arguments.kedge)
    worker.arguments = ["worker", "--role", "projector,measurer,scheduler,trainer,deployer,notifier", "--quiet", "--database", url]
    worker.currentDirectoryURL = URL(fileURLWithPath: arguments.scratch)
    worker.standardOutput = FileHandle.nullDevice
    worker.standardError = FileHandle.nullDevice
    try Bench.withSignals { try worker.run() }
    defer {
      worker.terminate()
      worker.waitUntilExit()
    }
    // Until everything that happens now and then has happened.
    try await Task.sleep(for: .seconds(arguments.quick ? 5 : 20))
    let status = try String(contentsOfFile: "/proc/\(worker.processIdentifier)/status", encoding: .utf8)
    guard worker.isRunning, let match = status.firstMatch(of: /VmRSS:\s+([0-9]+) kB/), let kilobytes = Double(match.1) else {
      throw LogBenchmark.Failed(what: "the worker ended")
    }
    report.add("memory of an idle worker with every role", kilobytes / 1024, unit: "MiB", goal: .atMost(40))
  }
}
