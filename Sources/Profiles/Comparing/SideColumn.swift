internal import Foundation

/// One side of a comparison: a table, or what a profile kept of one.
public enum ComparisonSide: Sendable {
  case table(DataTable)
  case profile(TableProfile)

  /// As error messages name it.
  public var source: String {
    switch self {
    case .table(let table): table.source
    case .profile(let profile): profile.source
    }
  }

  /// How many rows.
  public var rowCount: Int {
    switch self {
    case .table(let table): table.rowCount
    case .profile(let profile): profile.rows
    }
  }

  var columns: [SideColumn] {
    switch self {
    case .table(let table): table.columns.map { SideColumn(origin: .table($0)) }
    case .profile(let profile): profile.columns.map { SideColumn(origin: .profile($0)) }
    }
  }

  var table: DataTable? {
    guard case .table(let table) = self else { return nil }
    return table
  }
}

/// A column of one side.
struct SideColumn: Sendable {
  enum Origin: Sendable {
    case table(Column)
    case profile(ColumnProfile)
  }

  /// How the values are held, which two sides must have in common.
  enum Kind { case numbers, strings, times }

  let origin: Origin

  var name: String {
    switch origin {
    case .table(let column): column.name
    case .profile(let profile): profile.name
    }
  }

  var type: ColumnType {
    switch origin {
    case .table(let column): column.type
    case .profile(let profile): profile.type
    }
  }

  var isInteger: Bool {
    switch origin {
    case .table(let column): column.isInteger
    case .profile(let profile): profile.isInteger
    }
  }

  var kind: Kind {
    switch origin {
    case .table(let column):
      switch column.values {
      case .numbers: .numbers
      case .strings: .strings
      case .times: .times
      }
    case .profile(let profile):
      switch profile.storage {
      case .numbers: .numbers
      case .strings: .strings
      case .times: .times
      }
    }
  }

  /// Whether no row has a value.
  var isEmpty: Bool {
    switch origin {
    case .profile(let profile): profile.count == 0
    case .table(let column):
      switch column.values {
      case .numbers(let numbers): numbers.allSatisfy(\.isNaN)
      case .strings(let strings): strings.codes.allSatisfy { $0 < 0 }
      case .times(let times): times.allSatisfy { $0 == Column.missingTime }
      }
    }
  }

  /// A cell that is no number where all the others are; a profile has counted it as missing.
  var stray: StrayCell? {
    guard case .table(let column) = origin else { return nil }
    return column.stray
  }

  /// Numbers and texts mixed, at least half of them numbers, where the other side has numbers: cells are broken, not the type.
  var strayAmongNumbers: StrayCell? {
    guard case .table(let column) = origin, case .strings(let strings) = column.values, column.type != .boolean else { return nil }
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

  func prepared(as type: ColumnType) -> PreparedColumn {
    switch origin {
    case .table(let column): PreparedColumn(column, as: type)
    case .profile(let profile): PreparedColumn(profile: profile, as: type)
    }
  }
}
