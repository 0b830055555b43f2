/// A value that can be a parameter of a statement, or a field of `COPY … FROM STDIN`.
///
/// A type of the domain conforms by handing on to the type it wraps:
/// `static var postgresType: PostgresType { .uuid }`, `func encode(into encoder: inout PostgresEncoder) throws { try uuid.encode(into: &encoder) }`.
public protocol PostgresEncodable: Sendable {
  /// What the parameter is declared as; `.unknown` leaves it to the server and sends the value as text.
  static var postgresType: PostgresType { get }

  /// Writes the value in PostgreSQL's binary format, which for text is its UTF-8.
  /// - Throws: `PostgresEncodingError`, when PostgreSQL has no such value.
  func encode(into encoder: inout PostgresEncoder) throws
}

/// Receives the bytes of one value.
public struct PostgresEncoder: Sendable {
  /// What was written so far, of this value and those before it.
  var bytes: [UInt8] = []
  /// Whether the value turned out to be NULL.
  var isNull = false

  init() {}

  /// Writes SQL's NULL: nothing else may be written for this value.
  public mutating func encodeNull() { isNull = true }

  mutating func write<Integer: FixedWidthInteger>(_ value: Integer) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(_ raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }

  /// Overwrites four bytes at `offset`.
  mutating func patch(_ value: Int32, at offset: Int) {
    withUnsafeBytes(of: value.bigEndian) { source in
      for index in 0..<4 { bytes[offset + index] = source[index] }
    }
  }
}

/// A Swift value that PostgreSQL cannot hold. Thrown before anything is sent; it does not quote the value.
public struct PostgresEncodingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong with it.
  public let message: String

  /// The message must not quote the value.
  public init(_ message: String) { self.message = message }

  /// The message.
  public var description: String { message }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
  /// That of the wrapped type.
  public static var postgresType: PostgresType { Wrapped.postgresType }

  /// Nil is NULL.
  public func encode(into encoder: inout PostgresEncoder) throws {
    switch self {
    case .some(let value): try value.encode(into: &encoder)
    case nil: encoder.encodeNull()
    }
  }
}
