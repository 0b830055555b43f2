import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

struct QueryTests {
  @Test func `whatever is interpolated becomes a parameter`() {
    let name = "x'; drop table t; --"
    let limit: Int? = nil
    let query: Query = "select * from t where name = \(name) limit \(limit)"
    #expect(query.sql == "select * from t where name = $1 limit $2")
  }

  @Test func `text of the statement itself has to be called unsafe`() {
    let query: Query = "select \(unsafeSQL: "a, b") from t where a = \(1)"
    #expect(query.sql == "select a, b from t where a = $1")
  }

  @Test func `fragments bring their parameters, numbered anew`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let inner: Query = "x between \(2) and \(3) and '$1' = \("$1")"
      let query: Query = "select x from generate_series(1, \(10)) x where \(inner) and x <> \(99)"
      #expect(query.sql == "select x from generate_series(1, $1) x where x between $2 and $3 and '$1' = $4 and x <> $5")
      #expect(try await database.client.query(query, as: Int.self) == [2, 3])
    }
  }

  @Test func `a query that numbers its parameters itself cannot become a fragment`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let inner = Query(unsafeSQL: "x = $1", [1])
      await #expect(throws: PostgresEncodingError.self) { try await database.client.query("select 1 where \(inner)") }
      let rows = try await database.client.query(Query(unsafeSQL: "select $2::text || $1::text", ["a", nil]))
      #expect(try rows[0].decode(String?.self, at: 0) == nil)
    }
  }

  @Test func `an error says state, message, place and statement, but not the values`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      let secret = "hunter2"
      await #expect { try await db.query("select \(secret)::int") } throws: { error in
        let error = error as? PostgresError
        return error?.sqlState == .invalidTextRepresentation && error?.message.contains(secret) == true && "\(error!)".contains(secret) == false
          && "\(error!)" == "invalid input syntax for type integer: \"…\" (SQLSTATE 22P02, statement: select $1::int)"
      }
      await #expect { try await db.query(Query("select nonsense from pg_class").named("read classes")) } throws: {
        "\($0)" == "column \"nonsense\" does not exist (SQLSTATE 42703, statement: read classes, at: nonsense from pg_class)"
      }
      try await db.execute(unsafeScript: "create table u (name text constraint one_name unique); insert into u values ('hunter2')", name: "setup")
      await #expect { try await db.query("insert into u values (\(secret))") } throws: { error in
        guard let error = error as? PostgresError else { return false }
        return error.sqlState == .uniqueViolation && error.constraint == "one_name" && error.table == "u" && error.detail?.contains(secret) == true
          && "\(error)"
            == "duplicate key value violates unique constraint \"one_name\" (SQLSTATE 23505, constraint one_name, statement: insert into u values ($1))"
      }
    }
  }

  @Test func `what a function raises comes through whole`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      try await database.client.execute(
        unsafeScript: """
          create function fail() returns int language plpgsql as $$
          begin raise exception 'at version %, not %', 3, 2 using errcode = 'KE001', hint = 'Read again.', detail = 'more'; end $$
          """, name: "setup")
      await #expect { try await database.client.query("select fail()") } throws: { error in
        guard let error = error as? PostgresError else { return false }
        return error.sqlState == "KE001" && error.message == "at version 3, not 2" && error.hint == "Read again." && error.detail == "more"
          && error.context?.contains("fail()") == true
      }
    }
  }

  @Test func `rows say how many were changed, and what their columns are`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let db = database.client
      try await db.query("create table t (x int, y text)")
      #expect(try await db.query("insert into t select g, 'y' from generate_series(1, 5) g").affected == 5)
      #expect(try await db.query("update t set y = null where x > \(3)").affected == 2)
      let rows = try await db.query("select x, y from t order by x")
      #expect(rows.columns.map(\.name) == ["x", "y"] && rows.columns.map(\.type) == [.int4, .text])
      #expect(rows.count == 5 && rows.affected == 5)
      #expect(try rows.map { try $0["y", as: String?.self] } == ["y", "y", "y", nil, nil])
      #expect(try rows.decode(Int.self, String?.self).map(\.0) == [1, 2, 3, 4, 5])
      #expect(try await db.query("").isEmpty)
    }
  }

  @Test(arguments: [true, false])
  func `statements run again and again give the same, prepared or not`(prepared: Bool) async throws {
    var options = PostgresOptions()
    options.preparedStatements = prepared
    options.maximumPreparedStatements = 3
    options.maximumConnections = 1
    try await withTestDatabase(.empty, options: options) { database async throws in
      let db = database.client
      for round in 0..<4 {
        for number in 0..<6 {
          #expect(try await db.query("select \(round) + \(unsafeSQL: "\(number)")", as: Int.self) == [round + number])
          #expect(try await db.query("select \(Double(round)) + \(unsafeSQL: "\(number)")", as: Double.self) == [Double(round + number)])
        }
      }
      for _ in 0..<3 { try await db.query("select 'hot'") }
      let names = try await db.query("select statement from pg_prepared_statements where statement like '%hot%'", as: String.self)
      #expect(names.contains("select 'hot'") == prepared)
      let count = try await db.query("select count(*) from pg_prepared_statements", as: Int.self)[0]
      #expect(prepared ? (1...3).contains(count) : count == 0)
    }
  }

  @Test func `a statement whose table changed, or which the server forgot, is prepared anew`() async throws {
    var options = PostgresOptions()
    options.maximumConnections = 1
    try await withTestDatabase(.empty, options: options) { database async throws in
      let db = database.client
      try await db.execute(unsafeScript: "create table t (x int); insert into t values (1)", name: "setup")
      for _ in 0..<3 { #expect(try await db.query("select * from t")[0].count == 1) }
      try await db.query("alter table t add column y int")
      #expect(try await db.query("select * from t")[0].count == 2)
      for _ in 0..<3 { try await db.query("select * from t") }
      try await db.query("deallocate all")
      #expect(try await db.query("select * from t")[0].count == 2)
    }
  }

  @Test func `more parameters than PostgreSQL takes are refused`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let query = Query(unsafeSQL: "select 1", Array(repeating: 1, count: 65_536))
      await #expect(throws: PostgresEncodingError.self) { try await database.client.query(query) }
      #expect(try await database.client.query("select 1", as: Int.self) == [1])
    }
  }

  @Test func `large values go both ways`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      let bytes = [UInt8](repeating: 0, count: 10_000_000) + [1, 2, 3] + [UInt8](repeating: 255, count: 10_000_000)
      let back = try await database.client.query("select \(bytes)", as: [UInt8].self)[0]
      #expect(back == bytes)
      #expect(
        try await database.client.query("select sum(length(x)) from (select repeat('x', 1000) x from generate_series(1, 20000)) t", as: Int.self) == [
          20_000_000
        ])
    }
  }

  @Test func `a copy as a query is refused, and the client goes on`() async throws {
    try await withTestDatabase(.empty) { database async throws in
      for sql in ["copy (select 1) to stdout", "copy pg_class from stdin"] {
        for _ in 0..<2 {
          await #expect(throws: PostgresUsageError.self) { try await database.client.query(Query(unsafeSQL: sql)) }
        }
      }
      #expect(try await database.client.query("select 1", as: Int.self) == [1])
    }
  }
}
