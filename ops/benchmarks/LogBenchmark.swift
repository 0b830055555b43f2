internal import EventLog
internal import Foundation
internal import Logging
internal import PostgreSQL
internal import Values

/// The log: appends, growth, latency, reading and work, each beside its peer or the physical limit.
struct LogBenchmark: Sendable {
  let arguments: Bench.Arguments
  let client: PostgresClient

  func run(into report: inout Report) async throws {
    try await AppendBenchmark(arguments: arguments, client: client).run(into: &report)
    try await drain(into: &report)
    try await LatencyBenchmark(url: arguments.database, client: client, seconds: arguments.quick ? 3 : 15).run(into: &report)
    try await withDatabase("reading") { reading in try await ReadBenchmark(arguments: arguments, client: reading).run(into: &report) }
    try await withDatabase("work") { work in
      try await withDatabase("stuck") { stuck in
        try await WorkBenchmark(arguments: arguments, client: work, stuck: stuck, database: { try await create($0) }).run(into: &report)
      }
    }
    try await withDatabase("idle") { idle in
      try await MemoryBenchmark(arguments: arguments, client: idle, url: url("idle")).run(into: &report)
    }
    try await withDatabase("small") { small in
      try await GrowthBenchmark(arguments: arguments, client: client, small: small).run(into: &report)
    }
  }

  /// What the appends have left unsealed, and how long it takes to see that nothing is.
  private func drain(into report: inout Report) async throws {
    Bench.note("sealing")
    try await Sealer.seal(client)
    var probes: [Double] = []
    for _ in 0..<200 {
      let began = ContinuousClock.now
      try await Sealer.seal(client)
      probes.append((ContinuousClock.now - began).inSeconds * 1e6)
    }
    report.add("an empty probe, round trip", probes.median, unit: "µs")
  }

  private func create(_ name: String) async throws -> String {
    try await client.query(Query(unsafeSQL: "create database \(name)"))
    return url(name)
  }

  private func url(_ name: String) -> String { arguments.database.replacing("///postgres", with: "///\(name)") }

  private func withDatabase(_ name: String, _ body: (PostgresClient) async throws -> Void) async throws {
    let database = Bench.client(try await create(name))
    let result: Result<Void, any Error>
    do { result = .success(try await body(database)) } catch { result = .failure(error) }
    await database.close()
    try result.get()
  }

  struct Failed: Error, CustomStringConvertible {
    let what: String
    var description: String { what }
  }
}
