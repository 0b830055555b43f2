/// Whole numbers as packed differences (DELTA_BINARY_PACKED).
struct DeltaDecoder {
  /// Behind what was read; behind the last value, once that was.
  private(set) var cursor: PageCursor
  /// How many values there are in all.
  let count: Int
  private let blockSize: Int
  private let miniblocks: Int
  private let perMiniblock: Int
  private var left: Int
  private var last: Int64
  private var isFirst = true
  private var smallest: Int64 = 0
  private var widths: UnsafeRawPointer
  private var miniblock: Int
  private var leftInMiniblock = 0
  private var bits: UnsafeRawPointer
  private var bit = 0
  private var width = 0

  /// - Parameter most: values that the page has.
  init(_ start: PageCursor, atMost most: Int) throws(ParquetError) {
    var cursor = start
    let (block, parts, total) = (try cursor.unsigned(), try cursor.unsigned(), try cursor.unsigned())
    guard block > 0, block <= 1 << 20, parts > 0, parts <= 1 << 12, block % parts == 0, (block / parts) % 8 == 0, total <= UInt64(most) else {
      throw ParquetError("packed differences have an impossible header")
    }
    last = try cursor.signed()
    (blockSize, miniblocks, count, left) = (Int(block), Int(parts), Int(total), Int(total))
    perMiniblock = blockSize / miniblocks
    miniblock = miniblocks
    widths = cursor.start
    bits = cursor.start
    self.cursor = cursor
  }

  mutating func next() throws(ParquetError) -> Int64 {
    guard left > 0 else { throw PageCursor.cutOff }
    left -= 1
    if isFirst {
      isFirst = false
      return last
    }
    if leftInMiniblock == 0 { try nextMiniblock() }
    leftInMiniblock -= 1
    last = last &+ smallest &+ Int64(bitPattern: packed())
    return last
  }

  @inline(__always)
  private mutating func packed() -> UInt64 {
    guard width > 0 else { return 0 }
    let from = bits + bit >> 3
    let shift = UInt64(bit & 7)
    var word = UInt64(littleEndian: from.loadUnaligned(as: UInt64.self)) >> shift
    if Int(shift) + width > 64 { word |= UInt64(from.load(fromByteOffset: 8, as: UInt8.self)) << (64 - shift) }
    bit &+= width
    return width == 64 ? word : word & ((1 << UInt64(width)) - 1)
  }

  private mutating func nextMiniblock() throws(ParquetError) {
    if miniblock == miniblocks {
      smallest = try cursor.signed()
      widths = try cursor.take(miniblocks)
      miniblock = 0
    }
    width = Int(widths.load(fromByteOffset: miniblock, as: UInt8.self))
    guard width <= 64 else { throw ParquetError("packed differences have \(width) bits") }
    bits = try cursor.take(perMiniblock * width / 8)
    bit = 0
    leftInMiniblock = perMiniblock
    miniblock += 1
  }
}
