extension Bool: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `boolean`
  public static var postgresType: PostgresType { .bool }
  /// `boolean[]`
  public static var arrayType: PostgresType { .boolArray }

  /// One byte: 1 or 0.
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(self ? UInt8(1) : 0) }

  /// Reads `boolean` only.
  public static func decode(_ cell: Cell) throws -> Bool {
    let bytes = try cell.value(for: Bool.self)
    guard cell.type == .bool, bytes.count == 1 else { throw cell.mismatch(Bool.self) }
    return bytes[0] != 0
  }
}

extension Int: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `bigint`
  public static var postgresType: PostgresType { .int8 }
  /// `bigint[]`
  public static var arrayType: PostgresType { .int8Array }
  /// Eight bytes, whatever the platform's width.
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(Int64(self)) }
  /// Reads any integer type, `oid`, `xid`, and `numeric` without fraction, if it fits.
  public static func decode(_ cell: Cell) throws -> Int { try cell.wholeNumber() }
}

extension Int64: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `bigint`
  public static var postgresType: PostgresType { .int8 }
  /// `bigint[]`
  public static var arrayType: PostgresType { .int8Array }
  /// Eight bytes.
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(self) }
  /// Reads any integer type, `oid`, `xid`, and `numeric` without fraction, if it fits.
  public static func decode(_ cell: Cell) throws -> Int64 { try cell.wholeNumber() }
}

extension Int32: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `integer`
  public static var postgresType: PostgresType { .int4 }
  /// `integer[]`
  public static var arrayType: PostgresType { .int4Array }
  /// Four bytes.
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(self) }
  /// Reads any integer type, `oid`, `xid`, and `numeric` without fraction, if it fits.
  public static func decode(_ cell: Cell) throws -> Int32 { try cell.wholeNumber() }
}

extension Int16: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `smallint`
  public static var postgresType: PostgresType { .int2 }
  /// `smallint[]`
  public static var arrayType: PostgresType { .int2Array }
  /// Two bytes.
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(self) }
  /// Reads any integer type, `oid`, `xid`, and `numeric` without fraction, if it fits.
  public static func decode(_ cell: Cell) throws -> Int16 { try cell.wholeNumber() }
}

extension Double: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  /// `double precision`
  public static var postgresType: PostgresType { .float8 }
  /// `double precision[]`
  public static var arrayType: PostgresType { .float8Array }

  /// Eight bytes, bit for bit: NaN and infinities are values too.
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(bitPattern) }

  /// Reads `double precision`, `real`, integers that a Double holds exactly or nearly, and `numeric` (rounded to the nearest).
  public static func decode(_ cell: Cell) throws -> Double {
    let bytes = try cell.value(for: Double.self)
    switch cell.type {
    case .float8: return Double(bitPattern: try cell.integer(bytes, Double.self))
    case .float4: return Double(Float(bitPattern: try cell.integer(bytes, Double.self)))
    case .int8, .int4, .int2: return Double(try cell.wholeNumber() as Int64)
    case .numeric:
      guard let value = Double(try Numeric(bytes, of: cell).description) else { throw cell.mismatch(Double.self) }
      return value
    default: throw cell.mismatch(Double.self)
    }
  }
}

extension Cell {
  /// An integer from any integer type, `oid`, `xid`, or a `numeric` without fraction, if it fits.
  fileprivate func wholeNumber<Integer: FixedWidthInteger & SignedInteger>() throws -> Integer {
    let bytes = try value(for: Integer.self)
    let wide: Int64
    switch type {
    case .int8: wide = try integer(bytes, Integer.self)
    case .int4: wide = Int64(try integer(bytes, Integer.self) as Int32)
    case .int2: wide = Int64(try integer(bytes, Integer.self) as Int16)
    case .objectIdentifier, .xid: wide = Int64(try integer(bytes, Integer.self) as UInt32)
    case .numeric:
      guard let value = try Numeric(bytes, of: self).wholeNumber else { throw failure(Integer.self, "the value has a fraction or does not fit") }
      wide = value
    default: throw mismatch(Integer.self)
    }
    guard let value = Integer(exactly: wide) else { throw failure(Integer.self, "the value does not fit") }
    return value
  }
}

/// A 64-bit transaction identifier, as `pg_current_xact_id()` gives it.
public struct XID8: Hashable, Comparable, Sendable {
  /// Does not wrap around: later transactions have larger ones.
  public var value: UInt64

  /// Any number will do.
  public init(_ value: UInt64) { self.value = value }

  /// The order in which identifiers were given, not the order of commits.
  public static func < (left: XID8, right: XID8) -> Bool { left.value < right.value }
}

extension XID8: PostgresEncodable, PostgresDecodable, PostgresArrayElement, CustomStringConvertible {
  /// `xid8`
  public static var postgresType: PostgresType { .xid8 }
  /// `xid8[]`
  public static var arrayType: PostgresType { .xid8Array }
  /// Decimal, as SQL shows it.
  public var description: String { "\(value)" }

  /// Eight bytes.
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(value) }

  /// Reads `xid8` only.
  public static func decode(_ cell: Cell) throws -> XID8 {
    let bytes = try cell.value(for: XID8.self)
    guard cell.type == .xid8 else { throw cell.mismatch(XID8.self) }
    return XID8(try cell.integer(bytes, XID8.self))
  }
}
