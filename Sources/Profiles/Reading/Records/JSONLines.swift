internal import Foundation

/// JSON Lines: an object a line, its members the columns; a member that a line lacks is missing there.
///
/// Members are numbers, texts, true, false or null; an object or list in an object is refused. The names are gathered in a pass of their own, since
/// any line may bring a new one.
struct JSONLines: RecordFormat {
  let names: [String]
  let firstLine = 1
  let delimiter: UInt8? = nil
  private let name: String
  private let index: [String: Int]
  private let head: [UInt8]

  private static let headSize = 1 << 18

  /// - Throws: `TableError` when the source is empty or a line is no object of plain members.
  init(source: ByteSource, name: String, longestRecord: Int) throws(TableError) {
    self.name = name
    var names: [String] = []
    var index: [String: Int] = [:]
    var head: [UInt8] = []
    var blocks = CSVBlocks(stream: try source.open(), source: name, delimiter: nil, begun: [], longestRecord: longestRecord)
    var line = 1
    while let block = try blocks.next() {
      if head.isEmpty { head = JSONLines.head(block.bytes) }
      var scanner = JSONLineScanner(block.bytes, line: line)
      if let failure = scanner.walk({ key, _, _ in
        if index[key] == nil {
          index[key] = names.count
          names.append(key)
        }
        return nil
      }) {
        throw TableError(
          source: name, line: failure.line, column: failure.column, problem: failure.problem, advice: "write one JSON object of plain values a line")
      }
      line = scanner.line
    }
    guard !names.isEmpty else { throw TableError(source: name, problem: "is empty", advice: "it needs a JSON object a line") }
    self.names = names
    self.index = index
    self.head = head
  }

  private static func head(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    guard bytes.count > headSize else { return Array(bytes) }
    let part = UnsafeBufferPointer(rebasing: bytes[..<headSize])
    return Array(bytes[..<(part.lastIndex(of: 0x0a).map { $0 + 1 } ?? bytes.count)])
  }

  func body(of source: ByteSource) throws(TableError) -> (any ByteStream, [UInt8]) { (try source.open(), []) }

  func sample(kinds: [CellKind]) -> [(column: BlockColumn, isText: Bool)] {
    let bytes = head + [UInt8](repeating: 0, count: CSVBlocks.slack)
    return bytes.withUnsafeBufferPointer { all in
      let records = UnsafeBufferPointer(rebasing: all[..<head.count])
      var isText = [Bool](repeating: false, count: names.count)
      var scanner = JSONLineScanner(records, line: 1)
      _ = scanner.walk { key, value, _ in
        if case .text = value, let column = index[key] { isText[column] = true }
        return nil
      }
      return zip(parse(records, firstLine: 1, kinds: kinds).columns, isText).map { ($0, $1) }
    }
  }

  func parse(_ block: UnsafeBufferPointer<UInt8>, firstLine: Int, kinds: [CellKind]) -> CSVBlock {
    var columns = kinds.map { JSONColumn(kind: $0) }
    var result = CSVBlock()
    var scanner = JSONLineScanner(block, line: firstLine)
    var row = 0
    let failure = scanner.walk(
      onEnd: { _ in
        row += 1
        for column in columns.indices { columns[column].pad(to: row) }
      },
      { key, value, line in
        guard let column = index[key] else { return "is new since the file was first read" }
        return columns[column].add(value, row: row, line: line)
      })
    if let failure {
      result.error = TableError(
        source: name, line: failure.line, column: failure.column, problem: failure.problem, advice: "write one JSON object of plain values a line")
    }
    result.rows = row
    result.columns = columns.map(\.block)
    return result
  }
}

/// One column of a block while it is read.
private struct JSONColumn {
  let kind: CellKind
  private var numbers: [Double] = []
  private var codes: [Int32] = []
  private var pool = StringPool()
  private var isWhole = true
  private var missing = 0
  private var strays = 0
  private var firstStray: StrayCell?

  init(kind: CellKind) { self.kind = kind }

  private var count: Int { kind == .number ? numbers.count : codes.count }

  /// - Returns: what is wrong, if something is.
  mutating func add(_ value: JSONLineScanner.Value, row: Int, line: Int) -> String? {
    guard kind != .skip else { return nil }
    guard count == row else { return "appears twice in the object" }
    switch (kind, value) {
    case (_, .null): pad(to: row + 1)
    case (.number, .bare(let text)):
      if let number = CellText.number(text) {
        numbers.append(number.value)
        if !number.isWhole { isWhole = false }
      } else {
        stray(text, line)
      }
    case (.number, .text(let text)): stray(text, line)
    case (_, .bare(let text)), (_, .text(let text)):
      if kind == .string, CellText.isMissing(text) {
        codes.append(-1)
      } else {
        codes.append(pool.intern(text).code)
      }
    }
    return nil
  }

  private mutating func stray(_ text: UnsafeRawBufferPointer, _ line: Int) {
    numbers.append(.nan)
    strays += 1
    if firstStray == nil { firstStray = StrayCell(line: line, text: CellText.string(text), count: 1) }
  }

  /// A row without the member has it missing.
  mutating func pad(to rows: Int) {
    switch kind {
    case .skip: return
    case .number:
      while numbers.count < rows {
        numbers.append(.nan)
        missing += 1
      }
    case .string, .raw, .time:
      while codes.count < rows { codes.append(-1) }
    }
  }

  var block: BlockColumn {
    switch kind {
    case .skip: .skipped
    case .number: .numbers(values: numbers, isWhole: isWhole, missing: missing, strays: strays, firstStray: firstStray)
    case .string, .raw, .time: .strings(codes: codes, pool: pool)
    }
  }
}
