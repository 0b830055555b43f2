internal import Values

/// Joins what the blocks gave for one column, and says at the end what the column is.
struct ColumnBuilder {
  let name: String
  private(set) var kind: CellKind
  private let declared: ColumnType?
  private var numbers: [Double] = []
  private var isWhole = true
  private var missing = 0
  private var strays = 0
  private var firstStray: StrayCell?
  private var codes = StringCodes()
  private var pool = StringPool()
  private var times: [Int64] = []

  init(name: String, kind: CellKind, declared: ColumnType?, expectedRows: Int) {
    self.name = name
    self.kind = kind
    self.declared = declared
    switch kind {
    case .number: numbers.reserveCapacity(expectedRows)
    case .string, .raw: codes.reserveCapacity(expectedRows)
    case .time: times.reserveCapacity(expectedRows)
    case .skip: break
    }
  }

  mutating func append(_ block: BlockColumn) {
    switch block {
    case .skipped: return
    case .numbers(let values, let isWhole, let missing, let strays, let firstStray):
      numbers.append(contentsOf: values)
      self.isWhole = self.isWhole && isWhole
      self.missing += missing
      self.strays += strays
      if self.firstStray == nil { self.firstStray = firstStray }
    case .times(let values): times.append(contentsOf: values)
    case .strings(let blockCodes, let blockPool):
      var translated: [Int32] = []
      translated.reserveCapacity(blockPool.count)
      for code in 0..<blockPool.count {
        translated.append(blockPool.withBytes(code) { pool.intern($0).code })
      }
      for code in blockCodes { codes.append(code < 0 ? -1 : translated[Int(code)]) }
    }
  }

  /// A column of numbers with at most this share of other cells is a column of numbers with stray cells.
  static let strayShare = 0.1

  /// The column, or nil when it must be read again as strings.
  func finish() -> Column? {
    switch kind {
    case .skip: return nil
    case .number:
      let present = numbers.count - missing
      guard strays == 0 || declared == .numeric || Double(strays) <= Double(present) * ColumnBuilder.strayShare else { return nil }
      let stray = firstStray.map { StrayCell(line: $0.line, text: $0.text, count: strays, source: $0.source) }
      return Column(name: name, values: .numbers(numbers), type: declared, isInteger: isWhole && missing == 0 && strays == 0, stray: stray)
    case .raw: return Column(name: name, values: .strings(distinct()), type: declared ?? .categorical)
    case .string: return strings(distinct())
    case .time: return Column(name: name, values: .times(times), type: declared ?? .datetime)
    }
  }

  /// The texts, each once: bytes may differ where the text does not (`é` is one code point or two, and another byte in Latin-1).
  private func distinct() -> StringColumn {
    let dictionary = pool.strings
    if pool.isASCII || Set(dictionary).count == dictionary.count { return StringColumn(codes: codes, dictionary: dictionary) }
    return StringColumn(codes.map { $0 < 0 ? nil : dictionary[Int($0)] })
  }

  private func strings(_ strings: StringColumn) -> Column {
    let (codes, dictionary) = (strings.codes, strings.dictionary)
    if let declared, declared != .datetime { return Column(name: name, values: .strings(StringColumn(codes: codes, dictionary: dictionary)), type: declared) }
    if dictionary.isEmpty { return Column(name: name, values: .numbers(codes.map { _ in .nan })) }
    if let times = times(codes, dictionary) { return Column(name: name, values: .times(times)) }
    return Column(name: name, values: .strings(StringColumn(codes: codes, dictionary: dictionary)))
  }

  private func times(_ codes: StringCodes, _ dictionary: [String]) -> [Int64]? {
    var parsed: [Int64] = []
    parsed.reserveCapacity(dictionary.count)
    for text in dictionary {
      guard let time = Timestamp(text) else { return nil }
      parsed.append(time.microseconds)
    }
    return codes.map { $0 < 0 ? Column.missingTime : parsed[Int($0)] }
  }
}
