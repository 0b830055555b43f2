import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Working` {
  struct Claimed: Sendable, Hashable {
    let id: UUID
    let token: Int64
    let subject: String
  }

  private func claim(
    _ database: any Queryable, _ kinds: [String] = ["measure"], by holder: String = "one", lease: Duration = .seconds(60), max: Int = 1, pools: [String]? = nil
  ) async throws -> [Claimed] {
    try await database.query(
      "select id, token, subject from kedge.claim(\(kinds), \(holder), make_interval(secs => \(lease.inSeconds)), \(max), \(pools))",
      as: UUID.self, Int64.self, String.self
    ).map { Claimed(id: $0.0, token: $0.1, subject: $0.2) }
  }

  @discardableResult
  private func offer(
    _ database: any Queryable, _ subject: String, kind: String = "measure", exclusive: String? = nil, sequence: Int = 1, pool: String? = nil,
    due: Duration = .zero
  ) async throws -> UUID {
    try await database.query(
      """
      insert into kedge.work (id, kind, stream, subject, exclusive, sequence, pool, due_at, position, created_at)
      values (gen_random_uuid(), \(kind), 'monitor/m', \(subject), \(exclusive), \(sequence), \(pool), now() + make_interval(secs => \(due.inSeconds)), 1, now())
      returning id
      """, as: UUID.self)[0]
  }

  private func expire(_ database: TestDatabase) async throws {
    try await database.client.query(
      "update kedge.lease set expires_at = clock_timestamp() - interval '1 s', available_at = clock_timestamp() - interval '1 s' where holder is not null")
  }

  private func append(_ database: any Queryable, _ work: Claimed, completing: Bool = false, key: String? = nil) async throws {
    try await EventStore(database).append(
      [Append(stream: StreamName("run/1"), expected: .any, events: [.note(1, key: key)])], by: me,
      lease: LeaseToken(work: work.id, token: work.token), completing: completing)
  }

  @Test func `work is claimed once, in the order in which it is due, with a token one higher at each claim`() async throws {
    try await withTestDatabase { database in
      try await offer(database.client, "later", due: .milliseconds(-10))
      try await offer(database.client, "sooner", due: .seconds(-5))
      try await offer(database.client, "not yet", due: .seconds(60))
      try await offer(database.client, "other", kind: "train")
      let first = try await claim(database.client)
      let second = try await claim(database.client, max: 5)
      #expect((first + second).map(\.subject) == ["sooner", "later"])
      #expect(second[0].token == first[0].token + 1)
      #expect(try await claim(database.client, max: 5) == [])
      try await expire(database)
      let again = try await claim(database.client, by: "two", max: 5)
      #expect(Set(again.map(\.subject)) == ["sooner", "later"])
      #expect(again.map(\.token) == [second[0].token + 1, second[0].token + 2])
      #expect(try await claim(database.client, ["train", "measure"]).map(\.subject) == ["other"])
    }
  }

  @Test func `a heartbeat prolongs a lease, and is KE003 when it is over`() async throws {
    try await withTestDatabase { database in
      try await offer(database.client, "a")
      let work = try await claim(database.client, lease: .seconds(5))[0]
      let until = try await database.client.query(
        "select extract(epoch from kedge.heartbeat(\(work.id), \(work.token), '1 hour') - now())::float8", as: Double.self)[0]
      #expect(until > 3590 && until < 3610)
      #expect(await sqlState { try await database.client.query("select kedge.heartbeat(\(work.id), \(work.token + 1), '1 s')") } == .staleLease)
      try await expire(database)
      #expect(await sqlState { try await database.client.query("select kedge.heartbeat(\(work.id), \(work.token), '1 s')") } == .staleLease)
      // Work that is wanted no longer: whoever does it hears of it.
      let next = try await claim(database.client)[0]
      try await database.client.query("delete from kedge.work")
      #expect(await sqlState { try await database.client.query("select kedge.heartbeat(\(next.id), \(next.token), '1 s')") } == .staleLease)
    }
  }

  @Test func `release gives work back at once`() async throws {
    try await withTestDatabase { database in
      try await offer(database.client, "a")
      let work = try await claim(database.client)[0]
      #expect(try await database.value("select kedge.release(\(work.id), \(work.token))", as: Bool.self))
      let again = try await claim(database.client, by: "two")
      #expect(again.map(\.subject) == ["a"])
      #expect(try await !database.value("select kedge.release(\(work.id), \(work.token))", as: Bool.self))
      await #expect(throws: StaleLease(work: work.id, token: work.token)) { try await append(database.client, work) }
      try await append(database.client, again[0])
    }
  }

  @Test func `a stale lease is KE003 and records nothing`() async throws {
    try await withTestDatabase { database in
      try await offer(database.client, "a")
      let zombie = try await claim(database.client)[0]
      try await expire(database)
      // Its time is up, also when nobody else has the work.
      await #expect(throws: StaleLease(work: zombie.id, token: zombie.token)) { try await append(database.client, zombie) }
      let successor = try await claim(database.client, by: "two")[0]
      await #expect(throws: StaleLease.self) { try await append(database.client, zombie, completing: true) }
      try await append(database.client, successor, completing: true)
      await #expect(throws: StaleLease.self) { try await append(database.client, zombie) }
      #expect(try await database.store.read(StreamName("run/1")).count == 1)
    }
  }

  @Test func `completing marks the lease done with the outcome, and a replay is answered although it is`() async throws {
    try await withTestDatabase { database in
      try await offer(database.client, "a")
      let work = try await claim(database.client)[0]
      struct Undone: Error {}
      try? await database.client.withTransaction {
        try await append($0, work, completing: true, key: "k")
        throw Undone()
      }
      // The outcome was undone, and so was the completion.
      try await append(database.client, work, completing: true, key: "k")
      try await expire(database)
      #expect(try await claim(database.client) == [])
      try await append(database.client, work, completing: true, key: "k")
      await #expect(throws: StaleLease.self) { try await append(database.client, work, completing: true) }
      #expect(try await database.store.read(StreamName("run/1")).count == 1)
      // A rebuild deletes and inserts: it revives nothing.
      try await database.client.withTransaction {
        try await $0.query("create temporary table saved on commit drop as select * from kedge.work")
        try await $0.query("delete from kedge.work")
        try await $0.query("insert into kedge.work select * from saved")
      }
      #expect(try await claim(database.client) == [])
      #expect(try await database.value("select kedge.sweep_leases()", as: Int.self) == 0)
      // The projection has passed the outcome.
      try await database.client.query("delete from kedge.work")
      #expect(try await database.value("select kedge.sweep_leases()", as: Int.self) == 1)
      #expect(try await database.value("select count(*) from kedge.lease", as: Int.self) == 0)
    }
  }

  @Test func `a rebuild keeps the leases of what is under way`() async throws {
    try await withTestDatabase { database in
      try await offer(database.client, "a")
      let work = try await claim(database.client)[0]
      try await database.client.withTransaction {
        try await $0.query("create temporary table saved on commit drop as select * from kedge.work")
        try await $0.query("delete from kedge.work")
        try await $0.query("insert into kedge.work select * from saved")
      }
      #expect(try await claim(database.client, by: "two") == [])
      try await append(database.client, work, completing: true)
    }
  }

  @Test func `a claim holds while an append with the lease is open`() async throws {
    try await withTestDatabase { database in
      try await offer(database.client, "a")
      let work = try await claim(database.client, lease: .seconds(30))[0]
      try await database.client.withTransaction { transaction in
        try await append(transaction, work)
        let timeout = try await transaction.query("select setting::int from pg_settings where name = 'idle_in_transaction_session_timeout'", as: Int.self)
        #expect(timeout[0] == 10_000, "a third of the lease")
        // The lease runs out in the middle: the row is locked, nobody gets the work before this ends.
        let over = try await eventually {
          // Not idle.
          try await transaction.query("select 1")
          return try await database.value("select expires_at < clock_timestamp() from kedge.lease", as: Bool.self)
        }
        #expect(over)
        let others = try await claim(database.client, by: "two")
        #expect(others == [])
      }
      #expect(try await claim(database.client, by: "two").count == 1)
    }
  }

  @Test func `of an exclusive key only the smallest sequence can be claimed`() async throws {
    try await withTestDatabase { database in
      try await offer(database.client, "third", exclusive: "m", sequence: 30)
      try await offer(database.client, "first", exclusive: "m", sequence: 10, due: .milliseconds(-1))
      try await offer(database.client, "second", exclusive: "m", sequence: 20, due: .seconds(-10))
      try await offer(database.client, "free", exclusive: "n", sequence: 99)
      let claimed = try await claim(database.client, max: 9)
      #expect(Set(claimed.map(\.subject)) == ["first", "free"])
      #expect(try await claim(database.client, max: 9) == [])
      // Done, and not yet removed by the projection: the next waits.
      let first = try #require(claimed.first { $0.subject == "first" })
      try await append(database.client, first, completing: true)
      #expect(try await claim(database.client, max: 9) == [])
      try await database.client.query("delete from kedge.work where subject = 'first'")
      let second = try await claim(database.client, max: 9)
      #expect(second.map(\.subject) == ["second"])
      // One that comes before what is under way waits until that is over, and then goes first.
      try await offer(database.client, "late", exclusive: "m", sequence: 5)
      #expect(try await claim(database.client, max: 9) == [])
      #expect(try await database.value("select kedge.release(\(second[0].id), \(second[0].token))", as: Bool.self))
      #expect(try await claim(database.client, max: 9).map(\.subject) == ["late"])
      // The same piece of work under another id keeps its place.
      try await database.client.query("delete from kedge.work where subject = 'late'")
      try await database.client.query("update kedge.work set id = gen_random_uuid(), due_at = now() + interval '1 minute' where subject = 'second'")
      #expect(try await claim(database.client, max: 9) == [])
      try await database.client.query("update kedge.work set due_at = now() where subject = 'second'")
      #expect(try await claim(database.client, max: 9).map(\.subject) == ["second"])
    }
  }

  @Test func `slots of a pool are respected, by claims at the same time too`() async throws {
    try await withTestDatabase { database in
      try await database.client.query("insert into kedge.pool values ('gpu', 3, 1), ('cpu', 1, 1)")
      for number in 0..<20 { try await offer(database.client, "g\(number)", kind: "train", pool: "gpu") }
      for number in 0..<3 { try await offer(database.client, "c\(number)", kind: "train", pool: "cpu") }
      try await offer(database.client, "free", kind: "train")
      let claimed = try await withThrowingTaskGroup(of: [Claimed].self) { group in
        for worker in 0..<8 { group.addTask { try await claim(database.client, ["train"], by: "w\(worker)", max: 2) } }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(claimed.count { $0.subject.hasPrefix("g") } == 3)
      #expect(claimed.count { $0.subject.hasPrefix("c") } == 1)
      #expect(claimed.count { $0.subject == "free" } == 1)
      // A slot is free when its work is done, and when its lease runs out.
      let done = try #require(claimed.first { $0.subject.hasPrefix("g") })
      try await append(database.client, done, completing: true)
      #expect(try await claim(database.client, ["train"], max: 9, pools: ["cpu"]) == [])
      #expect(try await claim(database.client, ["train"], max: 9, pools: ["gpu"]).count == 1)
      try await expire(database)
      #expect(try await claim(database.client, ["train"], max: 9).count == 5)
    }
  }

  @Test func `concurrent claims never hand out one piece of work twice`() async throws {
    try await withTestDatabase { database in
      try await database.client.query(
        """
        insert into kedge.work (id, kind, stream, subject, exclusive, sequence, due_at, position, created_at)
        select gen_random_uuid(), 'measure', 'monitor/m', 's' || n, case when n % 3 = 0 then 'x' || n % 30 end, n, now(), n, now() from generate_series(1, 300) n
        """)
      let claimed = try await withThrowingTaskGroup(of: [Claimed].self) { group in
        for worker in 0..<8 {
          group.addTask {
            let client = database.makeClient()
            var mine: [Claimed] = []
            // A lease that ran out in between is claimed again: these do not.
            for _ in 0..<40 { mine += try await claim(client, by: "w\(worker)", lease: .seconds(600), max: 3) }
            return mine
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(Set(claimed.map(\.id)).count == claimed.count)
      #expect(Set(claimed.map(\.token)).count == claimed.count)
      // 200 without a key, and the first of each of 10 keys.
      #expect(claimed.count == 210)
    }
  }

  @Test func `100 000 stuck leases are not in the way`() async throws {
    try await withTestDatabase { database in
      try await database.client.query(
        """
        insert into kedge.work (id, kind, stream, subject, exclusive, sequence, pool, due_at, position, created_at)
        select gen_random_uuid(), 'measure', 'monitor/m', 's' || n, case when n % 2 = 0 then 'one' end, n, null, now() - interval '1 hour', n, now()
        from generate_series(1, 100000) n
        """)
      // All are held by workers that hang, but for those that wait for another of their key.
      let held = try await claim(database.client, by: "hangs", lease: .seconds(3600), max: 200_000)
      #expect(held.count == 50_001)
      try await database.client.query("vacuum analyze kedge.lease")
      try await offer(database.client, "new")
      try await database.client.withTransaction { transaction in
        func read() async throws -> Int {
          try await transaction.query(
            "select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::bigint from pg_stat_xact_all_tables where relname in ('lease', 'work')", as: Int.self)[0]
        }
        let before = try await read()
        let claimed = try await claim(transaction, by: "two", max: 4)
        let after = try await read()
        #expect(claimed.map(\.subject) == ["new"])
        #expect(after - before < 50, "rows read")
      }
    }
  }
}
