/// The values of a statement's parameters, encoded one after another in one buffer.
struct Parameters: Sendable {
  /// Where a value lies in the buffer and how it is to be read.
  struct Entry: Sendable {
    var type: UInt32
    /// Offset in `encoder.bytes`.
    var offset: Int
    /// In bytes; -1 is NULL.
    var length: Int32
    /// 0 text, 1 binary.
    var format: Int32
    /// Offset in UTF-8 of its placeholder in the statement.
    var position: Int
  }

  private(set) var entries: [Entry] = []
  private var encoder = PostgresEncoder()

  var count: Int { entries.count }
  var positions: [Int] { entries.map(\.position) }
  var types: [UInt32] { entries.map(\.type) }

  /// Encodes a value. When it throws, an entry is there all the same, so that numbering goes on.
  mutating func append<Value: PostgresEncodable>(_ value: Value, at position: Int) throws {
    let type = Value.postgresType
    var entry = Entry(type: type.oid, offset: encoder.bytes.count, length: -1, format: type == .unknown ? 0 : 1, position: position)
    defer { entries.append(entry) }
    encoder.isNull = false
    try value.encode(into: &encoder)
    guard !encoder.isNull else { return }
    guard let length = Int32(exactly: encoder.bytes.count - entry.offset), length < 1 << 30 else {
      throw PostgresEncodingError("a value is larger than the 1 GiB that PostgreSQL takes")
    }
    entry.length = length
    if entry.format == 0 { encoder.write(CollectionOfOne(0)) }
  }

  /// Takes over a parameter of another statement.
  mutating func append(entry index: Int, of other: Parameters, at position: Int) {
    var entry = other.entries[index]
    let start = entry.offset
    entry.offset = encoder.bytes.count
    entry.position = position
    entries.append(entry)
    if entry.length >= 0 { encoder.write(other.encoder.bytes[start..<start + Int(entry.length) + (entry.format == 0 ? 1 : 0)]) }
  }

  /// The arrays that libpq's send functions take.
  struct Pointers {
    let count: Int32
    let types: UnsafePointer<UInt32>?
    let values: UnsafePointer<UnsafePointer<CChar>?>?
    let lengths: UnsafePointer<Int32>?
    let formats: UnsafePointer<Int32>?
  }

  /// Hands the parameters to `body` as libpq wants them; they are valid only inside.
  func withPointers<Result>(_ body: (Pointers) -> Result) -> Result {
    let count = entries.count
    guard count > 0 else { return body(Pointers(count: 0, types: nil, values: nil, lengths: nil, formats: nil)) }
    return encoder.bytes.withUnsafeBytes { bytes in
      withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { types in
          withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
            for (index, entry) in entries.enumerated() {
              types.initializeElement(at: index, to: entry.type)
              values.initializeElement(at: index, to: entry.length < 0 ? nil : Parameters.address(bytes, entry.offset))
              numbers.initializeElement(at: index, to: max(0, entry.length))
              numbers.initializeElement(at: count + index, to: entry.format)
            }
            guard let lengths = numbers.baseAddress else { return body(Pointers(count: 0, types: nil, values: nil, lengths: nil, formats: nil)) }
            return body(
              Pointers(
                count: Int32(count), types: UnsafePointer(types.baseAddress), values: UnsafePointer(values.baseAddress),
                lengths: UnsafePointer(lengths), formats: UnsafePointer(lengths + count)))
          }
        }
      }
    }
  }

  /// The address of a value, never null: to libpq a null pointer is NULL, and an empty buffer has no address.
  private static func address(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UnsafePointer<CChar> {
    guard let base = bytes.baseAddress else { return empty }
    return (base + offset).assumingMemoryBound(to: CChar.self)
  }

  /// One zero byte that lives as long as the process.
  private nonisolated(unsafe) static let empty: UnsafePointer<CChar> = {
    let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    byte.initialize(to: 0)
    return UnsafePointer(byte)
  }()
}
