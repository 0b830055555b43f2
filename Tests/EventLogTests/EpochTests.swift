import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Epochs` {
  private func epoch(_ database: TestDatabase) async throws -> Int { try await database.value("select max(number) from kedge.log_epoch") }

  @Test(arguments: [
    "UPDATE kedge.log_epoch SET system_identifier = 1", "UPDATE kedge.log_epoch SET timeline = '00000009'", "UPDATE kedge.log_epoch SET database_oid = 1",
    "UPDATE kedge.log_epoch SET lock_oid = 1", "UPDATE kedge.log_seal SET snap_xmax = '4611686018427387904'",
  ])
  func `transaction ids of another cluster begin an epoch, and nothing is lost`(difference: String) async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      #expect(try await epoch(database) == 1)
      try await database.append("note/a", .note(1))
      try await database.append("note/b", .note(2))
      // Restored rows: ids from elsewhere, and a sequence that was left behind.
      try await database.tamper("UPDATE kedge.event SET xid = '4611686018427387904' WHERE number > 1; \(difference)")
      try await database.client.query("select setval('kedge.event_number', 1)")
      #expect(try await database.seal() == 2)
      #expect(try await epoch(database) == 2)
      try await database.append("note/a", .note(3))
      #expect(try await database.seal() == 1)
      let sealed = try await database.sealed()
      #expect(sealed.map { $0.data["n"]?.integer } == [0, 1, 2, 3])
      #expect(sealed.map(\.position) == [1, 2, 3, 4])
      #expect(try await epoch(database) == 2)
      #expect(try await ChainVerifier(database.client).verify().isVerified)
      #expect(try await ChainVerifier(database.client).verifyInDatabase().isVerified)
      #expect(try await database.client.query("select epoch from audit.event order by position", as: Int.self) == [1, 2, 2, 2])
    }
  }

  @Test func `ids of an older epoch that come again are no candidates`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.tamper("UPDATE kedge.log_epoch SET system_identifier = 1")
      try await database.seal()
      // The row sealed long ago carries an id that this cluster gives out only now.
      let next = try await database.value("select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 3)::text", as: String.self)
      try await database.tamper("UPDATE kedge.event SET xid = '\(next)' WHERE number = 1")
      for number in 1...5 {
        try await database.append("note/a", .note(number))
        #expect(try await database.seal() == 1)
      }
      #expect(try await database.sealed().map { $0.data["n"]?.integer } == [0, 1, 2, 3, 4, 5])
    }
  }

  @Test func `an epoch begins beside open writers, and their events are sealed after it`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.client.withTransaction { writer in
        // It has an id, and has not touched the log.
        try await writer.query("select pg_current_xact_id()")
        try await database.append("note/a", .note(1))
        try await database.tamper("UPDATE kedge.log_epoch SET system_identifier = 1")
        #expect(try await database.seal() == 1)
        try await EventStore(writer).append([.note(2)], to: StreamName("note/a"), by: me)
        #expect(try await database.seal() == 0)
      }
      #expect(try await database.seal() == 1)
      #expect(try await database.sealed().map { $0.data["n"]?.integer } == [0, 1, 2])
    }
  }

  @Test func `a writer that does not end makes the raise give way, and appends go on`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.tamper("UPDATE kedge.log_epoch SET system_identifier = 1")
      try await database.client.withTransaction { writer in
        try await EventStore(writer).append([.note(1)], to: StreamName("note/a"), by: me)
        #expect(await sqlState { try await database.seal() } == .lockNotAvailable)
        try await database.append("note/b", .note(2))
      }
      #expect(try await database.seal() == 2)
    }
  }

  @Test func `a dump restored into a new database loses nothing, and followers go on`() async throws {
    try await withTestDatabase { database in
      try await withTestDatabase(.empty) { restored in
        try await Collector.prepare(database.client)
        let follower = Collector("collector")
        try await database.append("note/a", .note(0))
        let runner = FollowerRunner([follower], on: database.client, holder: "one", logger: quiet)
        try await runner.catchUp()
        try await database.append("note/a", .note(1, key: "k"))
        try await database.append("note/b", .note(2))
        let dump = Process()
        dump.executableURL = URL(fileURLWithPath: "/bin/sh")
        dump.arguments = ["-c", "pg_dump \"$FROM\" | psql -q -v ON_ERROR_STOP=1 \"$TO\" > /dev/null"]
        dump.environment = ProcessInfo.processInfo.environment.merging(["FROM": database.url, "TO": restored.url]) { $1 }
        try dump.run()
        dump.waitUntilExit()
        #expect(dump.terminationStatus == 0)

        #expect(await sqlState { try await restored.client.query("delete from kedge.event") } == "23001")
        try await restored.append("note/a", .note(3))
        #expect(try await restored.append("note/a", .note(1, key: "k"))[0].version == 2)
        try await FollowerRunner([follower], on: restored.client, holder: "two", logger: quiet).catchUp()
        #expect(try await restored.sealed().map { $0.data["n"]?.integer } == [0, 1, 2, 3])
        #expect(try await follower.collected(restored.client) == [1, 2, 3, 4])
        #expect(try await epoch(restored) == 2)
        #expect(try await ChainVerifier(restored.client).verify().isVerified)
      }
    }
  }
}
