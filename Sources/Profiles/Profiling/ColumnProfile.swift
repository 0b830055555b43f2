public import Statistics
internal import Values

/// One column described in bounded memory, so that it can be compared, and merged with the same column of other files, without its values.
public struct ColumnProfile: Sendable, Hashable {
  /// The column's name.
  public let name: String
  /// What the column is read as; `type` may yet be categorical when there are few different whole numbers.
  let storage: Storage
  /// Rows seen, missing ones too.
  public private(set) var rows = 0
  public private(set) var missing = 0
  public private(set) var infinite = 0
  /// Cells that were no numbers in a column of numbers; they count as missing.
  public private(set) var strays = 0
  /// Whether all values are whole numbers and none is missing.
  public private(set) var isInteger = true
  /// Of finite numbers; times in seconds since 1970.
  public private(set) var moments = Moments()
  public private(set) var quantiles = QuantileSketch()
  public private(set) var distinctValues = HyperLogLog()
  /// Texts, or few different whole numbers; nil for numbers of many values.
  public private(set) var frequent: FrequentItems?
  private let declared: ColumnType?

  enum Storage: String, Sendable, Hashable { case numbers, strings, times }

  /// Above so many different whole numbers they are not kept as categories.
  private static let mostIntegers = 64

  init(name: String, storage: Storage, declared: ColumnType?, capacity: Int = TableProfile.usualCapacity) {
    self.name = name
    quantiles = QuantileSketch(capacity: capacity)
    self.storage = storage
    self.declared = declared
    frequent = storage == .times ? nil : FrequentItems(capacity: storage == .strings ? 2048 : ColumnProfile.mostIntegers)
  }

  /// Takes over what another program has seen; how many different values there are is known as far as the frequent ones tell.
  init(
    name: String, storage: Storage, rows: Int, missing: Int, infinite: Int, isInteger: Bool, moments: Moments, quantiles: QuantileSketch,
    frequent: FrequentItems?
  ) {
    self.name = name
    self.storage = storage
    declared = nil
    self.rows = rows
    self.missing = missing
    self.infinite = infinite
    self.isInteger = isInteger
    self.moments = moments
    self.quantiles = quantiles
    let isCounted = storage == .strings || isInteger && (frequent?.counts.count ?? .max) <= ColumnProfile.mostIntegers && frequent?.error == 0
    self.frequent = isCounted ? frequent ?? FrequentItems() : nil
  }

  /// Values present.
  public var count: Int { rows - missing }

  /// About how many different values; exact while few.
  public var distinct: Int {
    if let frequent, frequent.error == 0 { return frequent.counts.count }
    return min(count, Int(distinctValues.estimate.rounded()))
  }

  /// As a table's column of these values would be typed.
  public var type: ColumnType {
    if let declared { return declared }
    switch storage {
    case .times: return .datetime
    case .numbers: return isInteger && count > 0 && frequent != nil && distinct <= Column.categoricalIntegers ? .categorical : .numeric
    case .strings:
      if let frequent, !frequent.counts.isEmpty, frequent.counts.keys.allSatisfy({ Column.booleans[$0.lowercased()] != nil }) { return .boolean }
      return Double(distinct) > Double(count) * 0.5 ? .text : .categorical
    }
  }

  /// Takes numbers, NaN where missing.
  mutating func add(numbers: [Double], isWhole: Bool, strays: Int) {
    rows += numbers.count
    self.strays += strays
    var finite: [Double] = []
    finite.reserveCapacity(numbers.count)
    for number in numbers {
      if number.isFinite { finite.append(number) } else if number.isNaN { missing += 1 } else { infinite += 1 }
    }
    if !isWhole || finite.count < numbers.count { isInteger = false }
    moments.add(finite)
    quantiles.add(finite)
    distinctValues.add(finite)
    guard storage == .numbers, frequent != nil else { return }
    guard isInteger else {
      frequent = nil
      return
    }
    var counts: [Double: Int] = [:]
    for number in finite {
      counts[number, default: 0] += 1
      if counts.count > ColumnProfile.mostIntegers {
        frequent = nil
        return
      }
    }
    for (number, count) in counts.sorted(by: { $0.key < $1.key }) { frequent?.add(Column.text(number), count: count) }
    dropManyIntegers()
  }

  /// Takes a block of texts.
  mutating func add(strings codes: some Collection<Int32>, _ dictionary: [String]) {
    rows += codes.count
    isInteger = false
    var counts = [Int](repeating: 0, count: dictionary.count)
    for code in codes {
      if code < 0 { missing += 1 } else { counts[Int(code)] += 1 }
    }
    for (text, count) in zip(dictionary, counts) where count > 0 {
      frequent?.add(text, count: count)
      distinctValues.add(text)
    }
  }

  /// Takes a block of texts that are times; what is none is a stray.
  mutating func add(times codes: [Int32], _ dictionary: [String]) {
    let seconds = dictionary.map { Timestamp($0).map { Double($0.microseconds) / 1e6 } ?? .nan }
    let numbers = codes.map { $0 < 0 ? .nan : seconds[Int($0)] }
    add(numbers: numbers, isWhole: false, strays: codes.count { $0 >= 0 && seconds[Int($0)].isNaN })
  }

  private mutating func dropManyIntegers() {
    if storage == .numbers, let frequent, frequent.counts.count > ColumnProfile.mostIntegers || frequent.error > 0 { self.frequent = nil }
  }

  /// Takes what another profile of the same column has seen.
  /// - Throws: when one has numbers and the other texts.
  public mutating func merge(_ other: ColumnProfile) throws(NotComputable) {
    guard storage == other.storage || count == 0 || other.count == 0 else {
      throw NotComputable("column \"\(name)\" holds \(storage.rawValue) in one profile and \(other.storage.rawValue) in the other")
    }
    if count == 0, other.count > 0, storage != other.storage {
      var taken = other
      taken.rows += rows
      taken.missing += missing
      self = taken
      return
    }
    rows += other.rows
    missing += other.missing
    infinite += other.infinite
    strays += other.strays
    isInteger = isInteger && other.isInteger
    moments.merge(other.moments)
    quantiles.merge(other.quantiles)
    distinctValues.merge(other.distinctValues)
    if let theirs = other.frequent { frequent?.merge(theirs) } else { frequent = nil }
    if !isInteger, storage == .numbers { frequent = nil }
    dropManyIntegers()
  }

  /// Written down and read back.
  init?(json: JSON) {
    guard let name = json["name"]?.string, let storage = json["storage"]?.string.flatMap(Storage.init(rawValue:)), let rows = json["rows"]?.integer,
      let missing = json["missing"]?.integer, let state = json["state"]
    else { return nil }
    self.init(name: name, storage: storage, declared: json["declared"]?.string.flatMap(ColumnType.init(rawValue:)))
    self.rows = rows
    self.missing = missing
    infinite = json["infinite"]?.integer ?? 0
    strays = json["strays"]?.integer ?? 0
    isInteger = json["is_integer"]?.bool ?? false
    guard let moments: Moments = try? state["moments"]?.decode(), let quantiles: QuantileSketch = try? state["quantiles"]?.decode() else { return nil }
    self.moments = moments
    self.quantiles = quantiles
    guard let registers = state["registers"]?.string.flatMap(ColumnProfile.unpacked), let distinct = HyperLogLog(registers: registers) else { return nil }
    distinctValues = distinct
    frequent = try? state["frequent"]?.decode()
    guard isSound else { return nil }
  }

  /// Whether counts are counts, and the parts agree with each other, as in a file that somebody wrote they may not.
  var isSound: Bool {
    let most = QuantileSketch.mostValues
    guard (0...most).contains(rows), (0...rows).contains(missing), (0...rows - missing).contains(infinite), (0...rows).contains(strays) else { return false }
    // Who has values has rows of them.
    return moments.isSound && quantiles.isSound && frequent?.isSound ?? true && (quantiles.count == 0 || missing + infinite < rows)
  }

  /// The description, then the state that merging needs.
  func json() throws -> JSON {
    let summary = prepared(as: type).summary(areTimes: type == .datetime).json
    return JSON([
      ("name", .string(name)), ("type", .string(type.rawValue)), ("storage", .string(storage.rawValue)), ("declared", declared.map { .string($0.rawValue) }),
      ("rows", .integer(Int64(rows))), ("missing", .integer(Int64(missing))), ("infinite", .integer(Int64(infinite))), ("strays", .integer(Int64(strays))),
      ("is_integer", .bool(isInteger)), ("distinct", .integer(Int64(distinct))), ("rank_error", JSON(quantiles.rankError)), ("summary", summary),
      (
        "state",
        JSON([
          ("moments", try JSON(encoding: moments)), ("quantiles", try JSON(encoding: quantiles)),
          ("registers", .string(ColumnProfile.packed(distinctValues.registers))), ("frequent", try frequent.map { try JSON(encoding: $0) }),
        ])
      ),
    ])
  }

  /// Registers are at most 53: one printable character each, runs of zeros counted.
  private static func packed(_ registers: [UInt8]) -> String {
    var text = ""
    var zeros = 0
    for register in registers + [1] {
      if register == 0 {
        zeros += 1
        continue
      }
      if zeros > 3 { text += "(\(zeros))" } else { text += String(repeating: "0", count: zeros) }
      zeros = 0
      text.unicodeScalars.append(UnicodeScalar(register + 0x30))
    }
    return String(text.dropLast())
  }

  private static func unpacked(_ text: String) -> [UInt8]? {
    var registers: [UInt8] = []
    var run: Int?
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "("): run = 0
      case UInt8(ascii: ")"):
        guard let length = run, length <= 4096 else { return nil }
        registers += [UInt8](repeating: 0, count: length)
        run = nil
      default:
        guard byte >= 0x30 else { return nil }
        if let digits = run {
          guard byte <= 0x39, digits <= 4096 else { return nil }
          run = digits * 10 + Int(byte - 0x30)
        } else {
          registers.append(byte - 0x30)
        }
      }
    }
    return registers
  }
}

extension ColumnProfile {
  /// A side of a comparison made from the profile.
  func prepared(as type: ColumnType) -> PreparedColumn { PreparedColumn(profile: self, as: type) }
}
