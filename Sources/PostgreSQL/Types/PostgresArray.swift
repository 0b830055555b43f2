/// A value that can be an element of an array parameter or column. Arrays have one dimension.
public protocol PostgresArrayElement: Sendable {
  /// The type of one element.
  static var elementType: PostgresType { get }
  /// The type of the array.
  static var arrayType: PostgresType { get }
  /// Writes an array of these.
  static func encodeArray(_ elements: [Self], into encoder: inout PostgresEncoder) throws
  /// Reads an array of these.
  static func decodeArray(_ cell: Cell) throws -> [Self]
}

extension PostgresArrayElement where Self: PostgresEncodable & PostgresDecodable {
  /// The type that a single value is sent as.
  public static var elementType: PostgresType { postgresType }

  /// Writes a one-dimensional array whose first index is 1; an empty one has no dimension.
  public static func encodeArray(_ elements: [Self], into encoder: inout PostgresEncoder) throws {
    let start = encoder.bytes.count
    encoder.write(Int32(elements.isEmpty ? 0 : 1))
    encoder.write(Int32(0))
    encoder.write(elementType.oid)
    guard !elements.isEmpty else { return }
    encoder.write(Int32(elements.count))
    encoder.write(Int32(1))
    for element in elements {
      let offset = encoder.bytes.count
      encoder.write(Int32(-1))
      try element.encode(into: &encoder)
      if encoder.isNull {
        encoder.isNull = false
        encoder.patch(1, at: start + 4)
      } else {
        encoder.patch(Int32(encoder.bytes.count - offset - 4), at: offset)
      }
    }
  }

  /// Reads an array of one dimension or none. Throws `PostgresDecodingError` for more dimensions, and for what is no array.
  public static func decodeArray(_ cell: Cell) throws -> [Self] {
    let bytes = try cell.value(for: [Self].self)
    func word(_ offset: Int) throws -> Int32 {
      guard offset + 4 <= bytes.count else { throw cell.mismatch([Self].self) }
      return Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }
    guard arrayTypes.contains(cell.type), bytes.count >= 12 else { throw cell.mismatch([Self].self) }
    let dimensions = try word(0)
    guard dimensions > 0 else { return [] }
    guard dimensions == 1 else { throw cell.failure([Self].self, "the array has \(dimensions) dimensions") }
    let type = PostgresType(oid: UInt32(bitPattern: try word(8)))
    let count = Int(try word(12))
    var elements: [Self] = []
    elements.reserveCapacity(count)
    var offset = 20
    for _ in 0..<count {
      let length = Int(try word(offset))
      offset += 4
      guard offset + max(0, length) <= bytes.count else { throw cell.mismatch([Self].self) }
      let element = length < 0 ? nil : UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
      elements.append(try Self.decode(Cell(bytes: element, type: type, column: cell.column)))
      offset += max(0, length)
    }
    return elements
  }

  /// The array types from which elements of this type can be read: the element's own decoder then has the last word.
  private static var arrayTypes: Set<PostgresType> { PostgresType.arrays }
}

extension PostgresType {
  /// `name[]`, `varchar[]`, `oid[]`, `json[]`, `numeric[]`, `real[]`, `date[]` beside those that have a constant.
  static let arrays: Set<PostgresType> = Set(
    [
      .boolArray, .byteaArray, .int2Array, .int4Array, .textArray, .int8Array, .float8Array, .timestamptzArray, .intervalArray, .uuidArray,
      .jsonbArray, .xid8Array,
    ] + [1002, 1003, 1014, 1015, 1021, 1028, 1011, 199, 1231, 1182].map { PostgresType(oid: $0) })
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement & PostgresEncodable & PostgresDecodable {
  /// That of the wrapped type: an element may be NULL.
  public static var elementType: PostgresType { Wrapped.elementType }
  /// That of the wrapped type: an element may be NULL.
  public static var arrayType: PostgresType { Wrapped.arrayType }
}

/// An array of bytes is `bytea`, not an array.
extension UInt8: PostgresArrayElement {
  /// `"char"`; not sent, because an array of bytes is `bytea`.
  public static var elementType: PostgresType { .char }
  /// `bytea`
  public static var arrayType: PostgresType { .bytea }

  /// Writes the bytes as they are.
  public static func encodeArray(_ elements: [UInt8], into encoder: inout PostgresEncoder) { encoder.write(elements) }

  /// Reads `bytea` only. Throws `PostgresDecodingError` for anything else.
  public static func decodeArray(_ cell: Cell) throws -> [UInt8] {
    let bytes = try cell.value(for: [UInt8].self)
    guard cell.type == .bytea else { throw cell.mismatch([UInt8].self) }
    return Array(bytes)
  }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
  /// The array type of the element.
  public static var postgresType: PostgresType { Element.arrayType }
  /// Writes a one-dimensional array, or the bytes of `bytea`.
  public func encode(into encoder: inout PostgresEncoder) throws { try Element.encodeArray(self, into: &encoder) }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
  /// Reads an array of one dimension or none, or `bytea`.
  public static func decode(_ cell: Cell) throws -> [Element] { try Element.decodeArray(cell) }
}

extension Array: PostgresArrayElement where Element == UInt8 {
  /// `bytea[]`
  public static var arrayType: PostgresType { .byteaArray }
}
