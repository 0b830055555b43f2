/// Reads Thrift's compact protocol, in which Parquet keeps what it says about itself. Every byte is checked for being there.
///
/// Source: apache/thrift, doc/specs/thrift-compact-protocol.md.
struct ThriftReader {
  /// The types a field or a list's elements can have.
  enum Kind: UInt8 {
    case stop = 0
    case yes, no, byte, int16, int32, int64, double, binary, list, set, map, structure, uuid
  }

  /// A field's number and type. A boolean's value is its type.
  struct Field {
    let id: Int
    let kind: Kind
  }

  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  /// Structures inside structures; more than this is an attack.
  private static let deepest = 32

  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  private mutating func byte() throws(ParquetError) -> UInt8 {
    guard position < bytes.count else { throw ThriftReader.cutOff }
    defer { position += 1 }
    return bytes[position]
  }

  static let cutOff = ParquetError("a header is cut off")
  private static let damaged = ParquetError("a header is damaged")

  mutating func unsigned() throws(ParquetError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 64 else { throw ThriftReader.damaged }
      value |= UInt64(next & 0x7f) << shift
      if next < 0x80 { return value }
      shift += 7
    }
  }

  mutating func integer() throws(ParquetError) -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A count or size: not negative, and within an `Int32` unless a limit says otherwise.
  mutating func count(atMost limit: Int64 = Int64(Int32.max)) throws(ParquetError) -> Int {
    let value = try integer()
    guard value >= 0, value <= limit else { throw ThriftReader.damaged }
    return Int(value)
  }

  mutating func binary() throws(ParquetError) -> UnsafeRawBufferPointer {
    let length = try unsigned()
    guard length <= UInt64(bytes.count - position) else { throw ThriftReader.cutOff }
    defer { position += Int(length) }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(length)])
  }

  mutating func text() throws(ParquetError) -> String { String(decoding: try binary(), as: UTF8.self) }

  /// The head of a list: how many elements follow.
  mutating func list(of wanted: Kind) throws(ParquetError) -> Int {
    let (count, kind) = try listHead()
    guard count == 0 || kind == wanted else { throw ThriftReader.damaged }
    return count
  }

  private mutating func listHead() throws(ParquetError) -> (Int, Kind) {
    let head = try byte()
    guard let kind = Kind(rawValue: head & 15) else { throw ThriftReader.damaged }
    let count = head >> 4 == 15 ? try unsigned() : UInt64(head >> 4)
    // Every element takes a byte at least, so that a count beyond what is left is damage, and nothing is reserved for it.
    guard count <= UInt64(bytes.count - position) else { throw ThriftReader.cutOff }
    return (Int(count), kind)
  }

  /// Reads a structure: `body` is given each field, and reads its value, or returns false to have it passed over.
  mutating func structure(
    depth: Int = 0, _ body: (inout ThriftReader, Field) throws(ParquetError) -> Bool
  ) throws(ParquetError) {
    guard depth < ThriftReader.deepest else { throw ThriftReader.damaged }
    var id = 0
    while true {
      let head = try byte()
      guard let kind = Kind(rawValue: head & 15) else { throw ThriftReader.damaged }
      if kind == .stop { return }
      if head >> 4 == 0 {
        let next = try integer()
        guard let exact = Int16(exactly: next) else { throw ThriftReader.damaged }
        id = Int(exact)
      } else {
        id += Int(head >> 4)
      }
      if try !body(&self, Field(id: id, kind: kind)) { try skip(kind, depth: depth + 1) }
    }
  }

  private mutating func skip(_ kind: Kind, depth: Int) throws(ParquetError) {
    guard depth < ThriftReader.deepest else { throw ThriftReader.damaged }
    switch kind {
    case .stop, .yes, .no: return
    case .byte: _ = try byte()
    case .int16, .int32, .int64: _ = try unsigned()
    case .double: try pass(8)
    case .uuid: try pass(16)
    case .binary: _ = try binary()
    case .list, .set:
      let (count, element) = try listHead()
      for _ in 0..<count { try skipElement(element, depth: depth + 1) }
    case .map:
      let count = try unsigned()
      guard count <= UInt64(bytes.count - position) else { throw ThriftReader.cutOff }
      if count == 0 { return }
      let kinds = try byte()
      guard let key = Kind(rawValue: kinds >> 4), let value = Kind(rawValue: kinds & 15) else { throw ThriftReader.damaged }
      for _ in 0..<count {
        try skipElement(key, depth: depth + 1)
        try skipElement(value, depth: depth + 1)
      }
    case .structure: try structure(depth: depth + 1) { _, _ throws(ParquetError) in false }
    }
  }

  /// In lists and maps a boolean takes a byte.
  private mutating func skipElement(_ kind: Kind, depth: Int) throws(ParquetError) {
    if kind == .yes || kind == .no { _ = try byte() } else { try skip(kind, depth: depth) }
  }

  private mutating func pass(_ count: Int) throws(ParquetError) {
    guard bytes.count - position >= count else { throw ThriftReader.cutOff }
    position += count
  }
}
