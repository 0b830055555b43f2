/// Measurements group by group.
public enum Segments {
  /// One group's measurement, or why it has none.
  public enum Outcome<Value: Sendable>: Sendable {
    case measured(Value)
    /// It has fewer rows than a number about it would need.
    case tooSmall(rows: Int)
  }

  /// The rows of each group, by the group's name; rows without one are "missing".
  /// - Throws: `TableError` when there is no such column.
  public static func rows(_ table: DataTable, by column: String) throws(TableError) -> [String: [Int]] {
    var groups: [String: [Int]] = [:]
    for (row, name) in try table.strings(column).enumerated() { groups[name ?? "missing", default: []].append(row) }
    return groups
  }

  /// Compares each group of the reference with the same group of the current data.
  /// - Parameter minimumRows: on either side; smaller groups are not measured, as their numbers would be noise and could name a person.
  /// - Throws: as `Comparison.run` does.
  public static func compare(
    reference: DataTable, current: DataTable, by column: String, minimumRows: Int = 50, options: ComparisonOptions = ComparisonOptions()
  ) throws(TableError) -> [String: Outcome<ComparisonResult>] {
    let (before, after) = (try rows(reference, by: column), try rows(current, by: column))
    var options = options
    options.exclude.insert(column)
    var result: [String: Outcome<ComparisonResult>] = [:]
    for name in Set(before.keys).union(after.keys).sorted() {
      let (a, b) = (before[name] ?? [], after[name] ?? [])
      guard min(a.count, b.count) >= minimumRows else {
        result[name] = .tooSmall(rows: min(a.count, b.count))
        continue
      }
      result[name] = .measured(try Comparison.run(reference: reference.selecting(a), current: current.selecting(b), options: options))
    }
    return result
  }

  /// Measures the predictions of each group.
  /// - Throws: as `Evaluation.run` does.
  public static func evaluate(
    _ table: DataTable, columns: Evaluation.Columns, by column: String, minimumRows: Int = 50
  ) throws(TableError) -> [String: Outcome<ModelQuality>] {
    var result: [String: Outcome<ModelQuality>] = [:]
    for (name, rows) in try rows(table, by: column) {
      result[name] = rows.count >= minimumRows ? .measured(try Evaluation.run(table.selecting(rows), columns: columns).quality) : .tooSmall(rows: rows.count)
    }
    return result
  }
}
