import EventLog
import Foundation
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Values

/// Rules of LOG.md that are about no single part of the log; the others are named in the suites of their parts.
@Suite struct `Rules` {
  // MARK: Append

  @Test func `idempotency is checked first, then the lease, then the versions`() async throws {
    try await withTestDatabase { database in
      let stream = StreamName("run/1")
      let stale = LeaseToken(work: UUID(), token: 1)
      func append(_ key: String?, _ number: Int, expecting: ExpectedVersion, lease: LeaseToken?) async throws -> [AppendedEvent] {
        try await database.store.append([Append(stream: stream, expected: expecting, events: [.note(number, key: key)])], by: me, lease: lease)
      }
      let first = try await append("k", 1, expecting: .none, lease: nil)
      // A replay is answered, although the lease is over and the stream has moved on.
      #expect(try await append("k", 1, expecting: .exactly(7), lease: stale) == first)
      // A key that was used otherwise is said before either.
      await #expect(throws: IdempotencyConflict.self) { try await append("k", 2, expecting: .exactly(7), lease: stale) }
      // A stale lease is said before the version.
      await #expect(throws: StaleLease(work: stale.work, token: stale.token)) { try await append(nil, 1, expecting: .exactly(7), lease: stale) }
      await #expect(throws: VersionConflict.self) { try await append(nil, 1, expecting: .exactly(7), lease: nil) }
      #expect(try await database.store.read(stream).count == 1)
    }
  }

  @Test func `two appends of one transaction can deadlock, and a transaction that is told to give way runs again`() async throws {
    try await withTestDatabase { database in
      let arrived = Seen<Set<String>>([])
      try await withThrowingTaskGroup { group in
        for (first, second) in [("note/a", "note/b"), ("note/b", "note/a")] {
          group.addTask {
            try await database.client.withTransaction { transaction in
              try await EventStore(transaction).append([.note()], to: StreamName(first), by: me)
              // Each has its first stream before either asks for the second.
              arrived.value.withLock { _ = $0.insert(first) }
              let both = try await eventually {
                // Not idle.
                try await transaction.query("select 1")
                return arrived.value.withLock { $0.count == 2 }
              }
              #expect(both)
              try await EventStore(transaction).append([.note()], to: StreamName(second), by: me)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await database.value("select sum(version)::bigint from kedge.stream", as: Int.self) == 4)
      #expect(try await database.seal() == 4)
    }
  }

  @Test func `insert numbers are drawn without a cache, and no partition takes what no other does`() async throws {
    try await withTestDatabase { database in
      #expect(try await database.value("select seqcache from pg_sequence where seqrelid = 'kedge.event_number'::regclass", as: Int.self) == 1)
      let standing = try await database.value("select partdefid::int8 from pg_partitioned_table where partrelid = 'kedge.event'::regclass", as: Int.self)
      #expect(standing == 0)
      // Nothing is made in passing, by append or seal: whoever runs out of partitions hears of it.
      try await database.client.query("select setval('kedge.event_number', 29999999)")
      #expect(await sqlState { try await database.append("note/a", .note()) } == "23514")
      #expect(try await database.seal() == 0)
      #expect(try await database.value("select kedge.partitions_ahead()", as: Int.self) < 2)
    }
  }

  @Test func `streams and idempotency keys go on from one partition to the next`() async throws {
    try await withTestDatabase { database in
      let first = try await database.append("note/a", .note(0, key: "k"), .note(1, key: "l"))
      try await database.client.query("select setval('kedge.event_number', 10000000)")
      #expect(try await database.append("note/a", .note(0, key: "k"), .note(1, key: "l")) == first)
      await #expect(throws: IdempotencyConflict.self) { try await database.append("note/a", .note(2, key: "k")) }
      #expect(try await database.append("note/a", .note(3), expecting: .exactly(2))[0].version == 3)
      #expect(try await database.seal() == 3)
      #expect(try await database.sealed().map(\.version) == [1, 2, 3])
      #expect(try await database.store.read(StreamName("note/a")).count == 3)
    }
  }

  @Test func `making a partition gives way after two seconds, and appends go on meanwhile`() async throws {
    try await withTestDatabase { database in
      try await database.client.query("select setval('kedge.event_number', 10000000)")
      try await database.client.withTransaction { transaction in
        // As a vacuum of the log holds it.
        try await transaction.query("lock table kedge.event in share update exclusive mode")
        async let refused = sqlState { try await database.client.query("select kedge.extend_log()") }
        #expect(try await database.append("note/a", .note())[0].version == 1)
        #expect(await refused == .lockNotAvailable)
      }
      #expect(try await database.value("select kedge.extend_log()", as: Int.self) == 1)
    }
  }

  // MARK: Seal

  @Test func `sealing updates neither the row that it locks nor the events`() async throws {
    try await withTestDatabase { database in
      func rows() async throws -> [String] {
        try await database.client.query(
          "select ctid || ' ' || xmin from kedge.log_lock union all select ctid || ' ' || xmin from kedge.event where number <= 2", as: String.self)
      }
      try await database.append("note/a", .note(), .note())
      let before = try await rows()
      for _ in 0..<5 {
        #expect(try await database.seal() > 0)
        try await database.append("note/a", .note())
      }
      #expect(try await rows() == before)
    }
  }

  @Test func `without a notification what is new is found by looking`() async throws {
    try await withTestDatabase { database in
      try await Collector.prepare(database.client)
      let follower = Collector("collector")
      var deaf = PostgresOptions()
      deaf.listening = false
      let client = database.makeClient(options: deaf)
      try await withThrowingTaskGroup { group in
        // Neither hears of the other, as in two processes.
        group.addTask { await Sealer(client, holder: "one", logger: quiet).run() }
        group.addTask { await FollowerRunner([follower], on: client, holder: "two", logger: quiet).run() }
        for number in 1...3 {
          try await database.append("note/a", .note(number))
          #expect(try await eventually(within: .seconds(60)) { try await follower.collected(database.client).count == number })
        }
        group.cancelAll()
      }
    }
  }

  // MARK: Leases

  @Test func `a lease is checked on the clock of the database, not at the beginning of the transaction`() async throws {
    try await withTestDatabase { database in
      try await database.client.query(
        """
        insert into kedge.work (id, kind, stream, subject, sequence, position, created_at)
        values (gen_random_uuid(), 'measure', 'run/1', 's', 1, 1, now())
        """)
      let (work, token) = try await database.client.query(
        "select id, token from kedge.claim('{measure}', 'one', '1 hour')", as: UUID.self, Int64.self)[0]
      await #expect(throws: StaleLease(work: work, token: token)) {
        try await database.client.withTransaction { transaction in
          try await transaction.query("select now()")
          try await database.client.query("update kedge.lease set expires_at = clock_timestamp()")
          // By the transaction's time it is live.
          #expect(try await transaction.query("select expires_at >= now() from kedge.lease", as: Bool.self) == [true])
          try await EventStore(transaction).append(
            [Append(stream: StreamName("run/1"), expected: .any, events: [.note()])], by: me, lease: LeaseToken(work: work, token: token))
        }
      }
    }
  }

  @Test func `who has claimed, and who takes a batch in, may stand idle for a third of the lease`() async throws {
    try await withTestDatabase { database in
      @Sendable func idle(_ transaction: Transaction) async throws -> Int {
        try await transaction.query("select setting::int from pg_settings where name = 'idle_in_transaction_session_timeout'", as: Int.self)[0]
      }
      let claimed = try await database.client.withTransaction { transaction in
        try await transaction.query("select from kedge.claim('{measure}', 'one', '9 seconds')")
        return try await idle(transaction)
      }
      #expect(claimed == 3000)
      try await database.append("note/a", .note())
      let seen = Seen(0)
      let follower = Looking { transaction in
        let limit = try await idle(transaction)
        seen.value.withLock { $0 = limit }
      }
      var options = FollowerOptions()
      options.lease = .seconds(9)
      try await FollowerRunner([follower], on: database.client, holder: "one", options: options, logger: quiet).catchUp()
      #expect(seen.value.withLock { $0 } == 3000)
    }
  }

  /// What tasks tell each other.
  private final class Seen<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }
  }

  /// Looks at the transaction of its batches.
  private final class Looking: Follower {
    let name = "looking"
    let streamPrefixes: [String]? = nil
    private let look: @Sendable (Transaction) async throws -> Void

    init(_ look: @escaping @Sendable (Transaction) async throws -> Void) { self.look = look }

    func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws { try await look(transaction) }
  }
}
