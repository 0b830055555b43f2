import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// Reading events of some types, whatever their streams.
@Suite struct TypesTests {
  @Test func `events of a type after a position are found, those that are not sealed yet come last`() async throws {
    try await withTestDatabase { database in
      let store = EventStore(database.client)
      func append(_ type: String, _ stream: String) async throws {
        try await store.append([NewEvent(type: type, data: [:])], to: StreamName(stream), by: Attribution(actor: "test"))
      }
      func found(after position: Int64) async throws -> [String] {
        try await store.read(types: ["a", "b"], after: position).map { "\($0.position.map(String.init) ?? "-") \($0.stream) \($0.type)" }
      }
      try await append("a", "x/1")
      // Nothing has ever been sealed.
      #expect(try await found(after: 0) == ["- x/1 a"])
      try await append("c", "x/1")
      try await append("b", "x/2")
      try await database.seal()
      try await append("a", "x/2")
      try await append("c", "x/3")
      #expect(try await found(after: 0) == ["1 x/1 a", "3 x/2 b", "- x/2 a"])
      #expect(try await found(after: 1) == ["3 x/2 b", "- x/2 a"])
      #expect(try await found(after: 3) == ["- x/2 a"])
      try await database.seal()
      #expect(try await found(after: 3) == ["4 x/2 a"])
      #expect(try await store.read(types: ["a", "c"], of: [StreamName("x/1"), StreamName("x/2"), StreamName("x/2")]).map(\.type) == ["a", "c", "a"])
    }
  }

  @Test func `an event whose transaction was open during the last seal is found as soon as it is committed`() async throws {
    try await withTestDatabase { database in
      let store = EventStore(database.client)
      // The first seal of a database waits for whoever is writing.
      try await database.seal()
      try await database.client.withTransaction { transaction in
        try await EventStore(transaction).append([NewEvent(type: "a", data: [:])], to: StreamName("x/1"), by: Attribution(actor: "test"))
        try await store.append([NewEvent(type: "b", data: [:])], to: StreamName("x/2"), by: Attribution(actor: "test"))
        try await database.seal()
        #expect(try await store.read(types: ["a", "b"], after: 0).map(\.type) == ["b"])
      }
      #expect(try await store.read(types: ["a", "b"], after: 0).map(\.type) == ["b", "a"])
      #expect(try await store.read(types: ["a", "b"], after: 1).map(\.position) == [nil])
    }
  }
}
