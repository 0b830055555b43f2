import EventLog
import PostgreSQL
import TestSupport
import Testing
import Values

/// Issue 3: neither sealing nor reading a stream looks into partitions in which there is nothing for it.
@Suite struct `Growth` {
  /// The first event number of the second partition.
  private static let second: Int64 = 10_000_000

  /// From here on events go to the next partition.
  private func fillPartition(_ database: TestDatabase) async throws {
    try await database.client.query("select setval('kedge.event_number', greatest(\(Growth.second), nextval('kedge.event_number') + \(Growth.second)))")
    try await database.client.query("select kedge.extend_log()")
  }

  private func raiseFloor(_ database: TestDatabase) async throws -> Bool { try await database.value("select kedge.raise_floor()") }

  /// How often `body` searches a partition, and what it returns.
  private func searches<Result>(
    _ database: TestDatabase, of partition: String = "event_0", _ body: (Transaction) async throws -> Result
  ) async throws -> (count: Int, result: Result) {
    try await database.client.withTransaction { transaction in
      func count() async throws -> Int {
        try await transaction.query(
          """
          select (coalesce(sum(pg_stat_get_xact_numscans(i.indexrelid)), 0) + pg_stat_get_xact_numscans(('kedge.' || \(partition))::regclass))::bigint
          from pg_index i where i.indrelid = ('kedge.' || \(partition))::regclass
          """, as: Int.self)[0]
      }
      // Counters go on from transaction to transaction.
      let before = try await count()
      let result = try await body(transaction)
      return (try await count() - before, result)
    }
  }

  /// How often a seal searches a partition, and how many events it seals.
  private func sealing(_ database: TestDatabase, of partition: String = "event_0") async throws -> (count: Int, result: Int64) {
    try await searches(database, of: partition) { try await Sealer.seal($0) }
  }

  private func numbers(_ events: [RecordedEvent]) -> [Int?] { events.map { $0.data["n"]?.integer } }

  @Test func `sealing leaves out old partitions when their writers have ended`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      #expect(try await !raiseFloor(database))
      try await fillPartition(database)
      #expect(try await !raiseFloor(database))
      try await database.append("note/a", .note(1))
      #expect(try await raiseFloor(database))
      // It has sealed what was there, and does not rise again before there is more.
      #expect(try await database.store.head() == 2)
      #expect(try await !raiseFloor(database))
      #expect(try await sealing(database) == (0, 0))
      try await database.append("note/a", .note(2))
      #expect(try await sealing(database) == (0, 1))
      #expect(try await sealing(database, of: "event_1").count > 0)
      #expect(numbers(try await database.sealed()) == [0, 1, 2])
      #expect(try await ChainVerifier(database.client).verify().isVerified)
    }
  }

  @Test(arguments: [false, true])
  func `an open writer in an old partition is waited for, whatever happens meanwhile`(commits: Bool) async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await attempt {
        try await database.client.withTransaction(retries: 0) { writer in
          try await EventStore(writer).append([.note(1)], to: StreamName("note/slow"), by: me)
          try await fillPartition(database)
          for number in 2...4 {
            try await database.append("note/b", .note(number))
            #expect(try await !raiseFloor(database))
            #expect(try await database.seal() == 1)
          }
          if !commits { throw CancellationError() }
        }
      }
      #expect(try await raiseFloor(database))
      #expect(try await sealing(database) == (0, 0))
      #expect(numbers(try await database.sealed()) == (commits ? [0, 2, 3, 4, 1] : [0, 2, 3, 4]))
    }
  }

  private func attempt(_ body: () async throws -> Void) async throws {
    do { try await body() } catch is CancellationError {}
  }

  @Test func `writers that come later are not waited for`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.client.withTransaction { slow in
        try await EventStore(slow).append([.note(1)], to: StreamName("note/slow"), by: me)
        try await fillPartition(database)
        #expect(try await !raiseFloor(database))
        try await slow.query("rollback")
        try await slow.query("begin")
        try await EventStore(slow).append([.note(2)], to: StreamName("note/slow"), by: me)
        #expect(try await raiseFloor(database))
      }
      #expect(try await database.seal() == 1)
      #expect(numbers(try await database.sealed()) == [0, 2])
    }
  }

  @Test func `a prepared transaction in an old partition is waited for`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      let name = "\(database.name)-growth"
      try await database.client.withConnection { connection in
        try await connection.query("begin")
        try await EventStore(connection).append([.note(1)], to: StreamName("note/slow"), by: me)
        try await fillPartition(database)
        #expect(try await !raiseFloor(database))
        // Known as a writer, it takes another name.
        try await connection.query("prepare transaction '\(unsafeSQL: name)'")
      }
      #expect(try await !raiseFloor(database))
      #expect(try await !raiseFloor(database))
      try await database.client.query("commit prepared '\(unsafeSQL: name)'")
      #expect(try await raiseFloor(database))
      #expect(numbers(try await database.sealed()) == [0, 1])
    }
  }

  @Test func `a floor does not count in another epoch`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await fillPartition(database)
      #expect(try await !raiseFloor(database))
      #expect(try await raiseFloor(database))
      // Restored, with a sequence that was left behind: what is appended has lower numbers than the floor.
      try await database.tamper("UPDATE kedge.log_epoch SET system_identifier = 1")
      try await database.client.query("select setval('kedge.event_number', 1)")
      try await database.append("note/a", .note(1))
      #expect(try await database.seal() == 1)
      try await database.append("note/a", .note(2))
      #expect(try await database.seal() == 1)
      #expect(numbers(try await database.sealed()) == [0, 1, 2])
      // A floor that was noted before the epoch is forgotten.
      try await fillPartition(database)
      #expect(try await !raiseFloor(database))
      #expect(try await raiseFloor(database))
      #expect(try await sealing(database) == (0, 0))
    }
  }

  @Test func `the floor rises under writers, and no event is lost`() async throws {
    try await withTestDatabase { database in
      try await database.seal()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<6 {
          group.addTask {
            for number in 0..<60 {
              try await database.client.withTransaction { transaction in
                try await EventStore(transaction).append([.note(number)], to: StreamName("note/\(writer)"), by: me)
                // Some are open for longer than others, and some write nothing in the end.
                if number % 7 == writer { try await transaction.query("select pg_sleep(0.02)") }
              }
            }
          }
        }
        group.addTask {
          for _ in 0..<40 {
            // As many numbers as a million events would have drawn.
            try await database.client.query("select kedge.raise_floor(20), kedge.seal()")
            try await database.client.query("select pg_sleep(0.005)")
          }
        }
        try await group.waitForAll()
      }
      try await database.seal()
      let sealed = try await database.sealed()
      #expect(sealed.count == 360)
      for stream in Set(sealed.map(\.stream)) { #expect(sealed.filter { $0.stream == stream }.map(\.version) == Array(1...60)) }
      while try await database.value("select last_value - coalesce((select number from kedge.log_floor), 0) from kedge.event_number", as: Int.self) >= 20 {
        try await database.client.query("select kedge.raise_floor(20)")
      }
    }
  }

  @Test func `the probe searches by transactions also where a partition was vacuumed while it was empty`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      // Vacuumed empty, a partition is expected to stay so.
      for partition in 0...2 { try await database.client.query("vacuum analyze kedge.event_\(unsafeSQL: "\(partition)")") }
      try await fillPartition(database)
      try await database.client.withConnection { sealer in
        for turn in 0..<3 {
          try await sealer.query("select kedge.seal()")
          try await database.client.query(
            "select count(*) from kedge.append('note/b', -1, (select jsonb_agg('{\"type\": \"x\"}'::jsonb) from generate_series(1, 500)))")
          #expect(try await Sealer.seal(sealer) == 500, "turn \(turn)")
        }
        // Counters go on from transaction to transaction.
        let reading: Query = """
          select coalesce(sum(pg_stat_get_xact_tuples_returned(i.indexrelid)), 0)::bigint from pg_index i
          where i.indrelid = 'kedge.event_1'::regclass and i.indisprimary
          """
        try await sealer.query("begin")
        let before = try await sealer.query(reading, as: Int.self)[0]
        #expect(try await Sealer.seal(sealer) == 0)
        let read = try await sealer.query(reading, as: Int.self)[0] - before
        try await sealer.query("rollback")
        #expect(read < 10)
      }
    }
  }

  @Test func `a stream that began late is read without looking into older partitions`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/old", .note(0), .note(1))
      try await fillPartition(database)
      try await database.append("note/new", .note(2))
      try await database.append("note/old", .note(3))
      try await database.client.query("analyze kedge.event")
      for _ in 0..<7 {
        let reading = try await searches(database) { numbers(try await EventStore($0).read(StreamName("note/new"))) }
        #expect(reading == (0, [2]))
      }
      let old = StreamName("note/old")
      #expect(numbers(try await database.store.read(old)) == [0, 1, 3])
      #expect(numbers(try await database.store.read(old, after: 1, limit: 1)) == [1])
      #expect(numbers(try await database.store.read(old, after: 2)) == [3])
      #expect(try await database.store.read(old, after: 3) == [])
      #expect(try await database.store.read(StreamName("note/none")) == [])
      let end = try await searches(database) { numbers(try await EventStore($0).read(old, after: 2, from: Growth.second)) }
      #expect(end == (0, [3]))
    }
  }

  @Test func `events whose numbers were drawn by a sequence that was left behind are read too`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.client.query("select setval('kedge.event_number', 500)")
      try await database.append("note/b", .note(0))
      try await database.seal()
      try await database.tamper("UPDATE kedge.log_epoch SET system_identifier = 1")
      try await database.client.query("select setval('kedge.event_number', 100)")
      try await database.append("note/b", .note(1))
      try await database.seal()
      #expect(numbers(try await database.store.read(StreamName("note/b"))) == [0, 1])
      #expect(numbers(try await database.sealed()) == [0, 0, 1])
    }
  }
}
