import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// Sends a value and reads it back; also through the server's text of it, so that both directions are not wrong alike.
private func roundTrip<Value: PostgresEncodable & PostgresDecodable & Equatable>(_ value: Value, _ type: String) async throws -> Bool {
  let db = try TestDatabase.serverClient()
  let rows = try await db.query(
    "select \(value)::\(unsafeSQL: type), \(value)::\(unsafeSQL: type)::text::\(unsafeSQL: type), \(Value?.none)::\(unsafeSQL: type)")
  let (direct, throughText, null) = try rows[0].decode(Value.self, Value.self, Value?.self)
  return direct == value && throughText == value && null == nil
}

/// What the server makes of a value.
private func text(_ value: some PostgresEncodable, _ type: String) async throws -> String {
  try await TestDatabase.serverClient().query("select \(value)::\(unsafeSQL: type)::text", as: String.self)[0]
}

struct CodecTests {
  /// One client for all: they need no tables.
  private let db: PostgresClient

  init() throws { db = try TestDatabase.serverClient() }

  @Test(arguments: [Int64.min, -1, 0, 1, .max])
  func `bigint goes there and back`(value: Int64) async throws {
    #expect(try await roundTrip(value, "bigint"))
    #expect(try await roundTrip(Int(value), "bigint"))
    #expect(try await text(value, "bigint") == "\(value)")
  }

  @Test(arguments: [Int32.min, -1, 0, .max])
  func `integer goes there and back`(value: Int32) async throws {
    #expect(try await roundTrip(value, "integer"))
    #expect(try await text(value, "integer") == "\(value)")
  }

  @Test(arguments: [Int16.min, -1, 0, .max])
  func `smallint goes there and back`(value: Int16) async throws {
    #expect(try await roundTrip(value, "smallint"))
  }

  @Test(arguments: [true, false])
  func `boolean goes there and back`(value: Bool) async throws {
    #expect(try await roundTrip(value, "boolean"))
    #expect(try await text(value, "boolean") == "\(value)")
  }

  @Test(arguments: [0.0, -0.0, 1.5, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0.1, 1e-300, 2e22])
  func `double precision goes there and back to the last bit`(value: Double) async throws {
    let back = try await db.query("select \(value)", as: Double.self)[0]
    #expect(back.bitPattern == value.bitPattern)
    #expect(try await roundTrip(value, "double precision"))
  }

  @Test func `NaN goes there and back`() async throws {
    #expect(try await db.query("select \(Double.nan)", as: Double.self)[0].isNaN)
    #expect(try await text(Double.nan, "double precision") == "NaN")
  }

  @Test(arguments: ["", "x", "O'Brien \"quoted\" \\ $1 -- ;", "größer 🦑 \u{10FFFF}", "\n\r\t", "NULL", "{}", String(repeating: "ab", count: 100_000)])
  func `text goes there and back`(value: String) async throws {
    #expect(try await roundTrip(value, "text"))
    #expect(try await db.query("select octet_length(\(value)::text)", as: Int.self) == [value.utf8.count])
  }

  @Test func `text with a zero character is refused before it is sent, and not cut short`() async throws {
    await #expect(throws: PostgresEncodingError.self) { try await db.query("select \("a\0b")") }
    await #expect(throws: PostgresEncodingError.self) { try await db.query("select \(["a\0b"])") }
  }

  @Test func `a string stands for whatever type its place calls for`() async throws {
    let id = UUID()
    let row = try await db.query(
      "select \(id.lowercased)::uuid, \("{\"a\": 1}")::jsonb, \("2026-01-02")::date, \("12.50")::numeric, \("[1,2)")::int4range::text")[0]
    let values = try row.decode(UUID.self, JSON.self, String.self, String.self, String.self)
    #expect(values.0 == id && values.1 == ["a": 1] && values.2 == "2026-01-02" && values.3 == "12.50" && values.4 == "[1,2)")
  }

  @Test func `uuid goes there and back`() async throws {
    let id = UUID()
    #expect(try await roundTrip(id, "uuid"))
    #expect(try await text(id, "uuid") == id.lowercased)
  }

  @Test(arguments: [
    Timestamp(microseconds: 0), Timestamp(microseconds: 1), Timestamp(microseconds: -1), Timestamp(microseconds: 946_684_800_000_000),
    Timestamp(microseconds: -210_866_803_200_000_000), Timestamp(microseconds: .max - 1_000_000), Timestamp("2026-11-23T06:10:42.123456Z")!,
    Timestamp("0001-01-01T00:00:00Z")!, Timestamp("9999-12-31T23:59:59.999999Z")!,
  ])
  func `timestamptz goes there and back, from 4714 BC to 294247 AD`(value: Timestamp) async throws {
    #expect(try await roundTrip(value, "timestamptz"))
    #expect(try await db.query("select (extract(epoch from \(value)) * 1000000)::bigint", as: Int64.self) == [value.microseconds])
  }

  @Test func `a time that PostgreSQL cannot hold is an error, never infinity`() async throws {
    await #expect(throws: PostgresEncodingError.self) { try await db.query("select \(Timestamp(microseconds: .min))") }
    await #expect(throws: PostgresEncodingError.self) { try await db.query("select \(Timestamp(microseconds: .min + 946_684_800_000_000))") }
    let tooEarly = Timestamp(microseconds: -210_866_803_200_000_001)
    await #expect { try await db.query("select \(tooEarly)") } throws: { ($0 as? PostgresError)?.sqlState == "22008" }
    let rows = try await db.query("select '294276-12-31 23:59:59.999999+00'::timestamptz")
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode(Timestamp.self, at: 0) }
  }

  @Test(arguments: ["infinity", "-infinity"])
  func `an infinite time is an error when it is read`(value: String) async throws {
    let rows = try await db.query("select \(value)::timestamptz, \(value)::date, array[\(value)::timestamptz]")
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode(Timestamp.self, at: 0) }
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode(String.self, at: 0) }
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode(String.self, at: 1) }
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode([Timestamp].self, at: 2) }
  }

  @Test(arguments: ["UTC", "Asia/Kolkata", "America/St_Johns"], ["ISO, MDY", "German", "SQL, DMY"])
  func `no setting of the session changes what is read`(zone: String, style: String) async throws {
    try await db.withTransaction { transaction in
      try await transaction.query(
        "select set_config('TimeZone', \(zone), true), set_config('DateStyle', \(style), true), set_config('extra_float_digits', '-5', true), set_config('bytea_output', 'escape', true)"
      )
      let time = Timestamp("2026-11-23T06:10:42.123456Z")
      let (read, number, bytes) = try await transaction.query(
        "select '2026-11-23 06:10:42.123456+00'::timestamptz, \(0.1 + 0.2), \([UInt8](0...255))", as: Timestamp.self, Double.self, [UInt8].self)[0]
      #expect(read == time && number == 0.1 + 0.2 && bytes == [UInt8](0...255))
    }
  }

  @Test(arguments: [Duration.zero, .microseconds(1), .seconds(90), .seconds(-3), .seconds(86_400 * 400)])
  func `interval goes there and back`(value: Duration) async throws {
    #expect(try await roundTrip(value, "interval"))
  }

  @Test func `an interval with months has no length, one with days has`() async throws {
    let rows = try await db.query("select interval '1 month', interval '2 days 3 seconds'")
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode(Duration.self, at: 0) }
    #expect(try rows[0].decode(Duration.self, at: 1) == .seconds(2 * 86_400 + 3))
  }

  @Test(arguments: [[], [0], [0, 0, 0], [UInt8](0...255)])
  func `bytea goes there and back`(value: [UInt8]) async throws {
    #expect(try await roundTrip(value, "bytea"))
    #expect(try await db.query("select octet_length(\(value))", as: Int.self) == [value.count])
  }

  @Test func `jsonb goes there and back`() async throws {
    let value: JSON = ["text": "a \"b\" \\ \u{1} 🦑", "number": 1.5, "big": .integer(.max), "list": [1, nil, true], "empty": .object(.init())]
    #expect(try await roundTrip(value, "jsonb"))
    let (text, raw) = try await db.query("select \(value)::text, \(value)", as: String.self, JSONText.self)[0]
    #expect(try JSON(parsing: text) == value)
    #expect(raw.text == text)
  }

  @Test func `numbers that JSON of ours would round keep every digit as text`() async throws {
    let text = "{\"n\": 1.00000000000000000000000001}"
    #expect(try await db.query("select \(JSONText(text))::text", as: String.self) == [text])
  }

  @Test(arguments: [XID8(0), XID8(3), XID8(.max)])
  func `xid8 goes there and back`(value: XID8) async throws {
    #expect(try await roundTrip(value, "xid8"))
    #expect(try await text(value, "xid8") == "\(value)")
  }

  @Test func `arrays go there and back, with nothing, NULL and what needs quoting in them`() async throws {
    #expect(try await roundTrip([Int](), "bigint[]"))
    #expect(try await roundTrip([Int64.min, 0, .max], "bigint[]"))
    #expect(try await roundTrip([1, nil, 3] as [Int?], "bigint[]"))
    #expect(try await roundTrip([nil, "", "NULL", "a,b", "\"", "\\", "{}", "größer"] as [String?], "text[]"))
    #expect(try await roundTrip([UUID(), UUID()], "uuid[]"))
    #expect(try await roundTrip([JSON.null, [1, 2], "x"], "jsonb[]"))
    #expect(try await roundTrip([[1, 2, 3], [], [0]] as [[UInt8]], "bytea[]"))
    #expect(try await roundTrip([true, false], "boolean[]"))
    #expect(try await roundTrip([1.5, -.infinity], "double precision[]"))
    #expect(try await roundTrip([Timestamp(microseconds: 7)], "timestamptz[]"))
    #expect(try await roundTrip([Int32(7), .min], "integer[]"))
    #expect(try await roundTrip([Int16(7), .min], "smallint[]"))
    #expect(try await roundTrip([XID8(7), XID8(.max)], "xid8[]"))
    #expect(try await roundTrip([Duration.seconds(7)], "interval[]"))
  }

  @Test func `an array with NULL cannot be read as one without, nor one of two dimensions`() async throws {
    let rows = try await db.query("select array[1, null]::bigint[], array[[1, 2], [3, 4]]::bigint[]")
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode([Int].self, at: 0) }
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode([Int].self, at: 1) }
  }

  @Test(arguments: [
    "0", "1", "-1", "0.5", "-0.05", "10000", "99999999.0001", "1e20", "1e-20", "123456789012345678901234567890.123456789", "100000000",
    "1.000", "NaN", "Infinity", "-Infinity", "0.00", "20000.0002",
  ])
  func `numeric reads as the text that PostgreSQL prints`(value: String) async throws {
    let (read, printed) = try await db.query("select \(value)::numeric, \(value)::numeric::text", as: String.self, String.self)[0]
    #expect(read == printed)
  }

  @Test func `sums and averages read as numbers`() async throws {
    let row = try await db.query("select sum(x), avg(x), count(*), sum(x::numeric / 2) from generate_series(1::bigint, 4) x")[0]
    let (sum, average, count) = try row.decode(Int.self, Double.self, Int.self)
    #expect(sum == 10 && average == 2.5 && count == 4)
    #expect(try row.decode(Int.self, at: 3) == 5)
    #expect(throws: PostgresDecodingError.self) { try row.decode(Int.self, at: 1) }
  }

  @Test func `a number that does not fit is an error`() async throws {
    let rows = try await db.query("select 70000, 3000000000, 1e30::numeric")
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode(Int16.self, at: 0) }
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode(Int32.self, at: 1) }
    #expect(throws: PostgresDecodingError.self) { try rows[0].decode(Int.self, at: 2) }
    #expect(try rows[0].decode(Int.self, at: 1) == 3_000_000_000)
  }

  @Test func `NULL read as something that is there names the column`() async throws {
    let rows = try await db.query("select null::bigint as age")
    #expect { try rows[0]["age", as: Int.self] } throws: { error in
      "\(error)" == "column \"age\" (bigint) cannot be read as Int: the value is NULL; decode Int? instead"
    }
    #expect(try rows[0]["age", as: Int?.self] == nil)
  }

  @Test func `a column of another type, or none at all, is named in the error`() async throws {
    let rows = try await db.query("select 'x'::text as a, int4range(1, 2) as b")
    #expect { try rows[0]["a", as: Int.self] } throws: {
      "\($0)" == "column \"a\" (text) cannot be read as Int: the column is of text; cast it in the statement, or decode another type"
    }
    #expect { try rows[0]["b", as: String.self] } throws: {
      "\($0)" == "column \"b\" (type 3904) cannot be read as String: add ::text to it in the statement"
    }
    #expect { try rows[0]["c", as: Int.self] } throws: { "\($0)".hasSuffix("the result has no such column; it has a, b") }
  }

  @Test(arguments: Seed.batch(16))
  func `random values of every type go there and back in one statement`(seed: Seed) async throws {
    var random = seed.makeGenerator()
    func string() -> String {
      String(
        String.UnicodeScalarView(
          (0..<Int.random(in: 0...40, using: &random)).map { _ in
            Unicode.Scalar(UInt32.random(in: 1...0x2ffff, using: &random)) ?? "?"
          }))
    }
    let integer = Int64.random(in: .min ... .max, using: &random)
    let double = Double(bitPattern: UInt64.random(in: 0...0x7fe0_0000_0000_0000, using: &random))
    let text = string()
    let time = Timestamp(microseconds: .random(in: -60_000_000_000_000_000...250_000_000_000_000_000, using: &random))
    let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    let strings = (0..<Int.random(in: 0...9, using: &random)).map { _ in Bool.random(using: &random) ? string() : nil }
    let id = UUID(uuid: withUnsafeBytes(of: (random.next(), random.next())) { $0.loadUnaligned(as: uuid_t.self) })
    let json: JSON = ["t": .string(text), "i": .integer(integer), "l": .array(strings.map { JSON($0) })]
    let row = try await db.query("select \(integer), \(double), \(text)::text, \(time), \(bytes), \(strings), \(id), \(json)")[0]
    let back = try row.decode(Int64.self, Double.self, String.self, Timestamp.self, [UInt8].self, [String?].self, UUID.self, JSON.self)
    #expect(back.0 == integer)
    #expect(back.1.bitPattern == double.bitPattern)
    #expect(Array(back.2.unicodeScalars) == Array(text.unicodeScalars))
    #expect(back.3 == time)
    #expect(back.4 == bytes)
    #expect(back.5 == strings)
    #expect(back.6 == id)
    #expect(back.7 == json)
  }
}
