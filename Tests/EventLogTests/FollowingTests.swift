import Foundation
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Values

@testable import EventLog

@Suite struct `Following` {
  private func runner(_ database: TestDatabase, _ followers: any Follower..., holder: String = "one", lease: Duration = .seconds(6)) -> FollowerRunner {
    var options = FollowerOptions()
    options.lease = lease
    return FollowerRunner(followers, on: database.client, holder: holder, options: options, logger: quiet)
  }

  private func checkpoint(_ database: TestDatabase, _ name: String) async throws -> Int64 {
    try await database.client.query("select position from kedge.follower where name = \(name)", as: Int64.self).first ?? 0
  }

  @Test func `each event comes once and in order, in batches`() async throws {
    try await withTestDatabase { database in
      try await Collector.prepare(database.client)
      let follower = Collector("collector")
      for number in 0..<10 {
        try await database.store.append((0..<100).map { .note($0) }, to: StreamName("note/\(number)"), by: me)
      }
      try await runner(database, follower).catchUp()
      #expect(try await follower.collected(database.client) == Array(1...1000))
      try await database.append("note/a", .note())
      try await runner(database, follower).catchUp()
      #expect(try await follower.collected(database.client) == Array(1...1001))
      let row = try await database.client.query(
        "select f.hash = o.hash, f.epoch, f.holder is null from kedge.follower f join kedge.log_order o using (position)", as: Bool.self, Int.self, Bool.self)
      #expect(row.first.map { $0.0 && $0.1 == 1 && $0.2 } == true)
    }
  }

  @Test(arguments: Seed.batch(8))
  func `whoever asks, wherever it stands, gets the events after its position`(seed: Seed) async throws {
    try await withTestDatabase { database in
      try await database.store.append((0..<1500).map { .note($0) }, to: StreamName("note/a"), by: me)
      try await database.seal()
      let feed = LogFeed(database.store)
      try await withThrowingTaskGroup { group in
        for reader in 0..<12 {
          group.addTask {
            var random = Seed(seed.value &* 100 &+ UInt64(reader)).makeGenerator()
            var position = Int64.random(in: 0...1500, using: &random)
            for _ in 0..<30 {
              let events = try await feed.events(after: position)
              #expect(events.first?.position == (position == 1500 ? nil : position + 1))
              #expect(
                events.count == min(LogFeed.atOnce, events.count) && events.last?.position == events.first.map { ($0.position ?? 0) + Int64(events.count) - 1 })
              // Goes on, or somewhere else.
              position = Bool.random(using: &random) ? events.last?.position ?? 0 : Int64.random(in: 0...1500, using: &random)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func `pages have each event of the streams asked for once and in order, also one sealed long after it was inserted`() async throws {
    try await withTestDatabase { database in
      func fill(_ stream: String, _ count: Int) async throws {
        for first in stride(from: 0, to: count, by: 500) {
          try await database.store.append(
            (first..<min(first + 500, count)).map { .note($0) }, to: StreamName(stream), by: me)
        }
      }
      try await database.append("note/late", .note())
      try await database.seal()
      try await database.client.withTransaction { transaction in
        // Inserted before thousands of others, and visible after them.
        try await EventStore(transaction).append([.note(-1)], to: StreamName("note/late"), by: me)
        try await fill("note/many", 2500)
        try await fill("other/many", 4500)
        try await fill("note/few", 7)
        try await database.seal()
      }
      try await fill("other/more", 3000)
      try await database.seal()
      let all = try await database.sealed()
      for prefixes in [nil, ["note/"], ["note/late", "note/few"], ["none/"]] as [[String]?] {
        var pages = SealedPages(database.store, streamPrefixes: prefixes)
        var found: [RecordedEvent] = []
        var position: Int64 = 0
        while true {
          let page = try await pages.page(after: position)
          #expect(page.events.allSatisfy { position < $0.position ?? 0 && $0.position ?? 0 <= page.end })
          guard page.end > position else { break }
          found += page.events
          position = page.end
        }
        #expect(position == Int64(all.count))
        #expect(found == all.filter { event in prefixes?.contains { event.stream.text.hasPrefix($0) } ?? true })
      }
      // What is sealed after the last page was read comes with the next one.
      var pages = SealedPages(database.store)
      let end = try await pages.page(after: Int64(all.count)).end
      try await database.append("note/few", .note(8))
      try await database.seal()
      #expect(end == Int64(all.count))
      #expect(try await pages.page(after: end).events.map(\.data) == [["n": 8]])
    }
  }

  @Test func `a follower reads its prefixes, and its checkpoint passes the rest`() async throws {
    try await withTestDatabase { database in
      try await Collector.prepare(database.client)
      let follower = Collector("collector", prefixes: ["run/", "pool/x"])
      for stream in ["run/1", "note/1", "pool/x1", "pool/y", "runner/1", "run/2", "note/2"] { try await database.append(stream, .note()) }
      try await runner(database, follower).catchUp()
      #expect(try await follower.collected(database.client) == [1, 3, 6])
      #expect(try await checkpoint(database, "collector") == 7)
    }
  }

  @Test func `writes, appended events and checkpoint commit together or not at all`() async throws {
    final class Policy: Follower {
      let name = "policy"
      let streamPrefixes: [String]? = ["note/"]
      let failures = Mutex(2)

      func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws {
        for event in batch {
          try await EventStore(transaction).append(
            [NewEvent(type: "answer_given", data: event.data)], to: StreamName("answer/\(event.stream.name)"),
            by: Attribution(actor: "policy", correlation: event.correlationID ?? event.id, causation: event.id))
        }
        // After it has appended: what may pass.
        let fails = failures.withLock { left in
          left -= 1
          return left >= 0
        }
        if fails { throw ConnectionLost(reason: "test", outcome: .nothingDone) }
      }
    }
    try await withTestDatabase { database in
      let policy = Policy()
      for number in 0..<5 { try await database.append("note/\(number)", .note(number)) }
      let runner = runner(database, policy)
      await #expect(throws: ConnectionLost.self) { try await runner.catchUp() }
      await #expect(throws: ConnectionLost.self) { try await runner.catchUp() }
      #expect(try await checkpoint(database, "policy") == 0)
      try await runner.catchUp()
      let answers = try await database.store.readSealed(after: 0, streamPrefixes: ["answer/"])
      #expect(answers.map { $0.data["n"]?.integer } == [0, 1, 2, 3, 4])
      #expect(try await checkpoint(database, "policy") == 10)
      let causes = try await database.client.query(
        "select depth, stream from audit.causes(\(answers[2].id))", as: Int.self, String.self)
      #expect(causes.map(\.0) == [0, 1] && causes.map(\.1) == ["answer/2", "note/2"])
    }
  }

  @Test func `a process whose term is over can commit nothing`() async throws {
    try await withTestDatabase { database in
      try await Collector.prepare(database.client)
      let follower = Collector("collector")
      try await database.append("note/a", .note(0))
      try await database.seal()
      @Sendable func take(_ holder: String, _ follower: any Follower) async throws -> FollowerDriver {
        try await FollowerDriver(
          taking: follower, holder: holder, database: database.client, feed: LogFeed(database.store), lease: .seconds(6), logger: quiet)
      }
      func expire() async throws { try await database.client.query("update kedge.follower set expires_at = clock_timestamp()") }

      var first = try await take("one", follower)
      await #expect(throws: FollowerError.held(follower: "collector")) { try await take("two", follower) }
      try await expire()
      var second = try await take("two", follower)
      await #expect(throws: FollowerError.takenOver(follower: "collector")) { try await first.step() }
      #expect(try await follower.collected(database.client) == [])
      #expect(try await second.step() == .worked)
      #expect(try await second.step() == .atEnd)
      #expect(try await follower.collected(database.client) == [1])

      // While a batch is under way its transaction holds the checkpoint's row: nobody takes over beside it, whatever the clock says.
      try await database.append("note/a", .note(1))
      try await database.seal()
      try await expire()
      var third = try await take(
        "three", Meanwhile(follower) { await #expect(throws: FollowerError.held(follower: "collector")) { try await take("four", follower) } })
      try await expire()
      #expect(try await third.step() == .worked)
      #expect(try await follower.collected(database.client) == [1, 2])
    }
  }

  /// Does something else in the middle of its batch.
  private final class Meanwhile: Follower {
    let name: String
    let streamPrefixes: [String]?
    private let inner: Collector
    private let other: @Sendable () async throws -> Void

    init(_ inner: Collector, _ other: @escaping @Sendable () async throws -> Void) {
      (name, streamPrefixes) = (inner.name, inner.streamPrefixes)
      (self.inner, self.other) = (inner, other)
    }

    func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws {
      try await inner.apply(batch, in: transaction)
      try await other()
    }
  }

  @Test func `another process takes over when the one that drives is gone`() async throws {
    try await withTestDatabase { database in
      try await Collector.prepare(database.client)
      let follower = Collector("collector")
      // A process that was killed: its lease is left behind.
      try await database.client.query(
        "insert into kedge.follower (name, term, holder, expires_at) values ('collector', 7, 'killed', clock_timestamp() + interval '300 ms')")
      try await database.append("note/a", .note(0))
      try await withThrowingTaskGroup { group in
        let runner = runner(database, follower, lease: .milliseconds(600))
        let sealer = Sealer(database.client, holder: "one", logger: quiet)
        group.addTask { await runner.run() }
        group.addTask { await sealer.run() }
        let took = try await eventually { try await follower.collected(database.client) == [1] }
        #expect(took)
        #expect(try await database.value("select term from kedge.follower", as: Int.self) == 8)
        group.cancelAll()
      }
      // It gave up what it had.
      #expect(try await database.value("select holder is null from kedge.follower", as: Bool.self))
      #expect(try await database.value("select holder is null from kedge.duty where name = 'seal'", as: Bool.self))
    }
  }

  @Test func `of two processes one drives and one seals`() async throws {
    try await withTestDatabase { database in
      try await Collector.prepare(database.client)
      let follower = Collector("collector")
      try await withThrowingTaskGroup { group in
        for holder in ["one", "two"] {
          let client = database.makeClient()
          let signal = LogSignal()
          let runner = FollowerRunner([follower], on: client, holder: holder, signal: signal, logger: quiet)
          group.addTask { await runner.run() }
          let sealer = Sealer(client, holder: holder, signal: signal, logger: quiet)
          group.addTask { await sealer.run() }
        }
        for number in 0..<200 { try await database.append("note/\(number % 7)", .note(number)) }
        #expect(try await eventually { try await follower.collected(database.client).count >= 200 })
        group.cancelAll()
      }
      #expect(try await follower.collected(database.client) == Array(1...200))
      #expect(try await database.value("select term from kedge.follower", as: Int.self) == 1)
      #expect(try await database.value("select term from kedge.duty where name = 'seal'", as: Int.self) == 1)
    }
  }

  @Test func `a follower whose hash is not the log's stops and says so`() async throws {
    try await withTestDatabase { database in
      try await Collector.prepare(database.client)
      let follower = Collector("collector")
      try await database.append("note/a", .note(0))
      try await runner(database, follower).catchUp()
      // As after a cold copy of the data directory was put back: other events at the same positions.
      try await database.client.query("update kedge.follower set hash = sha256('other')")
      try await database.append("note/a", .note(1))
      await #expect(throws: FollowerError.anotherLog(follower: "collector", position: 1)) { try await runner(database, follower).catchUp() }
      try await withThrowingTaskGroup { group in
        let runner = runner(database, follower)
        group.addTask { await runner.run() }
        let said = try await eventually {
          try await database.client.query("select stopped from kedge.follower", as: String?.self)[0]?
            .hasPrefix("collector has read up to position 1, and the log has another event there") == true
        }
        #expect(said)
        group.cancelAll()
      }
      // The log is shorter than what was read.
      try await database.client.query("update kedge.follower set position = 99, hash = null, expires_at = now()")
      await #expect(throws: FollowerError.anotherLog(follower: "collector", position: 99)) { try await runner(database, follower).catchUp() }
      #expect(try await follower.collected(database.client) == [1])
      // A checkpoint that is moved without its hash has none, and goes on.
      try await database.client.query("update kedge.follower set position = 0, hash = sha256('x')")
      try await database.client.query("update kedge.follower set position = 1")
      #expect(try await database.value("select hash is null from kedge.follower", as: Bool.self))
    }
  }
}
