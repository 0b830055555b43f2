/// Small numbers as runs of equal ones and of packed bits: levels, dictionary indices, booleans.
struct RunLengthDecoder {
  private var cursor: PageCursor
  private let width: Int
  private var repeated = 0
  private var value: Int32 = 0
  private var packed = 0
  /// The packed run, and the next value's bit in it.
  private var bits: UnsafeRawPointer
  private var bit = 0

  /// - Parameter width: bits a value has, at most 32.
  init(_ cursor: PageCursor, width: Int) throws(ParquetError) {
    guard (0...32).contains(width) else { throw ParquetError("values of \(width) bits are not possible") }
    self.cursor = cursor
    self.width = width
    bits = cursor.start
  }

  /// Fills `target`.
  mutating func decode(into target: UnsafeMutableBufferPointer<Int32>) throws(ParquetError) {
    guard let base = target.baseAddress else { return }
    var done = 0
    while done < target.count {
      if repeated > 0 {
        let count = min(repeated, target.count - done)
        (base + done).update(repeating: value, count: count)
        repeated -= count
        done += count
      } else if packed > 0 {
        let count = min(packed, target.count - done)
        unpack(base + done, count)
        packed -= count
        done += count
      } else {
        try run()
      }
    }
  }

  private mutating func unpack(_ target: UnsafeMutablePointer<Int32>, _ count: Int) {
    let mask: UInt64 = (1 << UInt64(width)) - 1
    var position = bit
    for index in 0..<count {
      // At most 7 + 32 bits; the page's slack makes the load safe at its end.
      let word = UInt64(littleEndian: (bits + position >> 3).loadUnaligned(as: UInt64.self))
      target[index] = Int32(truncatingIfNeeded: (word >> UInt64(position & 7)) & mask)
      position &+= width
    }
    bit = position
  }

  private mutating func run() throws(ParquetError) {
    let head = try cursor.unsigned()
    let count = head >> 1
    guard count > 0, count <= UInt64(Int32.max) else { throw ParquetError("a run in a page has no length") }
    if head & 1 == 0 {
      let bytes = (width + 7) / 8
      let from = try cursor.take(bytes)
      var number: UInt32 = 0
      for index in 0..<bytes { number |= UInt32(from.load(fromByteOffset: index, as: UInt8.self)) << UInt32(8 * index) }
      value = Int32(bitPattern: number)
      repeated = Int(count)
    } else {
      // Eight values a group. Some writers leave out the last bytes of the last group.
      let wanted = Int(count) * width
      let present = min(wanted, cursor.left)
      bits = try cursor.take(present)
      bit = 0
      packed = present == wanted ? Int(count) * 8 : present * 8 / max(1, width)
      guard packed > 0 else { throw PageCursor.cutOff }
    }
  }
}
