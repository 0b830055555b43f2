import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

@testable import Profiles

@Suite struct QueryReadingTests {
  private static func read(_ query: DataQuery, _ options: TableReader.Options = .init(), url: String) async throws -> DataTable {
    var options = options
    options.query = query
    return try await blocking { [options] in try TableReader.read(path: url, options: options) }
  }

  private static func failure(_ query: DataQuery, url: String) async throws -> String {
    do {
      _ = try await read(query, url: url)
      return "no error"
    } catch { return "\(error)" }
  }

  /// A URL of the form that users write.
  private static func url(_ database: TestDatabase) -> String { database.url }

  @Test func `every type becomes what it is in files`() async throws {
    try await withTestDatabase(.empty) { database in
      let query = DataQuery(
        """
        select n::int4 as whole, n::int8 as large, n / 3.0::float8 as ratio, (n * 1.25)::numeric(9, 2) as price, n % 2 = 0 as even, 'w' || n % 3 as word,
          timestamptz '2026-01-01 00:00+01' + n * interval '1 hour' as at, timestamp '2026-01-01' as naive, date '2026-02-01' + n as day,
          case when n > 2 then n end as partly, null::text as none, array[n] as list, n::float4 as small, 'NaN'::float8 as nan, 'infinity'::timestamptz as never,
          gen_random_uuid() as key, n as "Twice", n * 2 as "Twice"
        from generate_series(1, 40) n
        """)
      let table = try await Self.read(query, .init(raw: ["large"]), url: Self.url(database))
      #expect(table.rowCount == 40)
      #expect(
        table.columns.map(\.name) == [
          "whole", "large", "ratio", "price", "even", "word", "at", "naive", "day", "partly", "none", "list", "small", "nan", "never", "key", "Twice",
          "Twice.1",
        ])
      #expect(
        table.columns.map(\.type) == [
          .numeric, .categorical, .numeric, .numeric, .boolean, .categorical, .datetime, .datetime, .datetime, .numeric, .numeric, .text, .numeric, .numeric,
          .datetime, .text, .numeric, .numeric,
        ])
      #expect(try table.strings("large")[39] == "40")
      #expect(try table.numbers("price")[2] == 3.75)
      #expect(try table.times("at")[0] == Timestamp("2026-01-01T00:00:00Z"))
      #expect(try table.times("naive")[0] == Timestamp("2026-01-01"))
      #expect(try table.times("day")[1] == Timestamp("2026-02-03"))
      #expect(try table.numbers("partly").prefix(3).map(\.isNaN) == [true, true, false])
      #expect(try table.strings("even")[1] == "true")
      #expect(try table.times("never")[0] == nil)
    }
  }

  @Test func `a window's ends are put in as times, and only where they are parameters`() async throws {
    try await withTestDatabase(.empty) { database in
      let sql = """
        select n, ':from' as quoted, $$ :to $$ as dollars, 'it''s :to' as doubled, e'\\':from' as escaped, 1::int as cast -- :from
        from generate_series(0, 9) n /* :to /* :from */ */
        where timestamptz '2026-01-01' + n * interval '1 day' >= :from and timestamptz '2026-01-01' + n * interval '1 day' < :to;
        """
      let query = DataQuery(sql, from: Timestamp("2026-01-03"), to: Timestamp("2026-01-06"))
      let table = try await Self.read(query, url: Self.url(database))
      #expect(try table.numbers("n") == [2, 3, 4])
      #expect(try table.strings("quoted")[0] == ":from")
      #expect(try table.strings("dollars")[0] == " :to ")
      #expect(try table.strings("doubled")[0] == "it's :to")
      #expect(try table.strings("escaped")[0] == "':from")
    }
  }

  @Test func `a query that is none, or would write, is an error that says so`() async throws {
    try await withTestDatabase(.empty) { database in
      let url = Self.url(database)
      try await database.client.execute(unsafeScript: "create table kept (n int); insert into kept values (1)", name: "table")
      let name = DataQuery.name(of: url)
      #expect(!name.contains("user="))
      #expect(
        try await Self.failure(DataQuery("select nothing from nowhere"), url: url).hasPrefix(
          "\(name): the query failed: relation \"nowhere\" does not exist (SQLSTATE 42P01)"))
      #expect(try await Self.failure(DataQuery("select 1 where now() > :from"), url: url).contains("the query has :from, and no window is given"))
      #expect(try await Self.failure(DataQuery("select 1; drop table kept"), url: url).contains("is more than one statement"))
      #expect(try await Self.failure(DataQuery("select 1) x; drop table kept --"), url: url).contains("closes a parenthesis"))
      #expect(try await Self.failure(DataQuery("select 'open"), url: url).contains("does not close a quote"))
      #expect(try await Self.failure(DataQuery("  "), url: url).contains("is empty"))
      try await database.client.execute(
        unsafeScript: "create function sneaky() returns int language sql as 'delete from kept returning 1'", name: "function")
      #expect(try await Self.failure(DataQuery("select sneaky()"), url: url).contains("SQLSTATE 25006"))
      #expect(try await database.client.query("select count(*) from kept").decode(Int.self) == [1])
      #expect(try await Self.failure(DataQuery("select 1 / (n - 500) from generate_series(1, 1000) n"), url: url).contains("division by zero"))
      #expect(throws: TableError.self) { try TableReader.read(path: url) }
    }
  }

  @Test func `many rows are read block by block, and profiled in the same way`() async throws {
    try await withTestDatabase(.empty) { database in
      let url = Self.url(database)
      let query = DataQuery("select n, n * 0.5 as half, 'word ' || n % 11 as word from generate_series(1, 150000) n")
      let table = try await Self.read(query, url: url)
      #expect(table.rowCount == 150_000)
      #expect(try table.numbers("half").reduce(0, +) == 150_000.0 * 150_001 / 4)
      let profile = try await blocking { try TableReader(options: .init(query: query)).profile(path: url) }
      #expect(profile.rows == 150_000)
      #expect(profile["word"]?.distinct == 11)
    }
  }

  @Test(arguments: UInt64(1)...100)
  func `damaged rows of a COPY never crash the reader`(seed: UInt64) {
    var random = SeededGenerator(seed)
    var bytes = Array("PGCOPY\n".utf8) + [0xff] + Array("\r\n".utf8) + [UInt8](repeating: 0, count: 9)
    for row in 0..<20 {
      bytes += [0, 2, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, UInt8(row), 0, 0, 0, 2, 0x41, 0x42]
    }
    bytes += [0xff, 0xff]
    func read(_ bytes: [UInt8], pieces: Int) -> CopiedRows? {
      var rows = CopiedRows([.whole, .text], kinds: [.number, .string])
      for start in stride(from: 0, to: bytes.count, by: pieces) {
        guard rows.take(Array(bytes[start..<min(bytes.count, start + pieces)])) else { return nil }
      }
      return rows
    }
    let whole = read(bytes, pieces: Int.random(in: 1...40, using: &random))
    #expect(whole?.rows == 20 && whole?.hasEnded == true)
    for _ in 0..<20 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
    if var rows = read(bytes, pieces: Int.random(in: 1...40, using: &random)) { #expect(rows.block().count == 2) }
  }
}

/// Gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
