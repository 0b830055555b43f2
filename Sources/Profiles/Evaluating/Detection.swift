internal import Statistics
public import Values

/// What a streaming detector says about a column, row by row.
public struct Detection: Sendable, Hashable, Codable {
  /// The detector's name.
  public let detector: String
  /// Rows seen, those with a missing value too.
  public let rows: Int
  /// Zero-based positions where it raised drift.
  public let drift: [Int]
  /// Zero-based positions where it warned.
  public let warning: [Int]

  /// Runs a detector with its defaults over a column; missing values are passed over but counted. Booleans are 0 and 1.
  /// - Throws: `TableError` when there is no such detector or column, or a value is not what the detector takes.
  public init(_ table: DataTable, column name: String, detector: String) throws(TableError) {
    guard var chosen = AnyStreamDetector(detector) else {
      throw TableError(source: "detector", problem: "\"\(detector)\" is unknown", advice: "choose one of: \(AnyStreamDetector.names.joined(separator: ", "))")
    }
    let values = try table.numbers(name)
    if AnyStreamDetector.takesErrorsOnly.contains(chosen.name), let row = values.firstIndex(where: { !$0.isNaN && $0 != 0 && $0 != 1 }) {
      throw TableError(
        source: table.source, line: row + 2, column: name, cell: Column.text(values[row]), problem: "is neither 0 nor 1",
        advice: "\(chosen.name) watches errors: 1 for a wrong prediction, 0 for a right one")
    }
    if let row = values.firstIndex(where: \.isInfinite) {
      throw TableError(source: table.source, line: row + 2, column: name, cell: "infinity", problem: "cannot be watched", advice: "leave the row out")
    }
    let found = chosen.run(values)
    self.detector = chosen.name
    rows = table.rowCount
    drift = found.drift
    warning = found.warning
  }

  /// As `kedge detect -o json` prints it.
  public var json: JSON {
    [
      "detector": .string(detector), "rows": .integer(Int64(rows)), "drift": .array(drift.map { .integer(Int64($0)) }),
      "warning": .array(warning.map { .integer(Int64($0)) }),
    ]
  }
}
