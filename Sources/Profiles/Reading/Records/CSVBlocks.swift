internal import Foundation

/// Cuts comma-separated bytes into blocks of whole records, so that blocks can be read side by side; a line feed inside quotes ends no record.
struct CSVBlocks {
  /// A block of whole records, the last ended by a line feed; `slack` readable bytes follow.
  ///
  /// `@unchecked Sendable`: written before it is handed out, only read afterwards.
  final class Block: @unchecked Sendable {
    fileprivate let memory: UnsafeMutablePointer<UInt8>
    /// Bytes that count.
    fileprivate(set) var count = 0

    fileprivate init(capacity: Int) {
      memory = .allocate(capacity: capacity + CSVBlocks.slack)
    }

    deinit { memory.deallocate() }

    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: memory, count: count) }
  }

  /// Readable bytes behind a block, for loads of eight at a time.
  static let slack = 16

  /// Bytes of a block, unless a record is longer.
  static let usualSize = 2 << 20

  private let stream: any ByteStream
  private let source: String
  private let delimiter: UInt8?
  private let blockSize: Int
  private let longestRecord: Int
  private var carried: [UInt8]
  private var ended = false

  /// - Parameters:
  ///   - delimiter: parts quotable cells; nil: every line feed ends a record.
  ///   - begun: bytes already taken from the stream.
  ///   - longestRecord: no record may have more bytes; about as much is held of one that has.
  init(stream: any ByteStream, source: String, delimiter: UInt8?, begun: [UInt8], longestRecord: Int, blockSize: Int = CSVBlocks.usualSize) {
    self.stream = stream
    self.source = source
    self.delimiter = delimiter
    self.blockSize = blockSize
    self.longestRecord = longestRecord
    carried = begun
  }

  /// The next block; nil at the end.
  /// - Throws: `TableError` when the source cannot be read or a record is endless.
  mutating func next() throws(TableError) -> Block? {
    var target = max(blockSize, carried.count + 1)
    while true {
      let block = Block(capacity: target + 1)
      carried.withUnsafeBufferPointer { if let start = $0.baseAddress { block.memory.update(from: start, count: $0.count) } }
      var count = carried.count
      if !ended {
        let wanted = target - count
        let got = try stream.fill(UnsafeMutableRawBufferPointer(start: block.memory + count, count: wanted))
        count += got
        ended = got < wanted
      }
      if count == 0 { return nil }
      if ended {
        if block.memory[count - 1] != 0x0a {
          block.memory[count] = 0x0a
          count += 1
        }
        carried = []
        return finished(block, count)
      }
      if let end = CSVBlocks.lastRecordEnd(UnsafeBufferPointer(start: block.memory, count: count), delimiter) {
        carried = Array(UnsafeBufferPointer(start: block.memory + end, count: count - end))
        return finished(block, end)
      }
      guard count <= longestRecord else {
        throw CSVBlocks.tooLong(source, longestRecord)
      }
      carried = Array(UnsafeBufferPointer(start: block.memory, count: count))
      target = min(count * 2, max(blockSize, longestRecord) + 1)
    }
  }

  static func tooLong(_ source: String, _ limit: Int) -> TableError {
    TableError(
      source: source, problem: "has a record longer than \(limit >> 20) MB", advice: "look for a quote that is never closed, or for another kind of file")
  }

  private func finished(_ block: Block, _ count: Int) -> Block {
    block.count = count
    (block.memory + count).update(repeating: 0, count: CSVBlocks.slack)
    return block
  }

  /// The offset behind the last whole record; nil when there is none.
  static func lastRecordEnd(_ all: UnsafeBufferPointer<UInt8>, _ delimiter: UInt8?) -> Int? {
    guard let base = all.baseAddress else { return nil }
    if delimiter == nil || memchr(base, 0x22, all.count) == nil {
      return all.lastIndex(of: 0x0a).map { $0 + 1 }
    }
    var last: Int?
    var inQuotes = false
    var atStart = true
    var i = 0
    while i < all.count {
      let byte = all[i]
      if inQuotes {
        if byte == 0x22 {
          if i + 1 < all.count, all[i + 1] == 0x22 { i += 1 } else { inQuotes = false }
        }
      } else if byte == 0x22, atStart {
        inQuotes = true
        atStart = false
      } else if byte == 0x0a {
        last = i + 1
        atStart = true
      } else {
        atStart = byte == delimiter
      }
      i += 1
    }
    return last
  }
}
