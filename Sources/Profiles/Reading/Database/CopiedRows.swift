internal import Values

/// Reads what `COPY … TO STDOUT (FORMAT binary)` gives, into blocks of columns.
///
/// Source: PostgreSQL manual, COPY, "Binary Format". Every length is checked before it is used.
struct CopiedRows {
  /// How a column's values are sent.
  enum Cell: Sendable {
    /// `bigint`, wanted as a number.
    case whole
    /// `double precision`
    case double
    /// `timestamptz`
    case time
    /// `text`
    case text
  }

  /// A block is handed on when it has so many rows.
  static let blockRows = 1 << 16

  private let cells: [Cell]
  private let kinds: [CellKind]
  private var carried: [UInt8] = []
  private var hasHeader = false
  private(set) var hasEnded = false
  private(set) var rows = 0
  private var numbers: [[Double]]
  private var times: [[Int64]]
  private var codes: [[Int32]]
  private var pools: [StringPool]
  private var missing: [Int]

  private static let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xff] + Array("\r\n".utf8) + [0]
  /// Of 2000-01-01, from which PostgreSQL counts, since 1970.
  private static let epoch: Int64 = 946_684_800_000_000

  init(_ cells: [Cell], kinds: [CellKind]) {
    self.cells = cells
    self.kinds = kinds
    numbers = cells.map { _ in [] }
    times = cells.map { _ in [] }
    codes = cells.map { _ in [] }
    pools = cells.map { _ in StringPool() }
    missing = cells.map { _ in 0 }
  }

  /// Takes the next bytes.
  /// - Returns: whether they make sense.
  mutating func take(_ piece: [UInt8]) -> Bool {
    let all = carried.isEmpty ? piece : carried + piece
    var isSound = true
    let used = all.withUnsafeBytes { bytes -> Int in
      var reader = Reader(bytes: bytes)
      var used = 0
      if !hasHeader {
        guard bytes.count >= 19 else { return 0 }
        guard bytes.prefix(11).elementsEqual(CopiedRows.signature) else {
          isSound = false
          return 0
        }
        reader.position = 15
        guard let extra = reader.int32(), extra >= 0 else {
          isSound = false
          return 0
        }
        guard reader.position + Int(extra) <= bytes.count else { return 0 }
        reader.position += Int(extra)
        hasHeader = true
        used = reader.position
      }
      while !hasEnded {
        guard let fields = reader.int16() else { return used }
        if fields == -1 {
          hasEnded = true
          return reader.position
        }
        guard fields == cells.count else {
          isSound = false
          return used
        }
        // A row is added whole or not at all.
        guard let end = reader.end(of: cells.count, &isSound) else { return used }
        for column in cells.indices where isSound { isSound = add(column, &reader) }
        guard isSound else { return used }
        rows += 1
        reader.position = end
        used = end
      }
      return used
    }
    carried = used == all.count ? [] : Array(all[used...])
    return isSound
  }

  /// The columns so far, which begin anew.
  mutating func block() -> [BlockColumn] {
    let made = cells.indices.map { column -> BlockColumn in
      switch (kinds[column], cells[column]) {
      case (.skip, _): .skipped
      case (_, .whole), (_, .double):
        .numbers(
          values: numbers[column], isWhole: { if case .whole = cells[column] { true } else { false } }(), missing: missing[column], strays: 0, firstStray: nil)
      case (_, .time): .times(times[column])
      case (.number, .text): .numbers(of: codes[column], pools[column], missing: missing[column])
      case (_, .text): .strings(codes: codes[column], pool: pools[column])
      }
    }
    self = CopiedRows(continuing: self)
    return made
  }

  private init(continuing other: CopiedRows) {
    self.init(other.cells, kinds: other.kinds)
    (carried, hasHeader, hasEnded) = (other.carried, other.hasHeader, other.hasEnded)
  }

  private mutating func add(_ column: Int, _ reader: inout Reader) -> Bool {
    guard let length = reader.int32() else { return false }
    let isMissing = length < 0
    let bytes = isMissing ? nil : reader.bytes(Int(length))
    if !isMissing, bytes == nil { return false }
    if case .skip = kinds[column] { return true }
    if isMissing { missing[column] += 1 }
    switch cells[column] {
    case .whole, .double:
      guard let bytes else {
        numbers[column].append(.nan)
        return true
      }
      guard bytes.count == 8 else { return false }
      let word = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
      if case .whole = cells[column] {
        numbers[column].append(Double(Int64(bitPattern: word)))
      } else {
        let value = Double(bitPattern: word)
        numbers[column].append(value)
      }
    case .time:
      guard let bytes else {
        times[column].append(Column.missingTime)
        return true
      }
      guard bytes.count == 8 else { return false }
      let value = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
      // The ends of the range are infinity, which is no time.
      let (shifted, overflow) = value.addingReportingOverflow(CopiedRows.epoch)
      times[column].append(overflow || value == .min ? Column.missingTime : shifted)
    case .text: codes[column].append(bytes.map { pools[column].intern($0).code } ?? -1)
    }
    return true
  }

  /// Takes big-endian numbers, nil at the end.
  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    mutating func int16() -> Int? {
      guard position + 2 <= bytes.count else { return nil }
      defer { position += 2 }
      return Int(Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int16.self)))
    }

    mutating func int32() -> Int32? {
      guard position + 4 <= bytes.count else { return nil }
      defer { position += 4 }
      return Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self))
    }

    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
      guard count >= 0, count <= bytes.count - position else { return nil }
      defer { position += count }
      return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    /// Where a row of so many fields ends; nil when it is not all there.
    func end(of fields: Int, _ isSound: inout Bool) -> Int? {
      var ahead = self
      for _ in 0..<fields {
        guard let length = ahead.int32() else { return nil }
        guard length >= -1 else {
          isSound = false
          return nil
        }
        if length > 0, ahead.bytes(Int(length)) == nil { return nil }
      }
      return ahead.position
    }
  }
}
