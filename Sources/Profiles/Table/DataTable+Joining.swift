extension DataTable {
  /// The rows whose identifier `labels` also has, with that table's label column added: how labels that come later meet their predictions.
  ///
  /// A column of that name which the table already has is replaced. An identifier that appears twice among the labels takes the last.
  /// - Parameters:
  ///   - id: the column of identifiers in both tables.
  ///   - label: the label's column in `labels`.
  /// - Throws: `TableError` when a column is missing.
  public func joined(with labels: DataTable, id: String, label: String) throws(TableError) -> DataTable {
    let keys = try strings(id)
    let others = try labels.strings(id)
    let column = try labels.column(label)
    if let stray = column.stray { throw .notANumber(source: labels.source, column: label, stray) }
    var position: [String: Int] = [:]
    for (row, key) in others.enumerated() {
      if let key, column.string(at: row) != nil { position[key] = row }
    }
    var (rows, matches): ([Int], [Int]) = ([], [])
    for (row, key) in keys.enumerated() {
      if let key, let match = position[key] {
        rows.append(row)
        matches.append(match)
      }
    }
    let chosen = labels.selecting(matches).columns.filter { $0.name == label }
    let kept = selecting(rows)
    return DataTable(source: source, rowCount: rows.count, columns: kept.columns.filter { $0.name != label } + chosen)
  }
}
