import EventLog
import Foundation
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Values

@Suite struct `Poison` {
  private func runner(_ database: TestDatabase, _ follower: any Follower) -> FollowerRunner {
    FollowerRunner([follower], on: database.client, holder: "one", logger: quiet)
  }

  private func prepared(_ database: TestDatabase) async throws {
    try await Collector.prepare(database.client)
    for number in 0..<4 {
      for stream in ["note/a", "note/b", "note/c"] { try await database.append(stream, .note(number)) }
    }
  }

  @Test func `an event that cannot be digested halts its stream for that follower, and others go on`() async throws {
    try await withTestDatabase { database in
      try await prepared(database)
      let choking = Collector("choking", poison: { $0.stream.text == "note/b" && $0.version == 2 ? "no rows" : nil })
      let healthy = Collector("healthy")
      try await FollowerRunner([choking, healthy], on: database.client, holder: "one", logger: quiet).catchUp()
      #expect(try await choking.collected(database.client) == [1, 2, 3, 4, 6, 7, 9, 10, 12])
      #expect(try await healthy.collected(database.client) == Array(1...12))
      let halted = try await HaltedStreams(database.client).list()
      #expect(halted.count == 1)
      #expect(halted[0].follower == "choking" && halted[0].stream.text == "note/b" && halted[0].position == 5 && halted[0].error == "no rows")
      #expect(halted[0].parked == 2)
      try await database.append("note/b", .note(9))
      try await database.append("note/c", .note(9))
      try await runner(database, choking).catchUp()
      #expect(try await choking.collected(database.client).last == 14)
      #expect(try await HaltedStreams(database.client).list(follower: "choking").map(\.parked) == [3])
    }
  }

  @Test func `a release takes in what was parked in order, and is recorded`() async throws {
    try await withTestDatabase { database in
      try await prepared(database)
      let follower = Collector("choking", poison: { $0.stream.text == "note/b" && $0.version == 2 ? "no rows" : nil })
      try await runner(database, follower).catchUp()
      let halted = HaltedStreams(database.client)
      // Not mended yet: it is halted again, at the same place.
      let again = try await halted.release(StreamName("note/b"), of: follower, .retry, by: me)
      guard case .halted(0, let at) = again else { throw Unexpected(again) }
      #expect(at.position == 5 && at.parked == 2)
      follower.choke(on: { _ in nil })
      #expect(try await halted.release(StreamName("note/b"), of: follower, .retry, by: me) == .released(events: 3))
      #expect(try await follower.collected(database.client) == [1, 2, 3, 4, 6, 7, 9, 10, 12, 5, 8, 11])
      #expect(try await halted.list() == [])
      let records = try await database.store.read(StreamName("projection/choking"))
      #expect(records.map(\.type) == ["projection_released", "projection_released"])
      #expect(records[1].data["mode"] == "retry" && records[1].data["stream"] == "note/b" && records[1].actor == "tester")
      #expect(records[1].data["event"]?.string == records[1].causationID?.lowercased)
      // And it goes on.
      try await database.append("note/b", .note(5))
      try await runner(database, follower).catchUp()
      #expect(try await follower.collected(database.client).count == 15)
      await #expect(throws: FollowerError.notHalted(follower: "choking", stream: "note/b")) {
        try await halted.release(StreamName("note/b"), of: follower, .retry, by: me)
      }
    }
  }

  @Test func `a release may pass over the one, and stops at the next`() async throws {
    try await withTestDatabase { database in
      try await prepared(database)
      let follower = Collector("choking", poison: { $0.stream.text == "note/b" && [2, 4].contains($0.version) ? "no rows" : nil })
      try await runner(database, follower).catchUp()
      let halted = HaltedStreams(database.client)
      guard case .halted(1, let at) = try await halted.release(StreamName("note/b"), of: follower, .passOver, by: me) else { throw Unexpected("released") }
      #expect(at.position == 11 && at.parked == 0)
      #expect(try await halted.release(StreamName("note/b"), of: follower, .passOver, by: me) == .released(events: 0))
      #expect(try await follower.collected(database.client).sorted() == [1, 2, 3, 4, 6, 7, 8, 9, 10, 12])
    }
  }

  @Test func `the culprit of an error that stays is found, and only its stream is halted`() async throws {
    struct Odd: Error {}
    try await withTestDatabase { database in
      try await prepared(database)
      let follower = Collector("choking", before: { if $0.contains(where: { $0.position == 8 }) { throw Odd() } })
      try await runner(database, follower).catchUp()
      #expect(try await follower.collected(database.client) == [1, 2, 3, 4, 5, 6, 7, 9, 10, 12])
      #expect(try await HaltedStreams(database.client).list().map(\.position) == [8])
      #expect(try await database.store.head() == 12)
    }
  }

  @Test func `an error of the data that PostgreSQL finds is poison too`() async throws {
    final class Dividing: Follower {
      let name = "dividing"
      let streamPrefixes: [String]? = nil
      func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws {
        for event in batch { try await transaction.query("select 1 / \(event.data["n"]?.integer ?? 0)::int") }
      }
    }
    try await withTestDatabase { database in
      try await database.append("note/a", .note(1), .note(0))
      try await database.append("note/b", .note(2))
      try await runner(database, Dividing()).catchUp()
      let halted = try await HaltedStreams(database.client).list()
      #expect(halted.map(\.position) == [2])
      #expect(halted.first?.error.contains("22012") == true)
    }
  }

  @Test func `what may pass halts nothing`() async throws {
    try await withTestDatabase { database in
      try await prepared(database)
      let left = Mutex(20)
      let conflict = VersionConflict(stream: StreamName("x"), expected: 1, actual: 2)
      let follower = Collector(
        "busy",
        before: { _ in
          let fails = left.withLock { count in
            count -= 1
            return count >= 0
          }
          if fails { throw conflict }
        })
      for _ in 0..<20 { await #expect(throws: conflict) { try await runner(database, follower).catchUp() } }
      try await runner(database, follower).catchUp()
      #expect(try await follower.collected(database.client) == Array(1...12))
      #expect(try await HaltedStreams(database.client).list() == [])
    }
  }
}

struct Unexpected: Error {
  let what: String
  init(_ what: some Any) { self.what = "\(what)" }
}
