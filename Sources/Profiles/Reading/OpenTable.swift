/// How a column's cells are read.
enum CellKind: Sendable {
  case number
  /// Text; missing values are recognised.
  case string
  /// Text as it stands; only an empty cell is missing.
  case raw
  /// Times, of sources that have them.
  case time
  case skip
}

/// What one block of a source gave for one column.
enum BlockColumn: Sendable {
  case skipped
  case numbers(values: [Double], isWhole: Bool, missing: Int, strays: Int, firstStray: StrayCell?)
  /// Codes into the pool, −1 where missing.
  case strings(codes: [Int32], pool: StringPool)
  /// Microseconds since 1970, `Column.missingTime` where missing.
  case times([Int64])

  /// So many rows without a value.
  static func missing(_ rows: Int, _ kind: CellKind) -> BlockColumn {
    switch kind {
    case .number: .numbers(values: [Double](repeating: .nan, count: rows), isWhole: false, missing: rows, strays: 0, firstStray: nil)
    case .string, .raw: .strings(codes: [Int32](repeating: -1, count: rows), pool: StringPool())
    case .time: .times([Int64](repeating: Column.missingTime, count: rows))
    case .skip: .skipped
    }
  }
}

extension BlockColumn {
  /// Texts that were declared to be numbers, of a source without lines: a stray cell has line 0.
  static func numbers(of codes: [Int32], _ pool: StringPool, missing: Int) -> BlockColumn {
    let parsed = (0..<pool.count).map { pool.withBytes($0) { CellText.number($0)?.value } }
    var numbers: [Double] = []
    numbers.reserveCapacity(codes.count)
    var stray: (code: Int, count: Int)?
    for code in codes {
      if code >= 0, parsed[Int(code)] == nil { stray = (stray?.code ?? Int(code), (stray?.count ?? 0) + 1) }
      numbers.append(code < 0 ? .nan : parsed[Int(code)] ?? .nan)
    }
    let first = stray.map { stray in StrayCell(line: 0, text: pool.withBytes(stray.code) { CellText.string($0) }, count: stray.count) }
    return .numbers(values: numbers, isWhole: false, missing: missing, strays: stray?.count ?? 0, firstStray: first)
  }
}

/// What a column is read as.
struct PlannedColumn: Sendable {
  var kind: CellKind
  /// Whether its texts are times.
  var areTimes = false
}

/// A source opened as far as its columns are known: they can be read, and where that is possible read again.
protocol OpenTable: Sendable {
  /// As errors name it.
  var source: String { get }
  /// The columns' names, in order, all different.
  var names: [String] { get }

  /// What each column is read as: as declared, else as the source says, else by its first records.
  func plan() throws(TableError) -> [PlannedColumn]

  /// Reads all rows once, handing blocks of columns to `gathering`.
  func gather<Gathering: ColumnGathering>(
    _ kinds: [CellKind], _ gathering: Gathering
  ) throws(TableError) -> (rows: Int, columns: [Gathering.Whole])
}

/// What becomes of the blocks of columns: a table, or profiles. Memory grows with what it keeps, and with nothing else.
protocol ColumnGathering: Sendable {
  /// Made of one block, on any thread.
  associatedtype Part: Sendable
  /// Made of all parts, in the order of the rows.
  associatedtype Whole: Sendable

  func part(_ column: Int, _ block: BlockColumn) -> Part
  /// - Parameter expectedRows: a hint; 0 when unknown.
  func whole(_ column: Int, expectedRows: Int) -> Whole
  func join(_ part: Part, to whole: inout Whole)
}

/// Names made different, as pandas makes them: the second `a` is `a.1`.
enum ColumnNames {
  static func unique(_ names: [String]) -> [String] {
    var taken = Set(names)
    var seen: Set<String> = []
    return names.map { name in
      if seen.insert(name).inserted { return name }
      var number = 1
      while !taken.insert("\(name).\(number)").inserted { number += 1 }
      seen.insert("\(name).\(number)")
      return "\(name).\(number)"
    }
  }
}
