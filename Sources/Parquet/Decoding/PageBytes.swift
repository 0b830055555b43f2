/// The unpacked bytes of a page, with a few zeros behind them so that eight can be loaded wherever one can.
final class PageBytes {
  static let slack = 16
  private let memory: UnsafeMutableRawBufferPointer
  let count: Int

  init(count: Int) {
    self.count = count
    memory = .allocate(byteCount: count + PageBytes.slack, alignment: 16)
    UnsafeMutableRawBufferPointer(rebasing: memory[count...]).initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { memory.deallocate() }

  var writable: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: memory[..<count]) }

  /// A cursor from `start` on; it must not outlive the page.
  func cursor(from start: Int) -> PageCursor { PageCursor(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[start..<count])) }
}

/// Where a decoder is in a page. Everything is taken through checks; `PageBytes.slack` bytes behind the end may be loaded.
struct PageCursor {
  private(set) var start: UnsafeRawPointer
  let end: UnsafeRawPointer

  init(_ bytes: UnsafeRawBufferPointer) {
    // An empty page still has its slack.
    start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 16).unsafelyUnwrapped
    end = start + bytes.count
  }

  var left: Int { end - start }

  static let cutOff = ParquetError("a page ends before its values do")

  /// The next bytes.
  @inline(__always)
  mutating func take(_ count: Int) throws(ParquetError) -> UnsafeRawPointer {
    guard count >= 0, count <= left else { throw PageCursor.cutOff }
    defer { start += count }
    return start
  }

  /// The next bytes, for a cursor of their own.
  mutating func part(_ count: Int) throws(ParquetError) -> PageCursor {
    let from = try take(count)
    return PageCursor(UnsafeRawBufferPointer(start: from, count: count))
  }

  mutating func byte() throws(ParquetError) -> UInt8 { try take(1).load(as: UInt8.self) }

  /// A size before what it is the size of.
  mutating func length() throws(ParquetError) -> Int { Int(UInt32(littleEndian: try take(4).loadUnaligned(as: UInt32.self))) }

  mutating func unsigned() throws(ParquetError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 64 else { throw ParquetError("a number in a page has too many bytes") }
      value |= UInt64(next & 0x7f) << shift
      if next < 0x80 { return value }
      shift += 7
    }
  }

  mutating func signed() throws(ParquetError) -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }
}
