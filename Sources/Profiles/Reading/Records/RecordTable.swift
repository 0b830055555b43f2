internal import Foundation
internal import Values

/// One file of records or several as one table: what the columns are, then blocks in parallel, then columns.
struct RecordTable: OpenTable {
  /// One of the files.
  private struct Part: Sendable {
    let format: any RecordFormat
    let source: ByteSource
    /// In bytes, as a hint; 0 when unknown.
    let size: Int
    /// For each of the table's columns its place in this file; nil where the file lacks it.
    var places: [Int?] = []
  }

  let source: String
  let names: [String]
  private var parts: [Part]
  private let options: TableReader.Options

  /// - Parameters:
  ///   - name: as errors name them all.
  ///   - files: each with its kind and, as a hint, its size in bytes.
  /// - Throws: `TableError` when one has no header, or no object.
  init(
    name: String, files: [(source: ByteSource, kind: DataFormat.Kind, size: Int)], options: TableReader.Options
  ) throws(TableError) {
    source = name
    self.options = options
    var parts: [Part] = []
    var names: [String] = []
    var known: Set<String> = []
    for file in files {
      let format: any RecordFormat =
        switch file.kind {
        case .jsonLines: try JSONLines(source: file.source, name: file.source.name, longestRecord: options.longestRecord)
        default:
          try CSVHeader(
            source: file.source, name: file.source.name, delimiter: options.delimiter ?? (file.kind == .tabSeparated ? "\t" : nil),
            longestRecord: options.longestRecord)
        }
      for name in format.names where known.insert(name).inserted { names.append(name) }
      parts.append(Part(format: format, source: file.source, size: file.size))
    }
    for index in parts.indices {
      let own = Dictionary(uniqueKeysWithValues: parts[index].format.names.enumerated().map { ($1, $0) })
      parts[index].places = names.map { own[$0] }
    }
    self.names = names
    self.parts = parts
  }

  func plan() -> [PlannedColumn] {
    let declared = names.map { name -> PlannedColumn? in
      if options.skipped.contains(name) { return PlannedColumn(kind: .skip) }
      if options.raw.contains(name) { return PlannedColumn(kind: .raw) }
      return options.types[name].map { PlannedColumn(kind: $0 == .numeric ? .number : .string, areTimes: $0 == .datetime) }
    }
    var plans = declared
    for part in parts {
      var kinds = [CellKind](repeating: .skip, count: part.format.names.count)
      for (column, place) in part.places.enumerated() where declared[column] == nil { if let place { kinds[place] = .string } }
      let sample = part.format.sample(kinds: kinds)
      for (column, place) in part.places.enumerated() where declared[column] == nil {
        guard let place else { continue }
        let judged = RecordTable.judge(sample[place].column, isText: sample[place].isText)
        // One file with texts makes the column one of texts.
        if let before = plans[column] {
          if before.kind == .string || judged.kind == .string {
            plans[column] = PlannedColumn(kind: .string, areTimes: before.areTimes && judged.areTimes)
          }
        } else {
          plans[column] = judged
        }
      }
    }
    return plans.map { $0 ?? PlannedColumn(kind: .number) }
  }

  private static func judge(_ sample: BlockColumn, isText: Bool) -> PlannedColumn {
    guard case .strings(let codes, let pool) = sample else { return PlannedColumn(kind: .number) }
    func areTimes() -> Bool { pool.strings.allSatisfy { Timestamp($0) != nil } }
    if isText { return PlannedColumn(kind: .string, areTimes: areTimes()) }
    let isNumber = (0..<pool.count).map { pool.withBytes($0) { CellText.number($0) != nil } }
    var (present, others) = (0, 0)
    for code in codes where code >= 0 {
      present += 1
      if !isNumber[Int(code)] { others += 1 }
    }
    if others == 0 || Double(others) <= Double(present) * ColumnBuilder.strayShare { return PlannedColumn(kind: .number) }
    return PlannedColumn(kind: .string, areTimes: areTimes())
  }

  func gather<Gathering: ColumnGathering>(
    _ kinds: [CellKind], _ gathering: Gathering
  ) throws(TableError) -> (rows: Int, columns: [Gathering.Whole]) {
    var columns: [Gathering.Whole] = []
    var rows = 0
    for part in parts {
      rows += try pass(part, kinds, gathering) { made, bytes, blockRows in
        if columns.isEmpty { columns = names.indices.map { gathering.whole($0, expectedRows: expectedRows(bytes, blockRows)) } }
        for (column, part) in made.enumerated() { gathering.join(part, to: &columns[column]) }
      }
    }
    if columns.isEmpty { columns = names.indices.map { gathering.whole($0, expectedRows: 0) } }
    return (rows, columns)
  }

  /// Reads a file's blocks once: read and joined in order, parts made side by side.
  /// - Returns: the rows read.
  private func pass<Gathering: ColumnGathering>(
    _ file: Part, _ kinds: [CellKind], _ gathering: Gathering, joining: @escaping (_ parts: [Gathering.Part], _ bytes: Int, _ rows: Int) -> Void
  ) throws(TableError) -> Int {
    let (stream, rest) = try file.format.body(of: file.source)
    var blocks = CSVBlocks(
      stream: stream, source: file.source.name, delimiter: file.format.delimiter, begun: rest, longestRecord: options.longestRecord)
    var line = file.format.firstLine
    var rows = 0
    var ownKinds = [CellKind](repeating: .skip, count: file.format.names.count)
    for (column, place) in file.places.enumerated() { if let place { ownKinds[place] = kinds[column] } }
    let isOneOfSeveral = parts.count > 1
    // One block is soonest read by the thread that is there.
    let width = (1..<CSVBlocks.usualSize).contains(file.size) ? 1 : ProcessInfo.processInfo.activeProcessorCount
    try Parallel.inOrder(width: width) { () throws(TableError) in
      guard let block = try blocks.next() else { return nil as (block: CSVBlocks.Block, firstLine: Int)? }
      // Lines are counted before the blocks are parsed side by side, so that each knows the number of its first line.
      defer { line += block.bytes.count { $0 == 0x0a } }
      return (block, line)
    } transform: { start in
      let block = file.format.parse(start.block.bytes, firstLine: start.firstLine, kinds: ownKinds)
      let made = file.places.enumerated().map { column, place in
        let own = place.map { block.columns[$0] } ?? .missing(block.rows, kinds[column])
        return gathering.part(column, isOneOfSeveral ? own.found(in: file.source.name) : own)
      }
      return (made: made, bytes: start.block.count, rows: block.rows, error: block.error)
    } consume: { result throws(TableError) in
      if let error = result.error { throw error }
      joining(result.made, result.bytes, result.rows)
      rows += result.rows
    }
    return rows
  }

  /// From the sizes of the files and of the first block's records, with a little to spare.
  private func expectedRows(_ blockBytes: Int, _ blockRows: Int) -> Int {
    let size = parts.reduce(0) { sum, part in if case .gzip = part.source { sum } else { sum + part.size } }
    guard size > blockBytes, blockBytes > 0 else { return blockRows }
    return Int(Double(size) / Double(blockBytes) * Double(blockRows) * 1.02)
  }
}

extension BlockColumn {
  /// The same, a stray cell naming its file.
  fileprivate func found(in source: String) -> BlockColumn {
    guard case .numbers(let values, let isWhole, let missing, let strays, let stray?) = self else { return self }
    return .numbers(values: values, isWhole: isWhole, missing: missing, strays: strays, firstStray: stray.found(in: source))
  }
}
