internal import Values

/// One column of a table, its values typed and side by side in memory.
public struct Column: Sendable {
  /// As the header has it.
  public let name: String
  /// What it was inferred, or declared, to be.
  public let type: ColumnType
  /// The values, one a row.
  public let values: ColumnValues
  /// Whether every cell is a whole number and none is missing, so that few distinct ones make it categorical.
  public let isInteger: Bool
  /// The first cell that is no number in a column of numbers; its row counts as missing.
  public let stray: StrayCell?

  /// - Parameter type: nil to infer it as `ColumnType.inferred` does.
  public init(name: String, values: ColumnValues, type: ColumnType? = nil, isInteger: Bool = false, stray: StrayCell? = nil) {
    self.name = name
    self.values = values
    self.isInteger = isInteger
    self.stray = stray
    self.type = type ?? Column.infer(values, isInteger: isInteger)
  }

  /// How many rows.
  public var count: Int {
    switch values {
    case .numbers(let numbers): numbers.count
    case .strings(let strings): strings.codes.count
    case .times(let times): times.count
    }
  }

  /// The cell's text; nil when it is missing. Whole numbers are written without a point.
  public func string(at row: Int) -> String? {
    switch values {
    case .numbers(let numbers): numbers[row].isNaN ? nil : Column.text(numbers[row])
    case .strings(let strings): strings[row]
    case .times(let times): times[row] == Column.missingTime ? nil : Timestamp(microseconds: times[row]).description
    }
  }

  /// The values as numbers, NaN where missing or no number: times in seconds since 1970, true 1 and false 0.
  public var numbers: [Double] {
    switch values {
    case .numbers(let numbers): return numbers
    case .times(let times): return times.map { $0 == Column.missingTime ? .nan : Double($0) / 1e6 }
    case .strings(let strings):
      let parsed = strings.dictionary.map { text in Column.booleans[text.lowercased()].map { $0 ? 1 : 0 } ?? Double(text) ?? .nan }
      return strings.codes.map { $0 < 0 ? .nan : parsed[Int($0)] }
    }
  }

  /// The same column as another type: numbers become strings, strings stay strings.
  func declared(_ type: ColumnType) -> Column { Column(name: name, values: values, type: type, isInteger: isInteger, stray: stray) }

  /// What stands for a missing time.
  static let missingTime = Int64.min

  static let booleans: [String: Bool] = ["true": true, "false": false]

  static func text(_ number: Double) -> String {
    if let whole = Int64(exactly: number) { return String(whole) }
    return number.description
  }

  /// At most this many distinct whole numbers make a column categorical.
  static let categoricalIntegers = 10

  /// As Evidently 0.7 infers: fractions are numeric; whole numbers categorical if at most 10 differ, else numeric;
  /// strings text if more than half of them differ, else categorical. Beyond it: true and false are boolean, times datetime.
  private static func infer(_ values: ColumnValues, isInteger: Bool) -> ColumnType {
    switch values {
    case .times: return .datetime
    case .numbers(let numbers):
      guard isInteger else { return .numeric }
      var seen: [Double] = []
      for number in numbers where !seen.contains(number) {
        seen.append(number)
        if seen.count > categoricalIntegers { return .numeric }
      }
      return .categorical
    case .strings(let strings):
      if !strings.dictionary.isEmpty, strings.dictionary.count <= 6, strings.dictionary.allSatisfy({ booleans[$0.lowercased()] != nil }) { return .boolean }
      let present = strings.codes.count { $0 >= 0 }
      return Double(strings.dictionary.count) > Double(present) * 0.5 ? .text : .categorical
    }
  }
}

/// The values of a column.
public enum ColumnValues: Sendable {
  /// NaN where missing; infinities stay.
  case numbers([Double])
  case strings(StringColumn)
  /// Microseconds since 1970; `Int64.min` where missing.
  case times([Int64])
}

/// Strings, each different one kept once.
public struct StringColumn: Sendable {
  /// Index into `dictionary`, one a row; −1 where missing.
  public let codes: StringCodes
  /// In order of first appearance, every entry used.
  public let dictionary: [String]

  /// Takes codes and dictionary as they are: every code must be −1 or an index, every entry used.
  public init(codes: StringCodes, dictionary: [String]) {
    self.codes = codes
    self.dictionary = dictionary
  }

  /// From texts, nil where missing.
  public init(_ texts: [String?]) {
    var index: [String: Int32] = [:]
    var dictionary: [String] = []
    var codes = StringCodes()
    codes.reserveCapacity(texts.count)
    for text in texts {
      let code = text.map { index[$0, default: Int32(dictionary.count)] } ?? -1
      if let text, code == dictionary.count {
        index[text] = code
        dictionary.append(text)
      }
      codes.append(code)
    }
    self.codes = codes
    self.dictionary = dictionary
  }

  /// The row's text; nil when missing.
  public subscript(row: Int) -> String? {
    let code = codes[row]
    return code < 0 ? nil : dictionary[Int(code)]
  }
}

/// A cell that is no number in a column of numbers.
public struct StrayCell: Sendable, Hashable {
  /// Of the first such cell, from 1.
  public let line: Int
  /// Its text. It is data: for the terminal only.
  public let text: String
  /// How many such cells there are.
  public let count: Int
  /// The file that it is in, of a table that was read from several.
  public let source: String?

  /// Takes the values as they are; nothing is checked.
  public init(line: Int, text: String, count: Int, source: String? = nil) {
    self.line = line
    self.text = text
    self.count = count
    self.source = source
  }

  /// The same, with the file that it is in.
  func found(in source: String) -> StrayCell { StrayCell(line: line, text: text, count: count, source: source) }
}
