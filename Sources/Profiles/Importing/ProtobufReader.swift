/// Reads the wire format of protocol buffers: enough for messages whose fields are known.
struct ProtobufReader {
  /// A field's content.
  enum Value {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)

    /// A whole number; a `double` is read by `double`.
    var integer: Int? {
      guard case .number(let bits) = self else { return nil }
      return Int(truncatingIfNeeded: bits)
    }

    var double: Double? {
      guard case .number(let bits) = self else { return nil }
      return Double(bitPattern: bits)
    }

    var bytes: ArraySlice<UInt8>? {
      guard case .bytes(let bytes) = self else { return nil }
      return bytes
    }

    var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
  }

  private let bytes: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The next field; nil at the end, and where the bytes are no message.
  mutating func next() -> (field: Int, value: Value)? {
    guard position < bytes.endIndex, let tag = varint() else { return nil }
    switch tag & 7 {
    case 0: return varint().map { (Int(tag >> 3), .number($0)) }
    case 1: return fixed(8).map { (Int(tag >> 3), .number($0)) }
    case 2: return block().map { (Int(tag >> 3), .bytes($0)) }
    case 5: return fixed(4).map { (Int(tag >> 3), .number($0)) }
    default: return nil
    }
  }

  /// A length and so many bytes.
  mutating func block() -> ArraySlice<UInt8>? {
    guard let length = varint(), length <= UInt64(bytes.endIndex - position) else { return nil }
    defer { position += Int(length) }
    return bytes[position..<position + Int(length)]
  }

  private mutating func varint() -> UInt64? {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < bytes.endIndex else { return nil }
      let byte = bytes[position]
      position += 1
      result |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return result }
    }
    return nil
  }

  private mutating func fixed(_ count: Int) -> UInt64? {
    guard bytes.endIndex - position >= count else { return nil }
    defer { position += count }
    return bytes[position..<position + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// All fields of a message.
  static func fields(_ bytes: ArraySlice<UInt8>) -> [Int: [Value]] {
    var reader = ProtobufReader(bytes)
    var fields: [Int: [Value]] = [:]
    while let (field, value) = reader.next() { fields[field, default: []].append(value) }
    return fields
  }

  /// A map: repeated entries with the key in field 1 and the value in field 2.
  static func map(_ entries: [Value]?) -> [(key: Value, value: Value)] {
    (entries ?? []).compactMap { entry in
      guard let fields = entry.bytes.map(fields), let value = fields[2]?.last else { return nil }
      // Zero, and the empty text, are not written.
      return (fields[1]?.last ?? .number(0), value)
    }
  }
}

extension ArraySlice<UInt8> {
  /// A little-endian number of so many bytes at an offset; nil beyond the end.
  func little(_ offset: Int, _ count: Int) -> UInt64? {
    guard offset >= 0, offset + count <= self.count else { return nil }
    let start = startIndex + offset
    return self[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
