import EventLog
import PostgreSQL
import TestSupport
import Testing
import Values

@Suite struct `Idempotency` {
  let stream = StreamName("note/a")

  @Test func `the same content under the same key is appended once and returns what it was`() async throws {
    try await withTestDatabase { database in
      let events: [NewEvent] = [.note(1, key: "k/0"), .note(2, key: "k/1")]
      let first = try await database.store.append(events, to: stream, expecting: .none, by: me)
      // Checked before the version: the stream has moved on.
      try await database.append("note/a", .note(3))
      let second = try await database.store.append(events, to: stream, expecting: .none, by: Attribution(actor: "somebody else"))
      #expect(first == second)
      #expect(try await database.store.read(stream).count == 3)
    }
  }

  @Test func `the same key with other content is KE002`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(1, key: "k"))
      for other in [
        NewEvent.note(2, key: "k"), NewEvent(type: "other", data: ["n": 1], idempotencyKey: "k"),
        NewEvent(type: "note_added", schema: 2, data: ["n": 1], idempotencyKey: "k"),
      ] {
        await #expect(throws: IdempotencyConflict(stream: stream, key: "k")) { try await database.store.append([other], to: stream, by: me) }
      }
      #expect(try await database.store.read(stream).count == 1)
    }
  }

  @Test func `keys belong to their stream`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(1, key: "k"))
      #expect(try await database.append("note/b", .note(2, key: "k"))[0].version == 1)
    }
  }

  @Test func `a batch whose keys were partly used is KE002`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note(1, key: "k/0"))
      await #expect(throws: IdempotencyConflict.self) { try await database.append("note/a", .note(1, key: "k/0"), .note(2, key: "k/1")) }
      await #expect(throws: IdempotencyConflict.self) { try await database.append("note/a", .note(1, key: "k/0"), .note(2)) }
      #expect(try await database.store.read(stream).count == 1)
    }
  }

  @Test func `a key twice in one append is KE002`() async throws {
    _ = try await withTestDatabase { database in
      await #expect(throws: IdempotencyConflict(stream: stream, key: "k")) { try await database.append("note/a", .note(1, key: "k"), .note(2, key: "k")) }
    }
  }

  @Test func `a replay of several streams returns all, also events that had no key`() async throws {
    try await withTestDatabase { database in
      let appends = [
        Append(stream: stream, expected: .none, events: [.note(1), .note(2, key: "k"), .note(3)]),
        Append(stream: StreamName("note/b"), expected: .none, events: [.note(4, key: "k")]),
      ]
      let first = try await database.store.append(appends, by: me)
      try await database.append("note/b", .note(5))
      #expect(try await database.store.append(appends, by: me) == first)
      await #expect(throws: IdempotencyConflict.self) {
        try await database.store.append([appends[0], Append(stream: StreamName("note/c"), expected: .any, events: [.note()])], by: me)
      }
    }
  }

  @Test func `of appends with one key at the same time one is made and all get it`() async throws {
    try await withTestDatabase { database in
      let results = try await withThrowingTaskGroup(of: [AppendedEvent].self) { group in
        for _ in 0..<8 { group.addTask { try await database.store.append([.note(1, key: "k")], to: stream, expecting: .none, by: me) } }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(results.count == 1)
      #expect(try await database.store.read(stream).count == 1)
    }
  }

  @Test func `without a key there is no row`() async throws {
    try await withTestDatabase { database in
      try await database.append("note/a", .note())
      #expect(try await database.value("select count(*) from kedge.idempotency_key") == 0)
    }
  }
}
