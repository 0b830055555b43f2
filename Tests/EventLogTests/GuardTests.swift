import EventLog
import PostgreSQL
import TestSupport
import Testing

@Suite struct `Guards` {
  /// Statements that change what the log holds, on each of its tables and on a partition past its parent.
  static let changes = [
    "update kedge.event set actor = 'x'", "delete from kedge.event", "truncate kedge.event", "update kedge.event_0 set actor = 'x'",
    "delete from kedge.event_0", "truncate kedge.event_0", "truncate kedge.event_1", "delete from kedge.event where false",
    "update kedge.log_order set hash = ''", "delete from kedge.log_order", "truncate kedge.log_order", "update kedge.log_seal set hash = ''",
    "delete from kedge.log_seal", "truncate kedge.log_seal", "delete from kedge.idempotency_key", "update kedge.idempotency_key set key = 'x'",
    "truncate kedge.idempotency_key", "delete from kedge.log_epoch", "delete from kedge.log_lock", "truncate kedge.stream, kedge.log_order",
  ]

  @Test func `update, delete and truncate fail as a superuser, also as a replica`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(1, key: "k"))
      try await database.seal()
      for change in Guards.changes {
        #expect(await sqlState { try await database.client.query(Query(unsafeSQL: change)) } == "23001", "\(change)")
        let replica = await sqlState {
          try await database.client.withTransaction {
            try await $0.query("set local session_replication_role = replica")
            try await $0.query(Query(unsafeSQL: change))
          }
        }
        #expect(replica == "23001", "\(change)")
      }
    }
  }

  @Test func `update, delete, truncate and insert fail as kedge_app`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(1, key: "k"))
      try await database.seal()
      let app = try await database.makeClient(memberOf: "kedge_app")
      let insertions = [
        "insert into kedge.event select * from kedge.event", "insert into kedge.log_order select * from kedge.log_order",
        "insert into kedge.stream values ('x', 1)", "update kedge.stream set version = 0", "insert into kedge.log_lock default values",
        "update kedge.lease set done = false", "select kedge.chain('{}', 1, pg_current_snapshot())", "select kedge.raise_epoch()",
        "select nextval('kedge.event_number')", "alter table kedge.event disable trigger all", "drop table kedge.event_0",
      ]
      for change in Guards.changes + insertions {
        #expect(await sqlState { try await app.query(Query(unsafeSQL: change)) } == .insufficientPrivilege, "\(change)")
      }
      // What it may do.
      try await EventStore(app).append([.note()], to: StreamName("note/a"), by: me)
      #expect(try await Sealer.seal(app) == 1)
      #expect(try await EventStore(app).readSealed(after: 0).count == 2)
      try await app.query("insert into kedge.pool values ('p', 1, 1)")
      try await app.query("select kedge.extend_log()")
    }
  }

  @Test func `an auditor reads the log and changes nothing`() async throws {
    try await withTestDatabase { database in
      let event = try await database.append("note/a", .note())[0]
      try await database.seal()
      try await database.client.execute(unsafeScript: "CREATE TABLE kedge.token (name text); COMMENT ON TABLE kedge.token IS 'x'", name: "token")
      try await database.client.execute(unsafeScript: "DELETE FROM kedge.migration WHERE path = 'roles/grants.sql'", name: "forget")
      try await migrateAgain(database.client)
      let auditor = try await database.makeClient(memberOf: "kedge_auditor")
      #expect(try await auditor.query("select * from audit.event").count == 1)
      #expect(try await auditor.query("select * from audit.head").count == 1)
      #expect(try await auditor.query("select * from audit.verify()")[0].decode(Bool.self, at: 0))
      #expect(try await auditor.query("select * from audit.causes(\(event.id))").count == 1)
      #expect(try await auditor.query("select * from audit.as_of(1)").count == 1)
      #expect(try await auditor.query("select * from kedge.event").count == 1)
      #expect(try await ChainVerifier(auditor).verify().isVerified)
      for change in Guards.changes + [
        "select kedge.append('a', -1, '[{\"type\": \"x\"}]')", "select kedge.seal()", "select kedge.claim('{x}', 'me', '1 s')",
        "insert into kedge.work (id, kind, stream, subject, sequence, position, created_at) values (gen_random_uuid(), 'x', 'x', 'x', 1, 1, now())",
        "delete from kedge.follower", "select * from kedge.token", "create table kedge.x (y int)", "select kedge.extend_log()",
      ] {
        #expect(await sqlState { try await auditor.query(Query(unsafeSQL: change)) } == .insufficientPrivilege, "\(change)")
      }
    }
  }

  @Test func `every partition has its triggers, and two whole ones lie ahead`() async throws {
    try await withTestDatabase { database in
      try await database.client.query("select setval('kedge.event_number', 10000000)")
      #expect(try await database.value("select kedge.partitions_ahead()", as: Int.self) == 1)
      #expect(try await database.value("select kedge.extend_log()", as: Int.self) == 1)
      #expect(try await database.value("select kedge.extend_log()", as: Int.self) == 0)
      #expect(try await database.value("select kedge.partitions_ahead()", as: Int.self) == 2)
      let triggers = try await database.client.query(
        """
        select c.relname, t.tgname, t.tgenabled::text from pg_class c left join pg_trigger t on t.tgrelid = c.oid
        where c.oid = 'kedge.event'::regclass or exists (select from pg_inherits i where i.inhrelid = c.oid and i.inhparent = 'kedge.event'::regclass)
        order by 1, 2
        """, as: String.self, String?.self, String?.self)
      #expect(triggers.count == 5 * 2)
      #expect(triggers.allSatisfy { $0.2 == "A" })
      #expect(try await database.append("note/a", .note())[0].version == 1)
      #expect(try await database.seal() == 1)
      #expect(await sqlState { try await database.client.query("delete from kedge.event_3") } == "23001")
    }
  }

  @Test func `a partition is made while a writer is open`() async throws {
    try await withTestDatabase { database in
      try await database.client.withTransaction { transaction in
        try await EventStore(transaction).append([.note()], to: StreamName("note/a"), by: me)
        try await database.client.query("select setval('kedge.event_number', 10000000)")
        #expect(try await database.value("select kedge.extend_log()", as: Int.self) == 1)
      }
    }
  }
}
