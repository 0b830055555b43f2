import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Sealing` {
  @Test func `positions are gapless and in insert order, and a second seal finds nothing`() async throws {
    try await withTestDatabase { database in
      #expect(try await database.seal() == 0)
      try await database.append("note/a", .note(), .note())
      try await database.append("note/b", .note())
      #expect(try await database.seal() == 3)
      #expect(try await database.seal() == 0)
      try await database.append("note/a", .note())
      #expect(try await database.seal() == 1)
      let sealed = try await database.sealed()
      #expect(sealed.map(\.position) == [1, 2, 3, 4])
      #expect(sealed.map(\.stream.text) == ["note/a", "note/a", "note/b", "note/a"])
      #expect(sealed.map(\.version) == [1, 2, 1, 3])
      #expect(try await database.store.readSealed(after: 0, limit: 1, streamPrefixes: ["note/b", "x"]).map(\.position) == [3])
      #expect(try await database.store.head() == 4)
    }
  }

  @Test func `an empty probe writes nothing`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note())
      try await database.seal()
      try await database.client.withTransaction { transaction in
        try await Sealer.seal(transaction)
        let id = try await transaction.query("select pg_current_xact_id_if_assigned()::text", as: String?.self)
        #expect(id == [nil])
      }
    }
  }

  @Test func `an event appended after the seal in the same transaction is sealed by the next`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.append("note/a", .note(1))
      try await database.client.withTransaction { transaction in
        let store = EventStore(transaction)
        try await store.append([.note(2)], to: StreamName("note/b"), by: me)
        // Its own are left out, before and after.
        #expect(try await Sealer.seal(transaction) == 1)
        try await store.append([.note(3)], to: StreamName("note/b"), by: me)
        #expect(try await Sealer.seal(transaction) == 0)
        try await store.append([.note(4)], to: StreamName("note/b"), by: me)
      }
      #expect(try await database.seal() == 3)
      #expect(try await database.sealed().map { $0.data["n"]?.integer } == [0, 1, 2, 3, 4])
      #expect(try await ChainVerifier(database.client).verify().isVerified)
    }
  }

  @Test func `the first seal of a log and an append of the same transaction get along`() async throws {
    try await withTestDatabase { database in
      try await database.client.withTransaction { transaction in
        let store = EventStore(transaction)
        try await store.append([.note(1)], to: StreamName("note/a"), by: me)
        try await Sealer.seal(transaction)
        try await store.append([.note(2)], to: StreamName("note/a"), by: me)
      }
      try await database.seal()
      #expect(try await database.sealed().map { $0.data["n"]?.integer } == [1, 2])
    }
  }

  @Test func `open transactions of other sessions do not block`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.client.withTransaction { early in
        // It has its transaction id, and rows, before everybody else.
        try await EventStore(early).append([.note(9)], to: StreamName("note/late"), by: me)
        for number in 1...3 {
          try await database.append("note/a", .note(number))
          #expect(try await database.seal() == 1)
        }
        #expect(try await database.seal() == 0)
      }
      #expect(try await database.seal() == 1)
      #expect(try await database.sealed().map { $0.data["n"]?.integer } == [0, 1, 2, 3, 9])
    }
  }

  @Test func `a transaction id assigned before the stream lock keeps the order of the stream`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.client.withTransaction { early in
        try await early.query("select pg_current_xact_id()")
        try await database.append("note/a", .note(1))
        #expect(try await database.seal() == 1)
        try await database.append("note/a", .note(2))
        try await EventStore(early).append([.note(3)], to: StreamName("note/a"), by: me)
      }
      try await database.append("note/a", .note(4))
      #expect(try await database.seal() == 3)
      let sealed = try await database.sealed()
      #expect(sealed.map(\.version) == [1, 2, 3, 4, 5])
      #expect(sealed.map { $0.data["n"]?.integer } == [0, 1, 2, 3, 4])
    }
  }

  @Test func `what a savepoint undid is never sealed, what was tried again is`() async throws {
    try await withTestDatabase { database in
      try await database.client.withTransaction { transaction in
        let store = EventStore(transaction)
        try await store.append([.note(1)], to: StreamName("note/a"), by: me)
        struct Undone: Error {}
        try? await transaction.withSavepoint {
          try await EventStore($0).append([.note(2)], to: StreamName("note/a"), by: me)
          throw Undone()
        }
        try await transaction.withSavepoint { _ = try await EventStore($0).append([.note(3)], to: StreamName("note/a"), by: me) }
      }
      struct Aborted: Error {}
      try? await database.client.withTransaction {
        try await EventStore($0).append([.note(4)], to: StreamName("note/a"), by: me)
        throw Aborted()
      }
      #expect(try await database.seal() == 2)
      #expect(try await database.sealed().map { $0.data["n"]?.integer } == [1, 3])
      #expect(try await database.sealed().map(\.version) == [1, 2])
    }
  }

  @Test func `a prepared transaction blocks nobody and is sealed when it commits`() async throws {
    try await withTestDatabase { database in
      guard try await database.value("select current_setting('max_prepared_transactions')::int", as: Int.self) > 0 else { return }
      try await database.append("note/a", .note(0))
      try await database.seal()
      let name = database.name
      try await database.client.withConnection { connection in
        try await connection.execute(
          unsafeScript: "BEGIN; SELECT kedge.append('note/b', -1, '[{\"type\": \"x\"}]'); PREPARE TRANSACTION '\(name)'", name: "prepare")
      }
      try await database.append("note/a", .note(1))
      #expect(try await database.seal() == 1)
      #expect(try await database.seal() == 0)
      try await database.client.execute(unsafeScript: "COMMIT PREPARED '\(name)'", name: "commit prepared")
      #expect(try await database.seal() == 1)
      #expect(try await database.sealed().map(\.stream.text) == ["note/a", "note/a", "note/b"])
    }
  }

  @Test func `a sealer waits for another and does not skip`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.append("note/a", .note(1))
      try await database.client.withTransaction { transaction in
        let sealed = try await Sealer.seal(transaction)
        #expect(sealed == 1)
        let state = await sqlState {
          try await database.client.withTransaction(retries: 0) {
            try await $0.query("set local lock_timeout = '20ms'")
            try await Sealer.seal($0)
          }
        }
        #expect(state == .lockNotAvailable)
      }
      #expect(try await database.seal() == 0)
      #expect(try await database.store.head() == 2)
    }
  }

  @Test func `the time of seals never goes back`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.tamper("UPDATE kedge.log_seal SET sealed_at = now() + interval '1 hour'")
      try await database.append("note/a", .note(1))
      try await database.seal()
      let backwards = try await database.value(
        "select count(*) from kedge.log_seal s join kedge.log_seal t on t.number > s.number where t.sealed_at < s.sealed_at", as: Int.self)
      #expect(backwards == 0)
      #expect(try await database.value("select audit.position_at(now() + interval '2 hours')", as: Int.self) == 2)
      #expect(try await database.value("select audit.position_at(now())", as: Int.self) == 0)
    }
  }

  @Test func `the probe reads ranges of the index, on a million analysed rows`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      // As an open bulk load would have left them: below the snapshot, sealed or not is no matter to the plan.
      try await database.tamper(
        """
        DROP INDEX kedge.event_0_by_stream, kedge.event_0_by_id;
        INSERT INTO kedge.event_0 (number, xid, stream, version, type, schema, data, actor, principal, occurred_at, recorded_at)
        SELECT n, (n % 3 + 3)::text::xid8, 'note/bulk', n, 'x', 1, '{}', 'a', 'p', now(), now() FROM generate_series(1000, 1000999) n;
        ANALYZE kedge.event;
        """)
      try await database.client.query("select setval('kedge.event_number', 1001000)")
      // More than five calls: a plan that is chosen later shows too.
      for turn in 0..<8 {
        try await database.append("note/a", .note(turn))
        try await database.client.withTransaction { transaction in
          // Counters go on from transaction to transaction.
          let before = try await reads(transaction)
          let sealed = try await Sealer.seal(transaction)
          let again = try await Sealer.seal(transaction)
          let after = try await reads(transaction)
          #expect(sealed == 1 && again == 0)
          #expect(after.seqScans == before.seqScans)
          #expect(after.rows - before.rows < 10)
          #expect(after.rangeScans - before.rangeScans >= 2)
        }
      }
    }
  }

  /// How this backend has read the partitions: whole, rows through an index, and scans of the index on the transaction id.
  private func reads(_ transaction: Transaction) async throws -> (seqScans: Int, rows: Int, rangeScans: Int) {
    try await transaction.query(
      """
      select coalesce(sum(seq_scan), 0)::bigint, coalesce(sum(idx_tup_fetch), 0)::bigint,
        (select sum(pg_stat_get_xact_numscans(i.indexrelid))::bigint from pg_index i
          where i.indrelid = 'kedge.event_0'::regclass and i.indexrelid::regclass::text like '%xid%')
      from pg_stat_xact_all_tables where schemaname = 'kedge' and relname ~ '^event_[0-9]+$'
      """)[0].decode(Int.self, Int.self, Int.self)
  }

  @Test func `an open bulk load is not read again by every probe`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(0))
      try await database.seal()
      try await database.client.withTransaction { bulk in
        try await bulk.query(
          "select count(*) from generate_series(1, 20) b, kedge.append('note/bulk', -1, (select jsonb_agg('{\"type\": \"x\"}'::jsonb) from generate_series(1, 500))) a"
        )
        try await database.append("note/a", .note(1))
        #expect(try await database.seal() == 1)
        let read = try await database.client.withTransaction { transaction in
          try await Sealer.seal(transaction)
          // Index entries that were read, visible or not.
          return try await transaction.query(
            """
            select coalesce(sum(pg_stat_get_xact_tuples_returned(i.indexrelid)), 0)::bigint from pg_index i
            where i.indexrelid::regclass::text like '%event\\_0\\_xid%'
            """, as: Int.self)[0]
        }
        #expect(read < 10)
      }
      #expect(try await database.seal() == 500)
    }
  }
}
