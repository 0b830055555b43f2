internal import Foundation
internal import Statistics

/// Which columns are compared, as what, and how the two schemas differ.
struct ColumnPlan: Sendable {
  /// A column of the reference.
  struct Entry: Sendable {
    let reference: SideColumn
    let current: SideColumn?
    let type: ColumnType
    /// Why it is not compared.
    let skipped: String?
  }

  let entries: [Entry]
  let schema: ComparisonResult.Schema
  /// Cells that are no numbers in columns of numbers, when these are set aside.
  let damaged: [TableError]

  /// What a reference's column is compared as.
  static func type(of column: SideColumn, _ options: ComparisonOptions) -> ColumnType {
    if options.categorical.contains(column.name) { return .categorical }
    // A named numeric test also takes number-valued columns that were inferred as categorical.
    if column.type == .categorical, column.kind == .numbers {
      if let test = options.columnTests[column.name]?.test { return test.takesNumbers && !test.fits(.categorical) ? .numeric : .categorical }
      if case .test(let test) = options.choice, test.takesNumbers, !test.fits(.categorical) { return .numeric }
    }
    return column.type
  }

  /// - Throws: `TableError` at a cell that is no number in a column of numbers, unless such columns are set aside.
  static func make(reference: ComparisonSide, current: ComparisonSide, options: ComparisonOptions) throws(TableError) -> ColumnPlan {
    var entries: [Entry] = []
    var damaged: [TableError] = []
    var schema = ComparisonResult.Schema(missing: [], new: [], typeChanged: [])
    let columns = reference.columns
    let others = Dictionary(current.columns.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for column in columns where !options.exclude.contains(column.name) {
      var type = type(of: column, options)
      guard let other = others[column.name] else {
        if options.optional.contains(column.name) { continue }
        schema.missing.append(column.name)
        entries.append(Entry(reference: column, current: nil, type: type, skipped: "missing from the current data"))
        continue
      }
      // Evidently goes by the current data's type.
      if options.choice == .evidently, options.columnTests[column.name] == nil, column.isInteger, other.isInteger { type = self.type(of: other, options) }
      if type == .numeric {
        var error = column.stray.map { TableError.notANumber(source: reference.source, column: column.name, $0) }
        if error == nil, let stray = other.stray ?? other.strayAmongNumbers {
          error = .notANumber(source: current.source, column: column.name, stray)
        }
        if let error {
          guard options.damagedColumns == .setAside else { throw error }
          damaged.append(error)
          entries.append(Entry(reference: column, current: other, type: type, skipped: error.withoutAdvice))
          continue
        }
      }
      if let change = changed(column, other, options) {
        schema.typeChanged.append(column.name)
        entries.append(Entry(reference: column, current: other, type: type, skipped: change))
        continue
      }
      entries.append(Entry(reference: column, current: other, type: type, skipped: nil))
    }
    let known = Set(columns.map(\.name))
    schema.new = current.columns.map(\.name).filter { !known.contains($0) && !options.exclude.contains($0) && !options.optional.contains($0) }
    return ColumnPlan(entries: entries, schema: schema, damaged: damaged)
  }

  /// Numbers, strings and times are different kinds; columns declared categorical are compared by their texts whatever their kind.
  private static func changed(_ reference: SideColumn, _ current: SideColumn, _ options: ComparisonOptions) -> String? {
    guard reference.kind != current.kind, !reference.isEmpty, !current.isEmpty, !options.categorical.contains(reference.name) else { return nil }
    return "type changed from \(reference.type.rawValue) to \(current.type.rawValue)"
  }
}
