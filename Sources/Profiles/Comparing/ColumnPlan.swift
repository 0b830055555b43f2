internal import Foundation
internal import Statistics

/// Which columns are compared, as what, and how the two schemas differ.
struct ColumnPlan: Sendable {
  /// A column of the reference.
  struct Entry: Sendable {
    let reference: Column
    let current: Column?
    let type: ColumnType
    /// Why it is not compared.
    let skipped: String?
  }

  let entries: [Entry]
  let schema: ComparisonResult.Schema

  /// What a reference's column is compared as.
  static func type(of column: Column, _ options: ComparisonOptions) -> ColumnType {
    if options.categorical.contains(column.name) { return .categorical }
    // A named numeric test also takes number-valued columns that were inferred as categorical.
    if column.type == .categorical, case .numbers = column.values {
      if let test = options.columnTests[column.name]?.test { return test.takesNumbers && !test.fits(.categorical) ? .numeric : .categorical }
      if case .test(let test) = options.choice, test.takesNumbers, !test.fits(.categorical) { return .numeric }
    }
    return column.type
  }

  /// - Throws: `TableError` at a cell that is no number in a column of numbers.
  static func make(reference: DataTable, current: DataTable, options: ComparisonOptions) throws(TableError) -> ColumnPlan {
    var entries: [Entry] = []
    var schema = ComparisonResult.Schema(missing: [], new: [], typeChanged: [])
    for column in reference.columns where !options.exclude.contains(column.name) {
      var type = type(of: column, options)
      // Evidently goes by the current data's type.
      if options.choice == .evidently, options.columnTests[column.name] == nil, let other = current[column.name], column.isInteger, other.isInteger {
        type = self.type(of: other, options)
      }
      if let stray = column.stray, type == .numeric { throw .notANumber(source: reference.source, column: column.name, stray) }
      guard let other = current[column.name] else {
        if options.optional.contains(column.name) { continue }
        schema.missing.append(column.name)
        entries.append(Entry(reference: column, current: nil, type: type, skipped: "missing from the current data"))
        continue
      }
      if let stray = other.stray, type == .numeric { throw .notANumber(source: current.source, column: column.name, stray) }
      if type == .numeric, let stray = straysAmongNumbers(other) { throw .notANumber(source: current.source, column: column.name, stray) }
      if let change = changed(column, other, options) {
        schema.typeChanged.append(column.name)
        entries.append(Entry(reference: column, current: other, type: type, skipped: change))
        continue
      }
      entries.append(Entry(reference: column, current: other, type: type, skipped: nil))
    }
    schema.new = current.columns.map(\.name).filter { reference[$0] == nil && !options.exclude.contains($0) && !options.optional.contains($0) }
    return ColumnPlan(entries: entries, schema: schema)
  }

  /// Numbers and texts mixed, at least half of them numbers, where the reference has numbers: cells are broken, not the type.
  private static func straysAmongNumbers(_ column: Column) -> StrayCell? {
    guard case .strings(let strings) = column.values, column.type != .boolean else { return nil }
    let isNumber = strings.dictionary.map { Double($0) != nil }
    var (numbers, others) = (0, 0)
    var first: Int?
    for (row, code) in strings.codes.enumerated() where code >= 0 {
      if isNumber[Int(code)] {
        numbers += 1
      } else {
        others += 1
        if first == nil { first = row }
      }
    }
    guard let first, numbers >= others, let text = strings[first] else { return nil }
    // Lines are known only where no cell holds a line end; a row is the next best.
    return StrayCell(line: first + 2, text: text, count: others)
  }

  /// Numbers, strings and times are different kinds; columns declared categorical are compared by their texts whatever their kind.
  private static func changed(_ reference: Column, _ current: Column, _ options: ComparisonOptions) -> String? {
    guard kind(reference) != kind(current), !isEmpty(reference), !isEmpty(current), !options.categorical.contains(reference.name) else { return nil }
    return "type changed from \(reference.type.rawValue) to \(current.type.rawValue)"
  }

  private enum Kind { case numbers, strings, times }

  private static func kind(_ column: Column) -> Kind {
    switch column.values {
    case .numbers: .numbers
    case .strings: .strings
    case .times: .times
    }
  }

  private static func isEmpty(_ column: Column) -> Bool {
    switch column.values {
    case .numbers(let numbers): numbers.allSatisfy(\.isNaN)
    case .strings(let strings): strings.codes.allSatisfy { $0 < 0 }
    case .times(let times): times.allSatisfy { $0 == Column.missingTime }
    }
  }
}
