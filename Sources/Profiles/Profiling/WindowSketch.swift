extension TableProfile {
  /// Of what is kept of every window: ranks are off by 1.9 %, and a column of numbers takes a few kilobytes.
  public static let windowCapacity = 200

  /// What is kept of a window beside the log, so that it can be compared when its rows are gone: coarser than a baseline, and without what may name a
  /// person.
  /// - Parameter excluded: columns that are never compared. Free text is left out by itself.
  public init(window table: DataTable, excluding excluded: Set<String>) {
    let kept = table.columns.filter { !excluded.contains($0.name) && $0.type != .text }
    self.init(DataTable(source: table.source, rowCount: table.rowCount, columns: kept), capacity: TableProfile.windowCapacity)
  }

  /// Reads what `packed()` wrote.
  /// - Throws: `TableError` when it is something else.
  public static func read(packed bytes: [UInt8], source: String) throws(TableError) -> TableProfile {
    try TableProfile(json: try PackedJSON.json(bytes, name: source), source: source)
  }
}
