import PostgreSQL
import TestSupport
import Testing

struct PipelineTests {
  @Test func `the answers come in order, and nothing is none`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      for _ in 0..<3 {
        let answers = try await database.client.pipeline((0..<500).map { "select \($0), \("x")::text" })
        #expect(try answers.map { try $0[0].decode(Int.self, at: 0) } == Array(0..<500))
      }
      #expect(try await database.client.pipeline([]).isEmpty)
    }
  }

  @Test(arguments: [true, false])
  func `an error in the middle names its statement, and none of them takes effect`(prepared: Bool) async throws {
    var options = PostgresOptions()
    options.maximumConnections = 1
    options.preparedStatements = prepared
    try await withTestDatabase(.empty, options: options) { database async throws in
      let db = database.client
      try await db.query("create table t (x int primary key)")
      for round in 1...4 {
        let queries = [1, 2, 2, 3].map { Query("insert into t values (\($0 * round))").named("insert \($0)") }
        await #expect { try await db.pipeline(queries + ["select 1", "select 1"]) } throws: {
          ($0 as? PostgresError)?.sqlState == .uniqueViolation && ($0 as? PostgresError)?.statement == "insert 2"
        }
        #expect(try await db.query("select count(*) from t", as: Int.self) == [0])
      }
      try await db.pipeline([1, 2, 3].map { "insert into t values (\($0))" })
      #expect(try await db.query("select count(*) from t", as: Int.self) == [3])
    }
  }

  @Test func `inside a transaction it is part of that one`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x int primary key)")
      struct Undo: Error {}
      await #expect(throws: Undo.self) {
        try await db.withTransaction { transaction in
          try await transaction.pipeline([1, 2].map { "insert into t values (\($0))" })
          #expect(try await transaction.query("select count(*) from t", as: Int.self) == [2])
          throw Undo()
        }
      }
      #expect(try await db.query("select count(*) from t", as: Int.self) == [0])
    }
  }

  @Test func `a statement that does not parse fails by name, before and after it was cached`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      for _ in 0..<3 {
        await #expect { try await database.client.pipeline(["select 1", "selekt 1", "select 2"]) } throws: {
          ($0 as? PostgresError)?.sqlState == .syntaxError && ($0 as? PostgresError)?.statement == "selekt 1"
        }
      }
    }
  }

  @Test func `much goes out while much comes in`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let text = String(repeating: "x", count: 20_000)
      let answers = try await database.client.pipeline((0..<1000).map { _ in "select \(text)::text" })
      #expect(try answers.allSatisfy { try $0[0].decode(String.self, at: 0) == text })
    }
  }
}
