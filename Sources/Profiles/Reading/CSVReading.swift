internal import Foundation
internal import Values

/// One reading of a comma-separated file: header, then blocks in parallel, then columns; columns that turn out to be strings are read again.
struct CSVReading {
  private let source: ByteSource
  private let name: String
  private let path: String
  private let size: Int
  private let options: TableReader.Options

  /// - Parameters:
  ///   - name: as errors name the source.
  ///   - path: by whose ending the delimiter is known.
  ///   - size: of the file in bytes, as a hint; 0 when unknown.
  init(source: ByteSource, name: String, path: String, size: Int, options: TableReader.Options) {
    self.source = source
    self.name = name
    self.path = path
    self.size = size
    self.options = options
  }

  /// Reads it all.
  func table() throws(TableError) -> DataTable {
    let begun = try begin()
    var kinds = plan(begun).map(\.kind)
    var columns: [Column?] = Array(repeating: nil, count: begun.names.count)
    // A column read as numbers that holds too many other cells is read once more, as strings.
    for _ in 0..<2 {
      var builders: [ColumnBuilder] = []
      let passKinds = kinds
      let rows = try pass(begun, kinds) { $0 } joining: { block, bytes, rows in
        if builders.isEmpty { builders = makeBuilders(begun.names, passKinds, expectedRows: expectedRows(bytes, rows)) }
        for column in builders.indices { builders[column].append(block[column]) }
      }
      if builders.isEmpty { builders = makeBuilders(begun.names, kinds, expectedRows: 0) }
      for (position, builder) in builders.enumerated() where kinds[position] != .skip {
        columns[position] = builder.finish()
        kinds[position] = columns[position] == nil ? .string : .skip
      }
      if !kinds.contains(.string) { return DataTable(source: name, rowCount: rows, columns: columns.compactMap { $0 }) }
    }
    throw TableError(source: name, problem: "changed while it was read", advice: "read it again when it is complete")
  }

  /// Reads the header.
  func begin() throws(TableError) -> CSVHeader { try CSVHeader(source: source, name: name, path: path, delimiter: options.delimiter) }

  /// What a column is read as.
  struct Planned: Sendable {
    var kind: CellKind
    /// Whether its texts are times.
    var areTimes = false
  }

  /// What each column is read as: declared, or judged by the first records.
  func plan(_ begun: CSVHeader) -> [Planned] {
    let declared = begun.names.map { column -> Planned? in
      if options.raw.contains(column) { return Planned(kind: .raw) }
      return options.types[column].map { Planned(kind: $0 == .numeric ? .number : .string, areTimes: $0 == .datetime) }
    }
    let sample = begun.sample(kinds: declared.map { $0 == nil ? .string : .skip })
    return zip(declared, sample).map { declared, sampled in
      if let declared { return declared }
      guard case .strings(let codes, let pool) = sampled else { return Planned(kind: .number) }
      let isNumber = (0..<pool.count).map { pool.withBytes($0) { CellText.number($0) != nil } }
      var (present, others) = (0, 0)
      for code in codes where code >= 0 {
        present += 1
        if !isNumber[Int(code)] { others += 1 }
      }
      if others == 0 || Double(others) <= Double(present) * ColumnBuilder.strayShare { return Planned(kind: .number) }
      return Planned(kind: .string, areTimes: pool.strings.allSatisfy { Timestamp($0) != nil })
    }
  }

  /// Reads all blocks once: `making` turns a block's columns into something, on any thread; `joining` gets these in order, with the block's bytes and rows.
  /// - Returns: the rows read.
  func pass<Made: Sendable>(
    _ begun: CSVHeader, _ kinds: [CellKind], making: @escaping @Sendable ([BlockColumn]) -> Made, joining: (Made, _ bytes: Int, _ rows: Int) -> Void
  ) throws(TableError) -> Int {
    let (stream, rest) = try begun.body(of: source)
    var blocks = CSVBlocks(stream: stream, source: name, delimiter: begun.delimiter, begun: rest)
    let parser = CSVBlockParser(source: name, names: begun.names, kinds: kinds, delimiter: begun.delimiter)
    var line = begun.firstLine
    var rows = 0
    let width = ProcessInfo.processInfo.activeProcessorCount
    while true {
      var batch: [CSVBlocks.Block] = []
      while batch.count < width, let block = try blocks.next() { batch.append(block) }
      if batch.isEmpty { return rows }
      // Blocks are parsed before the number of lines in the blocks ahead of them is known: a stray cell's or an error's line is moved afterwards,
      // which is why the lines of a batch are counted first.
      var starts: [(block: CSVBlocks.Block, line: Int)] = []
      for block in batch {
        starts.append((block, line))
        line += block.bytes.count { $0 == 0x0a }
      }
      let parsed = Parallel.map(starts) { start in
        let block = parser.parse(start.block.bytes, firstLine: start.line)
        return (made: making(block.columns), rows: block.rows, error: block.error)
      }
      for (block, result) in zip(batch, parsed) {
        if let error = result.error { throw error }
        joining(result.made, block.count, result.rows)
        rows += result.rows
      }
    }
  }

  private func makeBuilders(_ names: [String], _ kinds: [CellKind], expectedRows: Int) -> [ColumnBuilder] {
    zip(names, kinds).map { ColumnBuilder(name: $0, kind: $1, declared: options.types[$0], expectedRows: expectedRows) }
  }

  /// From the size of the file and of the first block's records, with a little to spare.
  private func expectedRows(_ blockBytes: Int, _ blockRows: Int) -> Int {
    guard size > blockBytes, blockBytes > 0, case .file = source else { return blockRows }
    return Int(Double(size) / Double(blockBytes) * Double(blockRows) * 1.02)
  }
}

/// The first line of a comma-separated file, and what of the rest was read with it.
struct CSVHeader {
  let names: [String]
  let delimiter: UInt8
  /// The number of the first line behind the header.
  let firstLine: Int
  private let name: String
  /// Bytes of the header, with the byte order mark.
  private let headerBytes: Int
  private let head: [UInt8]
  private let headIsWhole: Bool

  private static let headSize = 1 << 18

  /// - Throws: `TableError` when there is none, or it names a column twice.
  init(source: ByteSource, name: String, path: String, delimiter: Character?) throws(TableError) {
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
      if end != nil || got < room || filled > CSVBlocks.longestRecord {
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
    self.delimiter = CSVHeader.delimiter(header, path: path, declared: delimiter)
    names = try CSVHeader.names(header, self.delimiter, source: name)
    headerBytes = headerEnd
    self.head = head
  }

  /// The source from behind the header on: a stream and the bytes already taken from it.
  func body(of source: ByteSource) throws(TableError) -> (ByteStream, [UInt8]) {
    let stream = try source.open()
    var skipped = [UInt8](repeating: 0, count: headerBytes)
    var failure: TableError?
    skipped.withUnsafeMutableBytes { bytes in
      do throws(TableError) { _ = try stream.fill(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    return (stream, [])
  }

  /// The first records, read as these kinds; errors in them are left for the real reading.
  func sample(kinds: [CellKind]) -> [BlockColumn] {
    var bytes = Array(head[headerBytes...])
    if headIsWhole {
      if let last = bytes.last, last != 0x0a { bytes.append(0x0a) }
    } else {
      let end = bytes.withUnsafeBufferPointer { CSVBlocks.lastRecordEnd($0, delimiter) } ?? 0
      bytes.removeLast(bytes.count - end)
    }
    let count = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: CSVBlocks.slack))
    let parser = CSVBlockParser(source: name, names: names, kinds: kinds, delimiter: delimiter)
    return bytes.withUnsafeBufferPointer { parser.parse(UnsafeBufferPointer(rebasing: $0[..<count]), firstLine: firstLine).columns }
  }

  private static func firstRecordEnd(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var inQuotes = false
    for (offset, byte) in bytes.enumerated() {
      if byte == 0x22 { inQuotes.toggle() }
      if byte == 0x0a, !inQuotes { return offset + 1 }
    }
    return nil
  }

  private static func delimiter(_ header: [UInt8], path: String, declared: Character?) -> UInt8 {
    if let byte = declared?.asciiValue { return byte }
    let lower = path.lowercased()
    if lower.hasSuffix(".tsv") || lower.hasSuffix(".tsv.gz") { return 0x09 }
    let comma = UInt8(ascii: ",")
    guard !header.contains(comma) else { return comma }
    return [0x09, UInt8(ascii: ";")].first { header.contains($0) } ?? comma
  }

  private static func names(_ header: [UInt8], _ delimiter: UInt8, source: String) throws(TableError) -> [String] {
    guard let text = String(validating: header, as: UTF8.self) else {
      throw TableError(source: source, line: 1, problem: "is not UTF-8", advice: "convert the file, e.g. with iconv -f latin1 -t utf-8")
    }
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
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw TableError(source: source, line: 1, column: name, problem: "appears twice in the header", advice: "give every column its own name")
    }
    return names
  }
}
