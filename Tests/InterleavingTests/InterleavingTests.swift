import EventLog
import Foundation
import TestSupport
import Testing

/// Issue 3: sessions take steps in every order that a seed can draw, and the rules of the log hold whatever it is.
@Suite struct `Interleavings` {
  /// How many, unless `KEDGE_INTERLEAVINGS` says another number.
  static let count = ProcessInfo.processInfo.environment["KEDGE_INTERLEAVINGS"].flatMap(UInt64.init) ?? 10_000
  /// The one that `KEDGE_SEED` asks for.
  static let only = ProcessInfo.processInfo.environment["KEDGE_SEED"].flatMap(UInt64.init)

  @Test func `whatever the interleaving, no event is missing or sealed twice, positions are gapless, and no stale completion is accepted`() async throws {
    // Others each run; a failure says which.
    let first = Self.only ?? UInt64.random(in: 1...1_000_000_000)
    let count = Self.only == nil ? Self.count : 1
    let lanes = min(4, count)
    let began = ContinuousClock.now
    let sums = try await withThrowingTaskGroup(of: Summary.self) { group in
      for lane in 0..<lanes {
        let seeds = Self.only.map { Array(repeating: Seed($0), count: 100) } ?? stride(from: first + lane, to: first + count, by: Int(lanes)).map { Seed($0) }
        group.addTask { try await run(seeds) }
      }
      return try await group.reduce(into: Summary()) { $0 += $1 }
    }
    for failure in sums.failures { Issue.record("\(failure.message)") }
    print("interleavings of seeds \(first)..<\(first + count): \(sums), in \(ContinuousClock.now - began)")
    if Self.only == nil {
      #expect(sums.failures.isEmpty ? sums.interleavings == Int(count) : true)
      // They would prove little if sessions did not get into each other's way.
      #expect(sums.waits > sums.interleavings / 2, "\(sums)")
      #expect(sums.events > 3 * sums.interleavings, "\(sums)")
    }
  }

  /// One database after another seed.
  private func run(_ seeds: [Seed]) async throws -> Summary {
    try await withTestDatabase { database in
      let summary = try await onThread {
        let lane = try Lane(database)
        var summary = Summary()
        for seed in seeds {
          let report = try lane.run(seed)
          if Self.only != nil, summary.interleavings == 0 { print(report.trace.joined(separator: "\n")) }
          summary.add(report)
          // What follows in this database would suffer from it.
          if !report.violations.isEmpty { break }
        }
        return summary
      }
      // The whole chain once more, by the second implementation.
      if summary.failures.isEmpty {
        let verification = try await ChainVerifier(database.client).verify()
        #expect(verification.isVerified && verification.events >= summary.events)
      }
      return summary
    }
  }

  @Test func `a seed gives one interleaving`() async throws {
    try await withTestDatabase { database in
      let (differing, compared) = try await onThread {
        let lane = try Lane(database)
        var (differing, compared): ([String], Int) = ([], 0)
        for seed in Seed.batch(60) {
          let (once, again) = (try lane.run(seed), try lane.run(seed))
          // Of several that wait, which goes first is up to the server.
          guard once.races == 0, again.races == 0 else { continue }
          compared += 1
          if once.comparable != again.comparable {
            differing.append("\(seed):\n" + once.comparable.joined(separator: "\n") + "\n--\n" + again.comparable.joined(separator: "\n"))
          }
        }
        return (differing, compared)
      }
      #expect(compared > 15)
      #expect(differing.isEmpty)
    }
  }
}

/// What came of many interleavings.
struct Summary: Sendable, CustomStringConvertible {
  private(set) var interleavings = 0
  private(set) var steps = 0
  private(set) var events = 0
  private(set) var waits = 0
  private(set) var deadlocks = 0
  private(set) var races = 0
  private(set) var failures: [Interleaving.Report] = []

  mutating func add(_ report: Interleaving.Report) {
    interleavings += 1
    steps += report.steps
    events += report.events
    waits += report.waits
    deadlocks += report.deadlocks
    races += report.races
    if !report.violations.isEmpty { failures.append(report) }
  }

  static func += (sum: inout Summary, other: Summary) {
    sum.interleavings += other.interleavings
    sum.steps += other.steps
    sum.events += other.events
    sum.waits += other.waits
    sum.deadlocks += other.deadlocks
    sum.races += other.races
    sum.failures += other.failures
  }

  var description: String {
    "\(interleavings) interleavings of \(steps) steps, \(events) events, \(waits) waits, \(deadlocks) deadlocks, \(races) races, \(failures.count) failures"
  }
}

extension Interleaving.Report {
  /// The trace without tokens, which go on counting from one interleaving to the next.
  var comparable: [String] { trace.map { $0.replacing(/token \d+/, with: "token") } }
}

/// Runs what blocks on a thread of its own: the cooperative pool has few.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
  }
}

/// The interleavings would prove nothing if they could not fail.
@Suite struct `Planted mistakes` {
  @Test(arguments: PlantedMistake.all)
  func `a log that is wrong is found out, and again by the seed that found it`(mistake: PlantedMistake) async throws {
    let found = try #require(try await search(for: mistake, in: Seed.batch(6000)), "6000 interleavings did not find it")
    print("\(mistake): found by interleaving \(found.seed.value): \(found.violations[0])")
    // As KEDGE_SEED does, in another database.
    #expect(try await search(for: mistake, in: Array(repeating: found.seed, count: 100)) != nil, "\(found.seed) does not find it again")
  }

  /// The first interleaving that finds the mistake.
  private func search(for mistake: PlantedMistake, in seeds: [Seed]) async throws -> Interleaving.Report? {
    try await withTestDatabase { database in
      try await onThread {
        let lane = try Lane(database)
        let sql = try mistake.sql { try lane.control.run("select pg_get_functiondef(oid) from pg_proc where oid = $1::regproc", [$0])[0][0] ?? "" }
        _ = try lane.control.run(sql)
        // Some are found in more ways than one: the others do not count.
        for seed in seeds {
          let report = try lane.run(seed)
          if report.violations.contains(where: { violation in mistake.found.contains { violation.contains($0) } }) { return report }
        }
        return nil
      }
    }
  }
}
