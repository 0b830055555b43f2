internal import Parquet

/// One Parquet file or several as one table. Columns are read side by side, each page by page.
struct ParquetTable: OpenTable {
  /// One of the files.
  private struct Part: Sendable {
    let file: ParquetFile
    let name: String
    /// For each of the table's columns its place in this file; nil where the file lacks it.
    var places: [Int?] = []
  }

  let source: String
  let names: [String]
  private var parts: [Part]
  private let options: TableReader.Options

  /// - Parameter name: as errors name them all.
  /// - Throws: `TableError` when one is damaged, or has a column that cannot be read and is not left out.
  init(name: String, sources: [ByteSource], options: TableReader.Options) throws(TableError) {
    source = name
    self.options = options
    var parts: [Part] = []
    var names: [String] = []
    var known: Set<String> = []
    var ownNames: [[String: Int]] = []
    for source in sources {
      let part = Part(file: try ParquetTable.open(source), name: source.name)
      var own: [String: Int] = [:]
      let unique = ColumnNames.unique(part.file.names)
      for (place, column) in part.file.columns.enumerated() {
        switch column {
        case .success:
          own[unique[place]] = place
          if known.insert(unique[place]).inserted { names.append(unique[place]) }
        case .failure(let error):
          guard options.skipped.contains(part.file.names[place]) else { throw TableError(error, in: source.name) }
        }
      }
      ownNames.append(own)
      parts.append(part)
    }
    for index in parts.indices { parts[index].places = names.map { ownNames[index][$0] } }
    self.names = names
    self.parts = parts
  }

  private static func open(_ source: ByteSource) throws(TableError) -> ParquetFile {
    do throws(ParquetError) {
      switch source {
      case .file(let path): return try ParquetFile(try FileBytes(path))
      case .memory(let bytes, _): return try ParquetFile(ParquetBytes(bytes))
      case .spooled(let input): return try ParquetFile(SpooledBytes(input: input, size: input.size))
      case .remote(let object): return try ParquetFile(try RemoteBytes(object))
      case .gzip: throw ParquetError("is Parquet inside of gzip", isUnsupported: true)
      }
    } catch {
      throw TableError(error, in: source.name)
    }
  }

  func plan() -> [PlannedColumn] {
    names.indices.map { column in
      let name = names[column]
      if options.skipped.contains(name) { return PlannedColumn(kind: .skip) }
      if options.raw.contains(name) { return PlannedColumn(kind: .raw) }
      let shapes = Set(parts.compactMap { part in shape(part, column) })
      switch options.types[name] {
      case .numeric: return PlannedColumn(kind: .number)
      case .datetime: return shapes == [.times] ? PlannedColumn(kind: .time) : PlannedColumn(kind: .string, areTimes: true)
      case .categorical, .boolean, .text: return PlannedColumn(kind: .string)
      case nil:
        // Files that differ have their texts in common.
        guard shapes.count == 1, let shape = shapes.first else { return PlannedColumn(kind: .string) }
        switch shape {
        case .numbers: return PlannedColumn(kind: .number)
        case .times: return PlannedColumn(kind: .time)
        case .texts: return PlannedColumn(kind: .string)
        }
      }
    }
  }

  private func shape(_ part: Part, _ column: Int) -> ParquetShape? {
    guard let place = part.places[column], case .success(let known) = part.file.columns[place] else { return nil }
    return known.shape
  }

  func gather<Gathering: ColumnGathering>(
    _ kinds: [CellKind], _ gathering: Gathering
  ) throws(TableError) -> (rows: Int, columns: [Gathering.Whole]) {
    let rows = parts.reduce(0) { $0 + $1.file.rowCount }
    let gathered = Parallel.map(Array(names.indices)) { column -> Result<Gathering.Whole, TableError> in
      do throws(TableError) { return .success(try gather(column, kinds[column], gathering, rows)) } catch { return .failure(error) }
    }
    var columns: [Gathering.Whole] = []
    for column in gathered { columns.append(try column.get()) }
    return (rows, columns)
  }

  private func gather<Gathering: ColumnGathering>(
    _ column: Int, _ kind: CellKind, _ gathering: Gathering, _ rows: Int
  ) throws(TableError) -> Gathering.Whole {
    // A damaged count must not reserve more than there can be.
    var whole = gathering.whole(column, expectedRows: min(rows, 1 << 24))
    if kind == .skip { return whole }
    for part in parts {
      guard let place = part.places[column] else {
        // By and by: what a file claims may be far more than it has, which is seen by reading its own columns.
        for start in stride(from: 0, to: part.file.rowCount, by: ParquetColumnReader.batch) {
          gathering.join(gathering.part(column, .missing(min(ParquetColumnReader.batch, part.file.rowCount - start), kind)), to: &whole)
        }
        continue
      }
      do throws(ParquetError) {
        let known = try part.file.columns[place].get()
        let reading = ParquetCells(kind, known)
        for group in part.file.rowGroups.indices {
          var reader = try ParquetColumnReader(part.file, column: place, rowGroup: group, as: reading.shape)
          while true {
            var pool = StringPool()
            guard let values = try reader.next(&pool) else { break }
            gathering.join(gathering.part(column, reading.block(values, pool)), to: &whole)
          }
        }
      } catch {
        throw TableError(error, in: part.name)
      }
    }
    return whole
  }
}

extension StringPool: ParquetTexts {
  mutating func code(of text: UnsafeRawBufferPointer) -> Int32 { intern(text).code }
}

/// How a column of a Parquet file becomes blocks of one kind.
private struct ParquetCells {
  let kind: CellKind
  let column: ParquetColumn

  init(_ kind: CellKind, _ column: ParquetColumn) {
    self.kind = kind
    self.column = column
  }

  var shape: ParquetShape {
    switch kind {
    case .number: column.shape == .texts ? .texts : .numbers
    case .time: .times
    case .string, .raw, .skip: .texts
    }
  }

  func block(_ values: ParquetValues, _ pool: StringPool) -> BlockColumn {
    switch (kind, shape) {
    case (.number, .texts): .numbers(of: values.codes, pool, missing: values.missing)
    case (.number, _):
      .numbers(values: values.numbers, isWhole: column.isWhole, missing: values.missing, strays: 0, firstStray: nil)
    case (.time, _): .times(values.times)
    default: .strings(codes: values.codes, pool: pool)
    }
  }
}

extension TableError {
  init(_ error: ParquetError, in source: String) {
    var problem = error.problem
    if let offset = error.offset { problem += " (\(error.rowGroup.map { "row group \($0), " } ?? "")at byte \(offset))" }
    self.init(
      source: source, column: error.column, problem: problem,
      advice: error.isUnsupported
        ? error.column == nil ? "write it in another way" : "leave the column out with --exclude, or write it in another way"
        : "the file is damaged or was cut off; copy or write it again")
  }
}
