public import Values

/// A data file in memory: typed columns of equal length.
public struct DataTable: Sendable {
  /// Where it came from, as error messages name it.
  public let source: String
  /// How many rows.
  public let rowCount: Int
  /// In the file's order; names are unique.
  public let columns: [Column]
  private let index: [String: Int]

  /// - Precondition: columns have `rowCount` rows and different names.
  public init(source: String, rowCount: Int, columns: [Column]) {
    self.source = source
    self.rowCount = rowCount
    self.columns = columns
    var index: [String: Int] = [:]
    for (position, column) in columns.enumerated() { index[column.name] = position }
    self.index = index
  }

  /// The column of that name; nil when there is none.
  public subscript(name: String) -> Column? { index[name].map { columns[$0] } }

  /// The column of that name.
  /// - Throws: `TableError` that lists near misses when there is none.
  public func column(_ name: String) throws(TableError) -> Column {
    if let column = self[name] { return column }
    let names = columns.map(\.name)
    let close = names.filter { $0.lowercased() == name.lowercased() || $0.trimmed == name.trimmed }
    let shown = close.isEmpty ? names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "") : close.joined(separator: ", ")
    throw TableError(source: source, column: name, problem: "is missing", advice: "the columns are: \(shown)")
  }

  /// The cells of a column as texts, nil where missing: for identifiers, versions and labels.
  /// - Throws: `TableError` when there is no such column.
  public func strings(_ name: String) throws(TableError) -> [String?] {
    let column = try column(name)
    return (0..<rowCount).map { column.string(at: $0) }
  }

  /// The cells of a column as numbers, NaN where missing.
  /// - Throws: `TableError` when there is no such column, or a cell is no number.
  public func numbers(_ name: String) throws(TableError) -> [Double] {
    let column = try column(name)
    if let stray = column.stray { throw TableError.notANumber(source: source, column: name, stray) }
    let numbers = column.numbers
    for row in 0..<rowCount where numbers[row].isNaN {
      if let text = column.string(at: row) {
        throw TableError(source: source, column: name, cell: text, problem: "is not a number", advice: "correct the cell or name another column")
      }
    }
    return numbers
  }

  /// The cells of a column as instants, nil where missing; numbers are seconds since 1970.
  /// - Throws: `TableError` when there is no such column, or a cell is no time.
  public func times(_ name: String) throws(TableError) -> [Timestamp?] {
    let column = try column(name)
    switch column.values {
    case .times(let times): return times.map { $0 == Column.missingTime ? nil : Timestamp(microseconds: $0) }
    case .numbers(let numbers):
      return numbers.map { $0.isFinite && abs($0) < 9e12 ? Timestamp(microseconds: Int64(($0 * 1e6).rounded())) : nil }
    case .strings(let strings):
      var parsed: [Timestamp] = []
      for text in strings.dictionary {
        guard let time = Timestamp(text) else {
          throw TableError(source: source, column: name, cell: text, problem: "is not a time", advice: "write times as 2026-11-23T06:10:42Z")
        }
        parsed.append(time)
      }
      return strings.codes.map { $0 < 0 ? nil : parsed[Int($0)] }
    }
  }

  /// The rows at these positions, in that order; types stay as they are.
  public func selecting(_ rows: [Int]) -> DataTable {
    DataTable(
      source: source, rowCount: rows.count,
      columns: columns.map { column in
        let values: ColumnValues =
          switch column.values {
          case .numbers(let numbers): .numbers(rows.map { numbers[$0] })
          case .times(let times): .times(rows.map { times[$0] })
          case .strings(let strings): .strings(StringColumn(rows.map { strings[$0] }))
          }
        return Column(name: column.name, values: values, type: column.type, isInteger: column.isInteger, stray: column.stray)
      })
  }
}

extension TableError {
  /// A cell that is no number in a column of numbers.
  static func notANumber(source: String, column: String, _ stray: StrayCell) -> TableError {
    let more = stray.count > 1 ? " (and \(stray.count - 1) more)" : ""
    return TableError(
      source: stray.source ?? source, line: stray.line > 0 ? stray.line : nil, column: column, cell: stray.text, problem: "is not a number\(more)",
      advice: "correct the file, or compare the column with --categorical or leave it out with --exclude")
  }
}

extension String {
  /// Without spaces at either end.
  var trimmed: String {
    var text = Substring(self)
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
