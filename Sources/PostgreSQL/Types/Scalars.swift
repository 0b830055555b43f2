extension Bool: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  public static var postgresType: PostgresType { .bool }
  public static var arrayType: PostgresType { .boolArray }

  public func encode(into encoder: inout PostgresEncoder) { encoder.write(self ? UInt8(1) : 0) }

  public static func decode(_ cell: Cell) throws -> Bool {
    let bytes = try cell.value(for: Bool.self)
    guard cell.type == .bool, bytes.count == 1 else { throw cell.mismatch(Bool.self) }
    return bytes[0] != 0
  }
}

extension Int: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  public static var postgresType: PostgresType { .int8 }
  public static var arrayType: PostgresType { .int8Array }
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(Int64(self)) }
  public static func decode(_ cell: Cell) throws -> Int { try cell.wholeNumber() }
}

extension Int64: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  public static var postgresType: PostgresType { .int8 }
  public static var arrayType: PostgresType { .int8Array }
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(self) }
  public static func decode(_ cell: Cell) throws -> Int64 { try cell.wholeNumber() }
}

extension Int32: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  public static var postgresType: PostgresType { .int4 }
  public static var arrayType: PostgresType { .int4Array }
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(self) }
  public static func decode(_ cell: Cell) throws -> Int32 { try cell.wholeNumber() }
}

extension Int16: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  public static var postgresType: PostgresType { .int2 }
  public static var arrayType: PostgresType { .int2Array }
  public func encode(into encoder: inout PostgresEncoder) { encoder.write(self) }
  public static func decode(_ cell: Cell) throws -> Int16 { try cell.wholeNumber() }
}

extension Double: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  public static var postgresType: PostgresType { .float8 }
  public static var arrayType: PostgresType { .float8Array }

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
  public var value: UInt64

  public init(_ value: UInt64) { self.value = value }

  public static func < (left: XID8, right: XID8) -> Bool { left.value < right.value }
}

extension XID8: PostgresEncodable, PostgresDecodable, PostgresArrayElement, CustomStringConvertible {
  public static var postgresType: PostgresType { .xid8 }
  public static var arrayType: PostgresType { .xid8Array }
  public var description: String { "\(value)" }

  public func encode(into encoder: inout PostgresEncoder) { encoder.write(value) }

  public static func decode(_ cell: Cell) throws -> XID8 {
    let bytes = try cell.value(for: XID8.self)
    guard cell.type == .xid8 else { throw cell.mismatch(XID8.self) }
    return XID8(try cell.integer(bytes, XID8.self))
  }
}
