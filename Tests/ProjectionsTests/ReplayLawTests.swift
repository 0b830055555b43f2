import EventLog
import Foundation
import Logging
import PostgreSQL
import Projections
import Synchronization
import TestSupport
import Testing
import Values

/// Issue 3: what a projection wrote event by event, in batches of any size and with crashes between, is what a replay writes.
@Suite struct `Replay laws` {
  @Test(arguments: [Torture.seed])
  func `a rebuild equals what was written in batches of any size, through crashes and rebuilds`(seed: Seed) async throws {
    // ops/torture says a million.
    let events = Torture.events(inEveryRun: 20_000)
    let began = ContinuousClock.now
    try await withTestDatabase { database in
      var random = seed.makeGenerator()
      var facts = RandomFacts(seed)
      var (appended, crashes, rebuilds) = (0, 0, 0)
      let batches = Batches()
      var process = Followers(database, counting: batches, random: &random)
      while appended < events {
        // Now and then a handful, mostly hundreds: batches of one event up to the most that is read at once.
        let goal = appended + [1, 3, 40, 300, 2000].randomElement(using: &random)!
        while appended < goal {
          let appends = try (0..<min(100, goal - appended)).map { _ in try facts.append() }
          try await EventStore(database.client).append(appends, by: Attribution(actor: Bool.random(using: &random) ? "olga" : "dora"))
          appended += appends.reduce(0) { $0 + $1.events.count }
        }
        while true {
          do {
            try await process.runner.catchUp()
            break
          } catch is CancellationError {
            crashes += 1
            // What it remembered is gone with it.
            process = Followers(database, counting: batches, random: &random)
          }
        }
        Torture.say("replay law: \(appended) of \(events) events, \(crashes) crashes")
        // The longer the log, the rarer: a rebuild reads all of it, and in the end the law would do nothing else.
        if Int.random(in: 0..<(12 * max(1, appended / 20_000)), using: &random) == 0, let name = allProjections.randomElement(using: &random)?.name {
          rebuilds += 1
          let report = try await Replay(name, database.client)!.rebuild()
          #expect(report.differences.isEmpty, "\(seed), after \(appended) events: \(report)")
        }
      }
      #expect(try await HaltedStreams(database.client).list() == [], "\(seed)")
      let written = ContinuousClock.now - began
      var rows = 0
      for projection in allProjections {
        let report = try await Replay(projection.name, database.client)!.verify()
        #expect(report.differences.isEmpty, "\(seed): \(report)")
        #expect(report.rows > 0, "\(projection.name) wrote nothing")
        rows += report.rows
      }
      #expect(crashes > 0)
      let figures = """
        \(appended) events in \(batches.count) batches with \(crashes) crashes and \(rebuilds) rebuilds in \(written.components.seconds) s; \
        \(rows) rows of \(allProjections.count) projections equal their replay, which took \((ContinuousClock.now - began - written).components.seconds) s
        """
      Torture.say("= replay law (\(seed)): \(figures)")
      print("\(seed): \(figures)")
    }
  }

  @Test(arguments: Seed.batch(2))
  func `each prefix of a small log replays to what was there`(seed: Seed) async throws {
    try await withTestDatabase { database in
      var random = seed.makeGenerator()
      var facts = RandomFacts(seed)
      let process = Followers(database, crashing: false, random: &random)
      for length in 1...40 {
        try await EventStore(database.client).append([try facts.append()], by: Attribution(actor: "olga"))
        try await process.runner.catchUp()
        for projection in allProjections {
          let report = try await Replay(projection.name, database.client)!.verify()
          #expect(report.differences.isEmpty, "\(seed), after \(length) appends: \(report)")
        }
      }
      #expect(try await HaltedStreams(database.client).list() == [], "\(seed)")
    }
  }

  @Test(arguments: Seed.batch(2))
  func `streams that were halted and released later show what a replay shows`(seed: Seed) async throws {
    try await withTestDatabase { database in
      var random = seed.makeGenerator()
      var facts = RandomFacts(seed)
      let process = Followers(database, crashing: false, choking: 40, random: &random)
      let halted = HaltedStreams(database.client)
      var (releases, most) = (0, 0)
      for round in 1...12 {
        let appends = try (0..<80).map { _ in try facts.append() }
        try await EventStore(database.client).append(appends, by: Attribution(actor: "olga"))
        try await process.runner.catchUp()
        let list = try await halted.list()
        most = max(most, list.count)
        // Some are released while others wait for longer; in the end all are.
        for stream in list where round == 12 || Int.random(in: 0..<3, using: &random) == 0 {
          let follower = process.followers.first { $0.name == stream.follower }!
          while case .halted = try await halted.release(stream.stream, of: follower, .retry, by: Attribution(actor: "olga")) {}
          releases += 1
        }
      }
      try await process.runner.catchUp()
      for stream in try await halted.list() {
        let follower = process.followers.first { $0.name == stream.follower }!
        while case .halted = try await halted.release(stream.stream, of: follower, .retry, by: Attribution(actor: "olga")) {}
      }
      #expect(most > 3 && releases > 10, "\(seed): \(most) halted at once, \(releases) released")
      for projection in allProjections {
        let report = try await Replay(projection.name, database.client)!.verify()
        #expect(report.differences.isEmpty, "\(seed): \(report)")
      }
    }
  }

  /// The projections of one process, as it begins: with nothing in memory.
  private struct Followers {
    let runner: FollowerRunner
    let followers: [any Follower]

    /// - Parameter choking: one of so many events cannot be digested, when it comes for the first time.
    init(
      _ database: TestDatabase, crashing: Bool = true, choking: Int? = nil, counting batches: Batches = Batches(), random: inout SeededGenerator
    ) {
      followers = allProjections.map {
        Interrupted(ProjectionFollower($0), crashing: crashing, choking: choking, counting: batches, random: Seed(random.next()).makeGenerator())
      }
      var options = FollowerOptions()
      // A machine that does other things besides must not end a batch.
      options.lease = .seconds(300)
      runner = FollowerRunner(
        followers, on: database.client, holder: "one", options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
  }
}

/// Counts the batches of all followers.
private final class Batches: Sendable {
  private let number = Atomic(0)
  var count: Int { number.load(ordering: .relaxed) }
  func add() { number.add(1, ordering: .relaxed) }
}

/// A follower whose batches are cut at random, and whose process ends at random: before it began, in the middle, or before the commit.
private final class Interrupted: Follower {
  let name: String
  let streamPrefixes: [String]?
  private let inner: ProjectionFollower
  private let random: Mutex<SeededGenerator>
  private let crashing: Bool
  private let choking: Int?
  private let batches: Batches
  /// Events that it has choked on, or taken in: never again.
  private let known = Mutex<Set<UUID>>([])

  init(_ inner: ProjectionFollower, crashing: Bool, choking: Int?, counting batches: Batches, random: SeededGenerator) {
    (name, streamPrefixes) = (inner.name, inner.streamPrefixes)
    (self.inner, self.crashing, self.choking, self.batches) = (inner, crashing, choking, batches)
    self.random = Mutex(random)
  }

  private func draw(_ range: ClosedRange<Int>) -> Int { random.withLock { Int.random(in: range, using: &$0) } }

  func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws {
    if let choking {
      for event in batch where known.withLock({ $0.insert(event.id).inserted }) && draw(1...choking) == 1 {
        throw PoisonEvent(event, reason: "drawn at random")
      }
    }
    var rest = batch[...]
    while !rest.isEmpty {
      let part = rest.prefix(draw(0...3) == 0 ? draw(1...20) : rest.count)
      try await inner.apply(Array(part), in: transaction)
      batches.add()
      rest = rest.dropFirst(part.count)
      // As when a process is told to stop: nothing is the events' fault.
      if crashing, draw(0...25) == 0 { throw CancellationError() }
    }
  }
}
