extension Comparison {
  /// What pictures of some columns need, both sides laid over each other, in the order of `names`; without columns that a side lacks or holds in another kind.
  /// - Throws: `TableError` when a column of numbers holds a cell that is none.
  public static func distributions(of names: [String], reference: ComparisonReference, current: DataTable) throws(TableError) -> [ColumnDistribution] {
    guard !names.isEmpty else { return [] }
    let entries = try ColumnPlan.make(reference: reference.side, current: .table(current), options: reference.options).entries
    return names.compactMap { name in
      guard let entry = entries.first(where: { $0.reference.name == name }), let column = entry.current, entry.skipped == nil else { return nil }
      return ColumnDistribution(
        name, entry.type, reference.prepared(entry.reference, as: entry.type), column.prepared(as: entry.type), deviations: (nil, nil))
    }
  }
}
