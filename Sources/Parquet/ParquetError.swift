/// What is wrong with a Parquet file, or cannot be read of it, and where.
package struct ParquetError: Error, Sendable, Hashable {
  /// The column's name; nil when it concerns the whole file.
  package var column: String?
  /// From 1; nil when it concerns no row group.
  package var rowGroup: Int?
  /// Of the part that is wrong, from the file's beginning; nil when unknown.
  package var offset: Int?
  /// In words that follow the place.
  package var problem: String
  /// Whether the file may be whole, and this reader cannot read it.
  package var isUnsupported: Bool

  package init(_ problem: String, column: String? = nil, rowGroup: Int? = nil, offset: Int? = nil, isUnsupported: Bool = false) {
    self.column = column
    self.rowGroup = rowGroup
    self.offset = offset
    self.problem = problem
    self.isUnsupported = isUnsupported
  }

  /// What is not damage, only out of this reader's reach.
  static func unsupported(_ problem: String, column: String? = nil) -> ParquetError { ParquetError(problem, column: column, isUnsupported: true) }

  /// Fills in what of the place is not known yet.
  func located(column: String? = nil, rowGroup: Int? = nil, offset: Int? = nil) -> ParquetError {
    var error = self
    error.column = self.column ?? column
    error.rowGroup = self.rowGroup ?? rowGroup
    error.offset = self.offset ?? offset
    return error
  }
}
