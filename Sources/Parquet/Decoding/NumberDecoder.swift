/// Whole numbers and fractions of a fixed size, in whichever way a page holds them.
struct NumberDecoder {
  private enum Layout {
    case bits
    case plain
    case split(values: Int)
    case runs(RunLengthDecoder)
    case delta(DeltaDecoder)
  }

  private let physical: ParquetColumn.Physical
  private var layout: Layout
  private var cursor: PageCursor
  private var position = 0

  /// - Throws: when the encoding is not one for such values.
  init(_ physical: ParquetColumn.Physical, _ encoding: Encoding, _ cursor: PageCursor, values: Int) throws(ParquetError) {
    self.physical = physical
    self.cursor = cursor
    switch (encoding, physical) {
    case (.plain, .boolean): layout = .bits
    case (.plain, _): layout = .plain
    case (.runLength, .boolean):
      let length = try self.cursor.length()
      layout = .runs(try RunLengthDecoder(try self.cursor.part(length), width: 1))
    case (.deltaNumbers, .int32), (.deltaNumbers, .int64): layout = .delta(try DeltaDecoder(cursor, atMost: values))
    case (.byteStreamSplit, .int32), (.byteStreamSplit, .float): layout = .split(values: cursor.left / 4)
    case (.byteStreamSplit, .int64), (.byteStreamSplit, .double): layout = .split(values: cursor.left / 8)
    default: throw .unsupported("has pages in the encoding \(encoding), which is not read for such values")
    }
  }

  /// Fills `target` with booleans as 0 and 1, numbers, or times of twelve bytes as microseconds since 1970.
  mutating func decode(integers target: UnsafeMutableBufferPointer<Int64>) throws(ParquetError) {
    let count = target.count
    switch layout {
    case .bits:
      guard position + count <= cursor.left * 8 else { throw PageCursor.cutOff }
      for index in 0..<count {
        let bit = position + index
        target[index] = Int64(cursor.start.load(fromByteOffset: bit >> 3, as: UInt8.self) >> UInt8(bit & 7) & 1)
      }
      position += count
    case .plain:
      switch physical {
      case .int32:
        let from = try cursor.take(count * 4)
        for index in 0..<count { target[index] = Int64(from.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)) }
      case .int64:
        let from = try cursor.take(count * 8)
        UnsafeMutableRawBufferPointer(target).copyMemory(from: UnsafeRawBufferPointer(start: from, count: count * 8))
      case .int96:
        let from = try cursor.take(count * 12)
        for index in 0..<count {
          let nanoseconds = from.loadUnaligned(fromByteOffset: index * 12, as: Int64.self)
          let day = Int64(from.loadUnaligned(fromByteOffset: index * 12 + 8, as: Int32.self))
          // 2 440 588 is the Julian number of 1970-01-01.
          target[index] = ((day - 2_440_588) &* 86_400_000_000) &+ nanoseconds / 1000
        }
      case .boolean, .float, .double, .byteArray, .fixedBytes: throw PageCursor.cutOff
      }
    case .split(let values):
      guard position + count <= values else { throw PageCursor.cutOff }
      let width = physical == .int32 ? 4 : 8
      for index in 0..<count {
        let word = word(width, values, position + index)
        target[index] = width == 4 ? Int64(Int32(truncatingIfNeeded: word)) : Int64(bitPattern: word)
      }
      position += count
    case .runs(var runs):
      let small = UnsafeMutableBufferPointer<Int32>.allocate(capacity: count)
      defer { small.deallocate() }
      try runs.decode(into: small)
      for index in 0..<count { target[index] = Int64(small[index]) }
      layout = .runs(runs)
    case .delta(var delta):
      for index in 0..<count { target[index] = try delta.next() }
      layout = .delta(delta)
    }
  }

  /// Fills `target`, floats widened.
  mutating func decode(doubles target: UnsafeMutableBufferPointer<Double>) throws(ParquetError) {
    let count = target.count
    switch (layout, physical) {
    case (.plain, .double):
      let from = try cursor.take(count * 8)
      UnsafeMutableRawBufferPointer(target).copyMemory(from: UnsafeRawBufferPointer(start: from, count: count * 8))
    case (.plain, .float):
      let from = try cursor.take(count * 4)
      for index in 0..<count { target[index] = Double(from.loadUnaligned(fromByteOffset: index * 4, as: Float.self)) }
    case (.split(let values), _):
      guard position + count <= values else { throw PageCursor.cutOff }
      for index in 0..<count {
        target[index] =
          physical == .float
          ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: word(4, values, position + index))))
          : Double(bitPattern: word(8, values, position + index))
      }
      position += count
    default: throw PageCursor.cutOff
    }
  }

  /// A value whose bytes stand apart.
  private func word(_ width: Int, _ values: Int, _ index: Int) -> UInt64 {
    var word: UInt64 = 0
    for byte in 0..<width { word |= UInt64(cursor.start.load(fromByteOffset: byte * values + index, as: UInt8.self)) << UInt64(8 * byte) }
    return word
  }
}

/// How the values of a page are written.
enum Encoding: Int, Sendable {
  case plain = 0
  case plainDictionary = 2
  case runLength, bitPacked, deltaNumbers, deltaLengths, deltaBytes, dictionary, byteStreamSplit
}
