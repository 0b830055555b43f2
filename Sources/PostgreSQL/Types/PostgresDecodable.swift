/// A value that can be read from a column of a row.
///
/// A type of the domain conforms by handing on to the type it wraps:
/// `static func decode(_ cell: Cell) throws -> RunID { RunID(uuid: try UUID.decode(cell)) }`.
public protocol PostgresDecodable {
  /// Reads the cell.
  /// - Throws: `PostgresDecodingError`, when it is NULL, of another type, or out of range.
  static func decode(_ cell: Cell) throws -> Self
}

/// One value of one row, valid while it is being decoded.
public struct Cell {
  /// The bytes in PostgreSQL's binary format; nil is NULL. Valid during `decode` only.
  let bytes: UnsafeRawBufferPointer?
  /// The column's type.
  public let type: PostgresType
  /// The column's name.
  let column: @Sendable () -> String

  /// Whether it is NULL.
  public var isNull: Bool { bytes == nil }

  /// The bytes, for a cell that must not be NULL.
  /// - Parameter expected: the Swift type that was asked for.
  func value(for expected: Any.Type) throws -> UnsafeRawBufferPointer {
    guard let bytes else { throw failure(expected, "the value is NULL; decode \(expected)? instead") }
    return bytes
  }

  /// What to throw when the cell holds something that cannot be a value of the type.
  /// - Parameter reason: what is wrong, without quoting the value.
  public func failure(_ expected: Any.Type, _ reason: String) -> PostgresDecodingError {
    PostgresDecodingError(column: column(), type: type, expected: "\(expected)", reason: reason)
  }

  /// What to throw when the column has a type from which the value cannot be read.
  func mismatch(_ expected: Any.Type) -> PostgresDecodingError {
    failure(expected, "the column is of \(type); cast it in the statement, or decode another type")
  }

  /// A big-endian integer that fills the whole value.
  func integer<Integer: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ expected: Any.Type) throws -> Integer {
    guard bytes.count == Integer.bitWidth / 8 else { throw failure(expected, "\(bytes.count) bytes where \(Integer.bitWidth / 8) belong") }
    return Integer(bigEndian: bytes.loadUnaligned(as: Integer.self))
  }
}

/// A value of the result that cannot be read as the type that was asked for. It does not quote the value.
public struct PostgresDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The column's name.
  public let column: String
  /// The column's type.
  public let type: PostgresType
  /// The Swift type that was asked for.
  public let expected: String
  /// What is wrong.
  public let reason: String

  /// The reason must not quote the value.
  public init(column: String, type: PostgresType, expected: String, reason: String) {
    self.column = column
    self.type = type
    self.expected = expected
    self.reason = reason
  }

  /// One line for logs, without the value.
  public var description: String { "column \"\(column)\" (\(type)) cannot be read as \(expected): \(reason)" }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
  /// NULL is nil.
  public static func decode(_ cell: Cell) throws -> Wrapped? {
    cell.isNull ? nil : try Wrapped.decode(cell)
  }
}
