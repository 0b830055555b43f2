public import Foundation
public import Values

extension String: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// Left to the server: a String can stand for `text`, `uuid`, `jsonb`, an enum, whatever the place calls for.
  /// Where the place does not tell (`jsonb_build_object('a', …)`), cast: `\(name)::text`.
  public static var postgresType: PostgresType { .unknown }
  /// `text`
  public static var elementType: PostgresType { .text }
  /// `text[]`
  public static var arrayType: PostgresType { .textArray }

  /// - Throws: `PostgresEncodingError`, when it holds U+0000, which PostgreSQL's text cannot.
  public func encode(into encoder: inout PostgresEncoder) throws {
    let start = encoder.bytes.count
    encoder.write(utf8)
    guard !encoder.bytes[start...].contains(0) else {
      throw PostgresEncodingError("a string holds the character U+0000, which PostgreSQL's text cannot; remove it or use bytea")
    }
  }

  /// Reads text of all kinds, `json`, `jsonb` (its canonical text), and the usual text of booleans, numbers, uuids, `timestamptz`
  /// (RFC 3339), `date` and `xid8`. Any other type (an enum, a range …) has to be cast to text in the statement.
  public static func decode(_ cell: Cell) throws -> String {
    let bytes = try cell.value(for: String.self)
    switch cell.type {
    case .text, .varchar, .bpchar, .name, .json, .unknown, PostgresType(oid: 705): return String(decoding: bytes, as: UTF8.self)
    case .jsonb: return String(decoding: try cell.jsonbText(bytes), as: UTF8.self)
    case .uuid: return try UUID.decode(cell).lowercased
    case .bool: return try Bool.decode(cell) ? "true" : "false"
    case .int8, .int4, .int2, .objectIdentifier, .xid: return String(try Int64.decode(cell))
    case .numeric: return try Numeric(bytes, of: cell).description
    case .float8: return try Double.decode(cell).description
    case .float4: return Float(bitPattern: try cell.integer(bytes, String.self)).description
    case .timestamptz: return try Timestamp.decode(cell).description
    case .date: return try cell.dateText(bytes)
    case .xid8: return try XID8.decode(cell).description
    case .char: return bytes.first.map { $0 == 0 ? "" : String(UnicodeScalar($0)) } ?? ""
    case .void: return ""
    default: throw cell.failure(String.self, "add ::text to it in the statement")
    }
  }
}

extension UUID: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `uuid`
  public static var postgresType: PostgresType { .uuid }
  /// `uuid[]`
  public static var arrayType: PostgresType { .uuidArray }

  /// Sixteen bytes.
  public func encode(into encoder: inout PostgresEncoder) { withUnsafeBytes(of: uuid) { encoder.write($0) } }

  /// Reads `uuid` only.
  public static func decode(_ cell: Cell) throws -> UUID {
    let bytes = try cell.value(for: UUID.self)
    guard cell.type == .uuid, bytes.count == 16 else { throw cell.mismatch(UUID.self) }
    return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
  }
}

extension JSON: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `jsonb`
  public static var postgresType: PostgresType { .jsonb }
  /// `jsonb[]`
  public static var arrayType: PostgresType { .jsonbArray }

  /// A version byte and the compact text; numbers that are not finite become `null`.
  public func encode(into encoder: inout PostgresEncoder) {
    encoder.write(UInt8(1))
    encoder.write(description.utf8)
  }

  /// Reads `jsonb` and `json`. Numbers become what `JSON(parsing:)` makes of them; `data::text` as String keeps every digit.
  public static func decode(_ cell: Cell) throws -> JSON {
    let bytes = try cell.value(for: JSON.self)
    let text: UnsafeRawBufferPointer
    switch cell.type {
    case .jsonb: text = try cell.jsonbText(bytes)
    case .json: text = bytes
    default: throw cell.mismatch(JSON.self)
    }
    do throws(JSONSyntaxError) {
      return try JSON(parsing: Array(text))
    } catch {
      throw cell.failure(JSON.self, "not JSON at byte \(error.offset)")
    }
  }
}

/// The text of a JSON value, sent as `jsonb` just as it stands: for numbers that `Values.JSON` would round, and for what is stored already.
public struct JSONText: Hashable, Sendable, PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// Checked by the server, when it is sent.
  public var text: String

  /// Checks nothing: the server does.
  public init(_ text: String) { self.text = text }

  /// `jsonb`
  public static var postgresType: PostgresType { .jsonb }
  /// `jsonb[]`
  public static var arrayType: PostgresType { .jsonbArray }

  /// A version byte and the text. Throws `PostgresEncodingError` when it holds U+0000.
  public func encode(into encoder: inout PostgresEncoder) throws {
    encoder.write(UInt8(1))
    try text.encode(into: &encoder)
  }

  /// Reads `jsonb` and `json`.
  public static func decode(_ cell: Cell) throws -> JSONText {
    guard cell.isNull || cell.type == .jsonb || cell.type == .json else { throw cell.mismatch(JSONText.self) }
    return JSONText(try String.decode(cell))
  }
}

extension Cell {
  /// The text of a jsonb value: its binary format is a version byte and the text.
  fileprivate func jsonbText(_ bytes: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
    guard bytes.first == 1 else { throw failure(JSON.self, "jsonb of an unknown binary version") }
    return UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
  }
}
