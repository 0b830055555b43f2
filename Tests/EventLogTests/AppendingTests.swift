import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Appending` {
  @Test func `events of a stream are numbered from 1, and read back as they were`() async throws {
    try await withTestDatabase { database in
      let cause = try await database.append("note/a", .note(1))[0]
      let time = Timestamp(microseconds: 1_700_000_000_123_456)
      let event = NewEvent(type: "note_added", schema: 3, data: ["text": "ä\n\"x\"", "n": 1.5, "list": [1, nil, true]], occurredAt: time)
      let appended = try await database.store.append(
        [Append(stream: StreamName("note/a"), expected: .exactly(1), events: [event, .note(2)])],
        by: Attribution(actor: "me", correlation: cause.id, causation: cause.id))
      #expect(appended.map(\.version) == [2, 3])
      let read = try await database.store.read(StreamName("note/a"))
      #expect(read.map(\.version) == [1, 2, 3])
      #expect(read.map(\.id) == [cause.id] + appended.map(\.id))
      let second = read[1]
      #expect(second.position == nil && second.type == "note_added" && second.schema == 3 && second.data == event.data)
      #expect(
        second.actor == "me" && second.principal == read[0].principal && second.principal != "me" && second.correlationID == cause.id
          && second.causationID == cause.id)
      #expect(second.occurredAt == time && second.recordedAt > time && second.idempotencyKey == nil)
      #expect(try await database.store.read(StreamName("note/a"), after: 1, limit: 1).map(\.version) == [2])
    }
  }

  @Test func `another version than expected is KE001, with both`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(), .note(), expecting: .none)
      let conflict = VersionConflict(stream: StreamName("note/a"), expected: 1, actual: 2)
      await #expect(throws: conflict) { try await database.append("note/a", .note(), expecting: .exactly(1)) }
      await #expect(throws: VersionConflict(stream: StreamName("note/a"), expected: 0, actual: 2)) {
        try await database.append("note/a", .note(), expecting: .none)
      }
      await #expect(throws: VersionConflict(stream: StreamName("note/b"), expected: 3, actual: 0)) {
        try await database.append("note/b", .note(), expecting: .exactly(3))
      }
      let error = await #expect(throws: PostgresError.self) {
        try await database.client.query("select kedge.append('note/a', 7, '[{\"type\": \"note_added\"}]')")
      }
      #expect(error?.sqlState == "KE001" && error?.message == "stream note/a is at version 2, not 7" && error?.hint != nil)
      #expect(try await database.store.read(StreamName("note/a")).count == 2)
    }
  }

  @Test func `a batch appends to several streams or to none`() async throws {
    try await withTestDatabase { database in
      func batch(_ expected: ExpectedVersion) -> [Append] {
        [
          Append(stream: StreamName("note/z"), expected: .any, events: [.note(1)]),
          Append(stream: StreamName("note/a"), expected: expected, events: [.note(2), .note(3)]),
          Append(stream: StreamName("note/z"), expected: .exactly(1), events: [.note(4)]),
        ]
      }
      await #expect(throws: VersionConflict.self) { try await database.store.append(batch(.exactly(9)), by: me) }
      #expect(try await database.value("select count(*) from kedge.event") == 0)
      let appended = try await database.store.append(batch(.none), by: me)
      #expect(appended.map(\.stream.text) == ["note/z", "note/a", "note/a", "note/z"])
      #expect(appended.map(\.version) == [1, 1, 2, 2])
      // Insert order is input order.
      try await database.seal()
      #expect(try await database.sealed().map(\.id) == appended.map(\.id))
    }
  }

  @Test func `an append without events checks the version and keeps it`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note())
      try await database.store.append(
        [
          Append(stream: StreamName("note/a"), expected: .exactly(1), events: []), Append(stream: StreamName("note/b"), expected: .none, events: [.note()]),
        ], by: me)
      await #expect(throws: VersionConflict.self) {
        try await database.store.append([Append(stream: StreamName("note/a"), expected: .none, events: [])], by: me)
      }
      #expect(try await database.store.read(StreamName("note/a")).count == 1)
    }
  }

  @Test func `opposite orders of streams do not deadlock`() async throws {
    try await withTestDatabase { database in
      try await withThrowingTaskGroup { group in
        for writer in 0..<4 {
          group.addTask {
            for turn in 0..<50 {
              let names = ["note/\(turn % 3)", "note/x", "note/new\(turn)"]
              let streams = writer % 2 == 0 ? names : names.reversed()
              try await database.store.append(streams.map { Append(stream: StreamName($0), expected: .any, events: [.note(turn)]) }, by: me)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await database.value("select count(*) from kedge.event") == 600)
      #expect(try await database.value("select sum(version)::bigint from kedge.stream") == 600)
    }
  }

  @Test func `writers to one stream get consecutive versions, others do not wait`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note())
      try await database.client.withTransaction { transaction in
        try await EventStore(transaction).append([.note()], to: StreamName("note/a"), by: me)
        // Another stream is free while this one is locked.
        try await database.append("note/b", .note())
        let state = await sqlState {
          try await database.client.withTransaction(retries: 0) {
            try await $0.query("set local lock_timeout = '20ms'")
            try await EventStore($0).append([.note()], to: StreamName("note/a"), by: me)
          }
        }
        #expect(state == .lockNotAvailable)
      }
      #expect(try await database.append("note/a", .note())[0].version == 3)
    }
  }

  @Test func `isolation other than read committed is refused`() async throws {
    try await withTestDatabase { database in
      for isolation in [Isolation.repeatableRead, .serializable] {
        let append = await sqlState {
          _ = try await database.client.withTransaction(isolation: isolation) { try await EventStore($0).append([.note()], to: StreamName("a"), by: me) }
        }
        let one = await sqlState {
          _ = try await database.client.withTransaction(isolation: isolation) { try await $0.query("select kedge.append('a', -1, '[{\"type\": \"x\"}]')") }
        }
        let seal = await sqlState { _ = try await database.client.withTransaction(isolation: isolation) { try await Sealer.seal($0) } }
        #expect(append == .activeTransaction && one == .activeTransaction && seal == .activeTransaction)
      }
    }
  }

  @Test(arguments: ["infinity", "-infinity", "294270-01-01", "10000-01-01 00:00:00Z", "0001-01-01 00:00:00 BC"])
  func `a time outside the years 1 to 9999 is refused`(time: String) async throws {
    try await withTestDatabase { database in
      let events = JSON.array([["type": "x", "occurred_at": .string(time)]])
      let one = await sqlState { try await database.client.query("select kedge.append('a', -1, \(events))") }
      let batch = await sqlState {
        try await database.client.query("select kedge.append(\(["appends": [["stream": "a", "events": events]]] as JSON))")
      }
      let direct = await sqlState {
        try await database.client.query(
          """
          insert into kedge.event (stream, version, type, schema, data, actor, principal, occurred_at, recorded_at)
          values ('a', 1, 'x', 1, '{}', 'a', 'p', \(time)::text::timestamptz, now())
          """)
      }
      #expect(one == "23514" && batch == "23514" && direct == "23514")
      try await database.append("a", NewEvent(type: "x", occurredAt: Timestamp("9999-12-31T23:59:59.999999Z")))
      try await database.append("a", NewEvent(type: "x", occurredAt: Timestamp("0001-01-01T00:00:00Z")))
      #expect(try await database.seal() == 2)
    }
  }

  @Test func `what is too long is refused, and named`() async throws {
    try await withTestDatabase { database in
      let long = String(repeating: "ä", count: 513)
      func attempt(_ stream: String = "a", _ event: NewEvent = .note(), actor: String = "me") async -> String? {
        do {
          _ = try await database.store.append([event], to: StreamName(stream), by: Attribution(actor: actor))
          return nil
        } catch let error as PostgresError {
          return error.sqlState == .checkViolation ? error.constraint : "\(error)"
        } catch { return "\(error)" }
      }
      #expect(await attempt(long) == "stream_name_has_1_to_1024_bytes")
      #expect(await attempt("") == "stream_name_has_1_to_1024_bytes")
      #expect(await attempt("a", NewEvent(type: long)) == "event_type_has_1_to_1024_bytes")
      #expect(await attempt(actor: long) == "actor_has_1_to_1024_bytes")
      #expect(await attempt("a", .note(key: long)) == "idempotency_key_has_1_to_1024_bytes")
      #expect(await attempt("a", NewEvent(type: "x", data: ["t": .string(String(repeating: "x", count: 1 << 20))])) == "event_data_has_at_most_1_mib_of_text")
      // A few bytes of jsonb, and more than 1 MiB of text.
      let numbers = JSON.array([["type": "x", "data": .array([])]])
      let state = await sqlState {
        try await database.client.query(
          """
          select kedge.append('a', -1, jsonb_set(\(numbers), '{0,data}', (select jsonb_agg(n) from (select '1e131000'::jsonb n from generate_series(1, 9)) x)))
          """)
      }
      #expect(state == "23514")
      let count = try await database.value("select count(*) from kedge.event", as: Int.self)
      #expect(count == 0)
    }
  }

  @Test func `a mistyped key is refused and named`() async throws {
    try await withTestDatabase { database in
      for (batch, problem) in [
        ("{\"append\": []}", "unknown key \"append\""),
        ("{\"appends\": {}}", "appends must be a list"),
        ("{\"appends\": [{\"events\": []}]}", "append 1 names no stream"),
        ("{\"appends\": [{\"stream\": \"a\"}]}", "append 1: events must be a list"),
        ("{\"appends\": [{\"stream\": \"a\", \"events\": [{\"type\": \"x\"}, {\"data\": {}}]}]}", "append 1, event 2 has no type"),
        ("{\"appends\": [{\"stream\": \"a\", \"events\": [{\"type\": \"x\", \"key\": 1}]}]}", "append 1, event 1: unknown key \"key\""),
      ] {
        let error = await #expect(throws: PostgresError.self) { try await database.client.query("select kedge.append(\(batch)::text::jsonb)") }
        #expect(error?.sqlState == "22023" && error?.message == "this is not a batch to append: \(problem)")
      }
      // The short ways, for one event and for several, on a stream that is there and on one that is not.
      try await database.append("a", .note())
      for stream in ["a", "b"] {
        for events in [
          "[{\"type\": \"x\", \"idempotencyKey\": \"k\"}]", "[{\"type\": \"x\"}, {\"type\": \"y\", \"key\": 1}]", "[{\"type\": \"x\"}, {\"typ\": \"y\"}]",
          "[{\"type\": 5}]", "[{\"type\": \"x\"}, 5]", "{\"type\": \"x\"}",
        ] {
          let state = await sqlState { try await database.client.query("select kedge.append(\(stream), -1, \(events)::text::jsonb)") }
          #expect(state == "22023", "\(events)")
        }
      }
      #expect(try await database.store.read(StreamName("a")).count == 1)
    }
  }

  @Test func `an event id that exists is refused, in whatever partition it lies`() async throws {
    try await withTestDatabase { database in
      let id = UUID()
      try await database.append("a", NewEvent(id: id, type: "x"))
      #expect(await sqlState { try await database.append("b", NewEvent(id: id, type: "x")) } == .uniqueViolation)
      try await database.client.query("select setval('kedge.event_number', 10000000)")
      #expect(await sqlState { try await database.append("b", NewEvent(id: id, type: "x")) } == .uniqueViolation)
      #expect(try await database.append("b", NewEvent(type: "x"))[0].version == 1)
    }
  }

  @Test func `Kedge's own types are checked for shape, others are not`() async throws {
    try await withTestDatabase { database in
      try await database.client.query(
        """
        create or replace function kedge.event_shapes() returns jsonb language sql immutable as $$
          select '{"shape_tested": {"rows": "number", "by": "string|null", "what": "any"}}'::jsonb $$
        """)
      func attempt(_ data: JSON) async -> String? {
        do {
          try await database.append("a", NewEvent(type: "shape_tested", data: data))
          _ = try await database.client.query("select kedge.append('a', -1, \([["type": "shape_tested", "data": data]] as JSON))")
          return nil
        } catch let error as ShapeMismatch { return error.problem } catch { return "\(error)" }
      }
      #expect(await attempt(["rows": 1, "by": nil, "what": []]) == nil)
      #expect(await attempt(["by": "x", "what": 1]) == "data.rows is missing")
      #expect(await attempt(["rows": "1", "by": "x", "what": 1]) == "data.rows is string, not number")
      #expect(await attempt(["rows": 1, "by": 2, "what": 1]) == "data.by is number, not string or null")
      #expect(await attempt([1]) == "data is array, not an object")
      let state = await sqlState { try await database.client.query("select kedge.append('b', 0, '[{\"type\": \"shape_tested\"}]')") }
      let again = await sqlState { try await database.client.query("select kedge.append('a', -1, '[{\"type\": \"shape_tested\"}]')") }
      #expect(state == "KE004" && again == "KE004")
      try await database.append("a", NewEvent(type: "unknown_to_kedge", data: [1, 2]))
    }
  }

  @Test func `the principal is who the database says, or a token that only the server may name`() async throws {
    try await withTestDatabase { database in
      let app = try await database.makeClient(memberOf: "kedge_app")
      let server = try await database.makeClient(memberOf: "kedge_server")
      let token = Attribution(actor: "ann", principal: "token:ann")
      #expect(await sqlState { try await EventStore(app).append([.note()], to: StreamName("a"), by: token) } == .insufficientPrivilege)
      #expect(
        await sqlState { try await EventStore(server).append([.note()], to: StreamName("a"), by: Attribution(actor: "ann", principal: "root")) }
          == .insufficientPrivilege)
      try await EventStore(server).append([.note()], to: StreamName("a"), by: token)
      try await EventStore(app).append([.note()], to: StreamName("a"), by: me)
      let principals = try await database.store.read(StreamName("a")).map(\.principal)
      #expect(principals.count == 2 && principals[0] == "token:ann" && principals[1].hasSuffix("kedge_app_1"))
    }
  }
}
