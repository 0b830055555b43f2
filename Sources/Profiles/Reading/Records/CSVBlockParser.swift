internal import Foundation

/// What one block of whole records gave.
struct CSVBlock: Sendable {
  var rows = 0
  var columns: [BlockColumn] = []
  var error: TableError?
}

/// Reads a block of whole records of comma-separated text, by RFC 4180 with bare line feeds allowed.
///
/// Numbers take a fast path: sign, digits, at most 22 decimals, below 2^53 (one correctly rounded division, Clinger 1990), the decimals eight
/// at a time; everything else goes through `CellText`.
struct CSVBlockParser {
  let source: String
  let names: [String]
  let kinds: [CellKind]
  let delimiter: UInt8

  /// - Parameters:
  ///   - block: whole records, the last ended by a line feed, with 8 readable bytes behind `count`.
  ///   - firstLine: the number of its first line.
  func parse(_ block: UnsafeBufferPointer<UInt8>, firstLine: Int) -> CSVBlock {
    guard let base = block.baseAddress else { return CSVBlock() }
    var run = Run(parser: self, start: base, end: base + block.count, firstLine: firstLine)
    return run.block()
  }

  /// Exact powers of ten.
  static let powers: [Double] = (0...22).map { (0..<$0).reduce(1.0) { value, _ in value * 10 } }
  private static let wholePowers: [UInt64] = (0...8).map { (0..<$0).reduce(UInt64(1)) { value, _ in value * 10 } }

  /// A plain decimal number ended by a delimiter or a line end, else nil; `p` is then anywhere.
  @inline(__always)
  private static func fastNumber(
    _ p: inout UnsafePointer<UInt8>, _ delimiter: UInt8, _ powers: UnsafeBufferPointer<Double>, _ wholePowers: UnsafeBufferPointer<UInt64>,
    _ isWhole: inout Bool
  ) -> Double? {
    let negative = p.pointee == 0x2d
    if negative { p += 1 }
    var mantissa: UInt64 = 0
    var digits = 0
    var fraction = 0
    var digit = p.pointee &- 0x30
    while digit < 10 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      digits &+= 1
      p += 1
      digit = p.pointee &- 0x30
    }
    if p.pointee == 0x2e {
      p += 1
      isWhole = false
      let word = UnsafeRawPointer(p).loadUnaligned(as: UInt64.self) ^ 0x3030_3030_3030_3030
      // The high bit of each byte that is no digit.
      let other = ((word &+ 0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080
      let count = other == 0 ? 8 : other.trailingZeroBitCount >> 3
      if count > 0 {
        var value = word << UInt64(64 &- 8 &* count)
        value = (value &* 10) &+ (value >> 8)
        value =
          (((value & 0x0000_00ff_0000_00ff) &* 0x000f_4240_0000_0064) &+ (((value >> 16) & 0x0000_00ff_0000_00ff) &* 0x0000_2710_0000_0001)) >> 32
        mantissa = mantissa &* wholePowers[count] &+ value
      }
      p += count
      fraction = count
      if count == 8 {
        digit = p.pointee &- 0x30
        while digit < 10 {
          mantissa = mantissa &* 10 &+ UInt64(digit)
          fraction &+= 1
          p += 1
          digit = p.pointee &- 0x30
        }
      }
      digits &+= fraction
    }
    let terminator = p.pointee
    guard terminator == delimiter || terminator == 0x0a || (terminator == 0x0d && p[1] == 0x0a), digits > 0, digits <= 19, mantissa < 1 << 53,
      fraction <= 22
    else { return nil }
    let value = fraction == 0 ? Double(mantissa) : Double(mantissa) / powers[fraction]
    return negative ? -value : value
  }

  private struct Slot {
    var kind: CellKind
    var numbers: UnsafeMutablePointer<Double>?
    var codes: UnsafeMutablePointer<Int32>?
    var pool = StringPool()
    var isWhole = true
    var missing = 0
    var strays = 0
    var firstStray: StrayCell?
  }

  /// One pass over one block.
  private struct Run {
    let parser: CSVBlockParser
    let end: UnsafePointer<UInt8>
    var p: UnsafePointer<UInt8>
    var line: Int
    var row = 0
    let slots: UnsafeMutableBufferPointer<Slot>
    var scratch: [UInt8] = []
    var error: TableError? { didSet { hasFailed = true } }
    /// As `error` says; asked after every cell.
    var hasFailed = false

    init(parser: CSVBlockParser, start: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>, firstLine: Int) {
      self.parser = parser
      self.end = end
      p = start
      line = firstLine
      var capacity = 1
      var from = UnsafeRawPointer(start)
      let stop = UnsafeRawPointer(end)
      while from < stop, let found = memchr(from, 10, stop - from) {
        capacity += 1
        from = UnsafeRawPointer(found) + 1
      }
      slots = .allocate(capacity: parser.kinds.count)
      for (index, kind) in parser.kinds.enumerated() {
        var slot = Slot(kind: kind)
        switch kind {
        case .number: slot.numbers = .allocate(capacity: capacity)
        case .string, .raw, .time: slot.codes = .allocate(capacity: capacity)
        case .skip: break
        }
        slots.initializeElement(at: index, to: slot)
      }
    }

    mutating func block() -> CSVBlock {
      rows()
      var result = CSVBlock(rows: row, error: error)
      let rows = row
      result.columns = slots.map { slot in
        if let numbers = slot.numbers {
          let values = Array(UnsafeBufferPointer(start: numbers, count: rows))
          numbers.deallocate()
          return .numbers(values: values, isWhole: slot.isWhole, missing: slot.missing, strays: slot.strays, firstStray: slot.firstStray)
        }
        if let codes = slot.codes {
          let values = Array(UnsafeBufferPointer(start: codes, count: rows))
          codes.deallocate()
          return .strings(codes: values, pool: slot.pool)
        }
        return .skipped
      }
      slots.deinitialize()
      slots.deallocate()
      return result
    }

    private mutating func rows() {
      let delimiter = parser.delimiter
      let columns = slots.count
      CSVBlockParser.powers.withUnsafeBufferPointer { powers in
        CSVBlockParser.wholePowers.withUnsafeBufferPointer { wholePowers in
          // In a register; `self.p` where other cells are read.
          var p = self.p
          while p < end, !hasFailed {
            if p.pointee == 0x0a {
              p += 1
              line &+= 1
              continue
            }
            if p.pointee == 0x0d, p[1] == 0x0a {
              p += 2
              line &+= 1
              continue
            }
            var column = 0
            while true {
              let start = p
              if slots[column].kind == .number, let value = CSVBlockParser.fastNumber(&p, delimiter, powers, wholePowers, &slots[column].isWhole) {
                slots[column].numbers.unsafelyUnwrapped[row] = value
              } else {
                self.p = start
                cell(&slots[column], column, delimiter)
                p = self.p
              }
              column &+= 1
              let terminator = p.pointee
              if terminator == delimiter, !hasFailed {
                p += 1
                if column < columns { continue }
                self.p = p
                tooMany(columns, delimiter)
                break
              }
              p += terminator == 0x0d ? 2 : 1
              if column < columns, !hasFailed { tooFew(column, columns) }
              break
            }
            if hasFailed { break }
            line &+= 1
            row &+= 1
          }
        }
      }
    }

    /// Any cell; leaves `p` at what ended it.
    private mutating func cell(_ slot: inout Slot, _ column: Int, _ delimiter: UInt8) {
      let startLine = line
      if p.pointee == 0x22 {
        let content = quoted(column, delimiter)
        if !hasFailed { store(content, &slot, column, startLine) }
        return
      }
      let start = p
      while p.pointee != delimiter, p.pointee != 0x0a, p.pointee != 0x0d || p[1] != 0x0a { p += 1 }
      store(UnsafeRawBufferPointer(start: start, count: p - start), &slot, column, startLine)
    }

    /// A quoted cell's content; `p` is left behind the closing quote.
    private mutating func quoted(_ column: Int, _ delimiter: UInt8) -> UnsafeRawBufferPointer {
      let openedAt = line
      p += 1
      let start = p
      var doubled = false
      while true {
        if p >= end {
          fail(column, line: openedAt, "has a quote that is never closed", "close the quote")
          return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        if p.pointee == 0x22 {
          if p[1] != 0x22 || p + 1 >= end { break }
          doubled = true
          p += 2
          continue
        }
        if p.pointee == 0x0a { line &+= 1 }
        p += 1
      }
      let count = p - start
      p += 1
      guard p.pointee == delimiter || p.pointee == 0x0a || (p.pointee == 0x0d && p[1] == 0x0a) else {
        fail(column, line: line, "has text behind a closing quote", "double the quotes inside a quoted cell")
        return UnsafeRawBufferPointer(start: nil, count: 0)
      }
      guard doubled else { return UnsafeRawBufferPointer(start: start, count: count) }
      scratch.removeAll(keepingCapacity: true)
      var i = 0
      while i < count {
        scratch.append(start[i])
        i += start[i] == 0x22 ? 2 : 1
      }
      return scratch.withUnsafeBytes { UnsafeRawBufferPointer($0) }
    }

    private mutating func store(_ text: UnsafeRawBufferPointer, _ slot: inout Slot, _ column: Int, _ startLine: Int) {
      switch slot.kind {
      case .skip: return
      case .number:
        if CellText.isMissing(text) {
          slot.numbers.unsafelyUnwrapped[row] = .nan
          slot.missing &+= 1
        } else if let number = CellText.number(text) {
          slot.numbers.unsafelyUnwrapped[row] = number.value
          if !number.isWhole { slot.isWhole = false }
        } else {
          slot.numbers.unsafelyUnwrapped[row] = .nan
          slot.strays &+= 1
          if slot.firstStray == nil {
            slot.firstStray = StrayCell(line: startLine, text: CellText.string(text), count: 1)
          }
        }
      case .string, .raw, .time:
        if slot.kind == .raw ? text.isEmpty : CellText.isMissing(text) {
          slot.codes.unsafelyUnwrapped[row] = -1
          return
        }
        slot.codes.unsafelyUnwrapped[row] = slot.pool.intern(text).code
      }
    }

    private mutating func fail(_ column: Int, line: Int, _ problem: String, _ advice: String) {
      guard error == nil else { return }
      error = TableError(source: parser.source, line: line, column: parser.names[column], problem: problem, advice: advice)
    }

    private mutating func tooFew(_ found: Int, _ expected: Int) {
      error = TableError(
        source: parser.source, line: line, problem: "has \(found) \(found == 1 ? "field" : "fields"), and the header has \(expected)",
        advice: "complete the line; the first missing column is \"\(parser.names[found])\"")
    }

    private mutating func tooMany(_ expected: Int, _ delimiter: UInt8) {
      var found = expected + 1
      var inQuotes = false
      while p < end, inQuotes || p.pointee != 0x0a {
        if p.pointee == 0x22 { inQuotes.toggle() }
        if !inQuotes, p.pointee == delimiter { found += 1 }
        p += 1
      }
      error = TableError(
        source: parser.source, line: line, problem: "has \(found) fields, and the header has \(expected)",
        advice: "quote cells that contain \"\(Character(UnicodeScalar(delimiter)))\"")
    }
  }
}
