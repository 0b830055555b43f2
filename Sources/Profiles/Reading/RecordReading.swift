internal import Foundation
internal import Values

/// One reading of a file of records: what the columns are, then blocks in parallel, then columns; columns that turn out to be strings are read again.
struct RecordReading {
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
      let rows = try pass(begun, kinds) {
        $0
      } joining: { block, bytes, rows in
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

  /// Finds out what the columns are.
  func begin() throws(TableError) -> any RecordFormat {
    let lower = path.lowercased()
    if [".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"].contains(where: lower.hasSuffix) { return try JSONLines(source: source, name: name) }
    return try CSVHeader(source: source, name: name, path: path, delimiter: options.delimiter)
  }

  /// What a column is read as.
  struct Planned: Sendable {
    var kind: CellKind
    /// Whether its texts are times.
    var areTimes = false
  }

  /// What each column is read as: declared, or judged by the first records.
  func plan(_ begun: any RecordFormat) -> [Planned] {
    let declared = begun.names.map { column -> Planned? in
      if options.raw.contains(column) { return Planned(kind: .raw) }
      return options.types[column].map { Planned(kind: $0 == .numeric ? .number : .string, areTimes: $0 == .datetime) }
    }
    let sample = begun.sample(kinds: declared.map { $0 == nil ? .string : .skip })
    return zip(declared, sample).map { declared, sampled in
      if let declared { return declared }
      guard case .strings(let codes, let pool) = sampled.column else { return Planned(kind: .number) }
      if sampled.isText { return Planned(kind: .string, areTimes: pool.strings.allSatisfy { Timestamp($0) != nil }) }
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
    _ begun: any RecordFormat, _ kinds: [CellKind], making: @escaping @Sendable ([BlockColumn]) -> Made, joining: (Made, _ bytes: Int, _ rows: Int) -> Void
  ) throws(TableError) -> Int {
    let (stream, rest) = try begun.body(of: source)
    var blocks = CSVBlocks(stream: stream, source: name, delimiter: begun.delimiter, begun: rest)
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
        let block = begun.parse(start.block.bytes, firstLine: start.line, kinds: kinds)
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
