internal import Foundation

/// The first line of a comma-separated file, and what of the rest was read with it.
struct CSVHeader: RecordFormat {
  let names: [String]
  private let byte: UInt8
  /// The number of the first line behind the header.
  let firstLine: Int
  private let name: String
  /// Bytes of the header, with the byte order mark.
  private let headerBytes: Int
  private let head: [UInt8]
  private let headIsWhole: Bool

  private static let headSize = 1 << 18

  /// - Throws: `TableError` when there is none.
  init(source: ByteSource, name: String, delimiter: Character?, longestRecord: Int) throws(TableError) {
    self.name = name
    let stream = try source.open()
    var head = [UInt8](repeating: 0, count: CSVHeader.headSize)
    var end: Int?
    var filled = 0
    while true {
      let room = head.count - filled
      var failure: TableError?
      let got = head.withUnsafeMutableBytes { bytes -> Int in
        do throws(TableError) {
          return try stream.fill(UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
        } catch {
          failure = error
          return 0
        }
      }
      if let failure { throw failure }
      filled += got
      end = head.withUnsafeBufferPointer { CSVHeader.firstRecordEnd(UnsafeBufferPointer(rebasing: $0[..<filled])) }
      guard end != nil || got < room || filled <= longestRecord else { throw CSVBlocks.tooLong(name, longestRecord) }
      if end != nil || got < room {
        headIsWhole = got < room
        break
      }
      head.append(contentsOf: repeatElement(0, count: head.count))
    }
    head.removeLast(head.count - filled)
    guard !head.isEmpty else { throw TableError(source: name, problem: "is empty", advice: "it needs a header line with the columns' names") }
    if head.starts(with: [0xff, 0xfe]) || head.starts(with: [0xfe, 0xff]) {
      throw TableError(source: name, problem: "is UTF-16", advice: "convert it, e.g. with iconv -f utf-16 -t utf-8")
    }
    let start = head.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    let headerEnd = end ?? head.count
    var header = Array(head[start..<headerEnd])
    firstLine = 1 + header.count { $0 == 0x0a } + (header.last == 0x0a ? 0 : 1)
    while header.last == 0x0a || header.last == 0x0d { header.removeLast() }
    byte = CSVHeader.delimiter(header, declared: delimiter)
    names = try CSVHeader.names(header, byte, source: name)
    headerBytes = headerEnd
    self.head = head
  }

  /// The source from behind the header on: a stream and the bytes already taken from it.
  func body(of source: ByteSource) throws(TableError) -> (any ByteStream, [UInt8]) {
    let stream = try source.open()
    _ = try stream.bytes(headerBytes)
    return (stream, [])
  }

  var delimiter: UInt8? { byte }

  func parse(_ block: UnsafeBufferPointer<UInt8>, firstLine: Int, kinds: [CellKind]) -> CSVBlock {
    CSVBlockParser(source: name, names: names, kinds: kinds, delimiter: byte).parse(block, firstLine: firstLine)
  }

  /// The first records, read as these kinds; errors in them are left for the real reading.
  func sample(kinds: [CellKind]) -> [(column: BlockColumn, isText: Bool)] {
    var bytes = Array(head[headerBytes...])
    if headIsWhole {
      if let last = bytes.last, last != 0x0a { bytes.append(0x0a) }
    } else {
      let end = bytes.withUnsafeBufferPointer { CSVBlocks.lastRecordEnd($0, byte) } ?? 0
      bytes.removeLast(bytes.count - end)
    }
    let count = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: CSVBlocks.slack))
    let columns = bytes.withUnsafeBufferPointer { parse(UnsafeBufferPointer(rebasing: $0[..<count]), firstLine: firstLine, kinds: kinds).columns }
    return columns.map { ($0, false) }
  }

  private static func firstRecordEnd(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var inQuotes = false
    for (offset, byte) in bytes.enumerated() {
      if byte == 0x22 { inQuotes.toggle() }
      if byte == 0x0a, !inQuotes { return offset + 1 }
    }
    return nil
  }

  private static func delimiter(_ header: [UInt8], declared: Character?) -> UInt8 {
    if let byte = declared?.asciiValue { return byte }
    let comma = UInt8(ascii: ",")
    guard !header.contains(comma) else { return comma }
    return [0x09, UInt8(ascii: ";")].first { header.contains($0) } ?? comma
  }

  private static func names(_ header: [UInt8], _ delimiter: UInt8, source: String) throws(TableError) -> [String] {
    let text = header.withUnsafeBytes { CellText.string($0) }
    var names: [String] = []
    var cell = String.UnicodeScalarView()
    var inQuotes = false
    var wasQuote = false
    for scalar in text.unicodeScalars {
      if scalar == "\"" {
        if wasQuote { cell.append(scalar) }
        inQuotes.toggle()
        wasQuote = !inQuotes && !wasQuote
        continue
      }
      wasQuote = false
      if !inQuotes, scalar.value == UInt32(delimiter) {
        names.append(String(cell))
        cell = String.UnicodeScalarView()
      } else {
        cell.append(scalar)
      }
    }
    if inQuotes { throw TableError(source: source, line: 1, problem: "has a quote that is never closed", advice: "close the quote in the header") }
    names.append(String(cell))
    // As pandas names the columns that a saved index leaves without a name.
    for (position, name) in names.enumerated() where name.isEmpty { names[position] = "Unnamed: \(position)" }
    return ColumnNames.unique(names)
  }
}
