/// Byte strings, one after another, in whichever way a page holds them.
struct ByteDecoder {
  private enum Layout {
    /// A length before each.
    case plain
    /// All of one length.
    case fixed(Int)
    /// The bytes of value k of n stand at k, n + k, 2n + k …
    case split(length: Int, values: Int)
    /// All lengths first.
    case lengths(DeltaDecoder)
    /// All lengths first, before these how much of the value ahead is kept.
    case prefixes(DeltaDecoder, DeltaDecoder)
  }

  private var layout: Layout
  private var cursor: PageCursor
  private var position = 0
  /// The last value, where the next may begin with a part of it, or its bytes are not side by side.
  private var held: [UInt8] = []

  /// A string may not be longer: prefixes could make a small page into an endless one.
  static let longest = 64 << 20

  static func plain(_ cursor: PageCursor) -> ByteDecoder { ByteDecoder(layout: .plain, cursor: cursor) }

  static func fixed(_ cursor: PageCursor, length: Int) -> ByteDecoder { ByteDecoder(layout: .fixed(length), cursor: cursor) }

  static func split(_ cursor: PageCursor, length: Int) -> ByteDecoder {
    ByteDecoder(layout: .split(length: length, values: cursor.left / length), cursor: cursor)
  }

  static func deltaLength(_ cursor: PageCursor, values: Int) throws(ParquetError) -> ByteDecoder {
    let lengths = try DeltaDecoder(cursor, atMost: values)
    return ByteDecoder(layout: .lengths(lengths), cursor: try behind(lengths))
  }

  static func delta(_ cursor: PageCursor, values: Int) throws(ParquetError) -> ByteDecoder {
    let prefixes = try DeltaDecoder(cursor, atMost: values)
    let lengths = try DeltaDecoder(try behind(prefixes), atMost: values)
    return ByteDecoder(layout: .prefixes(prefixes, lengths), cursor: try behind(lengths))
  }

  private init(layout: Layout, cursor: PageCursor) {
    self.layout = layout
    self.cursor = cursor
  }

  /// Where packed numbers end is known when they have been read; each takes part of the page, but for those of no bits.
  private static func behind(_ numbers: DeltaDecoder) throws(ParquetError) -> PageCursor {
    var copy = numbers
    for _ in 0..<numbers.count { _ = try copy.next() }
    return copy.cursor
  }

  /// The next value; its bytes hold until the one after it is taken.
  mutating func next<Result>(_ body: (UnsafeRawBufferPointer) throws(ParquetError) -> Result) throws(ParquetError) -> Result {
    switch layout {
    case .plain:
      let length = try cursor.length()
      return try body(UnsafeRawBufferPointer(start: try cursor.take(length), count: length))
    case .fixed(let length): return try body(UnsafeRawBufferPointer(start: try cursor.take(length), count: length))
    case .split(let length, let values):
      guard position < values else { throw PageCursor.cutOff }
      held.removeAll(keepingCapacity: true)
      for index in 0..<length { held.append(cursor.start.load(fromByteOffset: index * values + position, as: UInt8.self)) }
      position += 1
    case .lengths(var lengths):
      let length = try lengths.next()
      layout = .lengths(lengths)
      let count = try ByteDecoder.size(length)
      return try body(UnsafeRawBufferPointer(start: try cursor.take(count), count: count))
    case .prefixes(var prefixes, var lengths):
      let (kept, added) = (try ByteDecoder.size(try prefixes.next()), try ByteDecoder.size(try lengths.next()))
      layout = .prefixes(prefixes, lengths)
      guard kept <= held.count, kept + added <= ByteDecoder.longest else { throw ParquetError("a value begins with more of the one before than there is") }
      held.removeLast(held.count - kept)
      held.append(contentsOf: UnsafeRawBufferPointer(start: try cursor.take(added), count: added))
    }
    return try held.withBytes(body)
  }

  private static func size(_ length: Int64) throws(ParquetError) -> Int {
    guard length >= 0, length <= longest else { throw ParquetError("a value has \(length) bytes") }
    return Int(length)
  }
}
