internal import Foundation

/// An instant: whole microseconds since 1970-01-01T00:00:00Z, as PostgreSQL keeps it.
///
/// `Date` is a Double and loses microseconds, and a lost microsecond breaks a hash.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Microseconds since 1970-01-01T00:00:00Z; negative before.
  public var microseconds: Int64

  /// - Parameter microseconds: since 1970-01-01T00:00:00Z.
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// - Parameter seconds: since 1970-01-01T00:00:00Z.
  public init(seconds: Int64) { microseconds = seconds * 1_000_000 }

  /// The wall clock. Only the edges call it; the core is handed the time.
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }

  /// Whether it is earlier.
  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

  /// Later by the span, of which what lies below the microsecond is cut off.
  public static func + (time: Timestamp, span: Duration) -> Timestamp {
    Timestamp(microseconds: time.microseconds + span.microseconds)
  }

  /// Earlier by the span, of which what lies below the microsecond is cut off.
  public static func - (time: Timestamp, span: Duration) -> Timestamp {
    Timestamp(microseconds: time.microseconds - span.microseconds)
  }

  /// How long after `right` it is; negative when it is earlier.
  public static func - (left: Timestamp, right: Timestamp) -> Duration {
    .microseconds(left.microseconds - right.microseconds)
  }
}

extension Duration {
  /// The span in whole microseconds, rounded towards zero.
  public var microseconds: Int64 {
    components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
  }

  /// The span in seconds.
  public var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC, with as many of six fraction digits as are needed: `2026-11-23T06:10:42.5Z`.
  public var description: String {
    let (seconds, micro) = Timestamp.floorDivide(microseconds, 1_000_000)
    let (days, secondOfDay) = Timestamp.floorDivide(seconds, 86_400)
    let date = CivilDate(daysSinceEpoch: days)
    var text = "\(pad(date.year, 4))-\(pad(Int64(date.month), 2))-\(pad(Int64(date.day), 2))T"
    text += "\(pad(secondOfDay / 3600, 2)):\(pad(secondOfDay / 60 % 60, 2)):\(pad(secondOfDay % 60, 2))"
    if micro != 0 {
      var digits = pad(micro, 6)
      while digits.last == "0" { digits.removeLast() }
      text += "." + digits
    }
    return text + "Z"
  }

  private func pad(_ value: Int64, _ width: Int) -> String {
    let digits = String(value.magnitude)
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Quotient and remainder of a division that rounds towards negative infinity.
  static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (q, r) = value.quotientAndRemainder(dividingBy: divisor)
    return r < 0 ? (q - 1, r + divisor) : (q, r)
  }
}

extension Timestamp {
  /// Seconds since 1970 whose year has four digits.
  private static let writable = CivilDate.daysSinceEpoch(year: 0, month: 1, day: 1) * 86_400..<CivilDate.daysSinceEpoch(year: 10_000, month: 1, day: 1) * 86_400

  /// Reads RFC 3339 and its everyday relatives: `2026-11-23`, `2026-11-23 06:10`, `2026-11-23T06:10:42.5+01:00`.
  /// Without a zone the time is UTC. Digits beyond the microsecond are cut off. Nil when it is none of these.
  public init?(_ text: some StringProtocol) {
    self.init(utf8: Array(text.utf8))
  }

  /// The same over bytes.
  public init?(utf8 bytes: [UInt8]) {
    var scanner = DigitScanner(bytes)
    guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2), scanner.skip("-"),
      let day = scanner.digits(2), (1...12).contains(month),
      day >= 1, day <= CivilDate.days(inMonth: Int(month), year: year)
    else { return nil }
    var total = CivilDate.daysSinceEpoch(year: year, month: Int(month), day: Int(day)) * 86_400
    var micro: Int64 = 0
    if scanner.skip("T") || scanner.skip("t") || scanner.skip(" ") {
      guard let hour = scanner.digits(2), scanner.skip(":"), let minute = scanner.digits(2), hour < 24, minute < 60 else { return nil }
      var second: Int64 = 0
      if scanner.skip(":") {
        guard let value = scanner.digits(2), value <= 60 else { return nil }
        second = value
        if scanner.skip(".") || scanner.skip(",") {
          guard let fraction = scanner.fraction(6) else { return nil }
          micro = fraction
        }
      }
      total += hour * 3600 + minute * 60 + second
      if scanner.skip("Z") || scanner.skip("z") {
      } else if let sign: Int64 = scanner.skip("+") ? 1 : scanner.skip("-") ? -1 : nil {
        guard let hours = scanner.digits(2) else { return nil }
        _ = scanner.skip(":")
        let minutes = scanner.atEnd ? 0 : scanner.digits(2)
        guard let minutes, hours < 24, minutes < 60 else { return nil }
        total -= sign * (hours * 3600 + minutes * 60)
      }
    }
    // A leap second or a zone may lead out of the years that can be written.
    guard scanner.atEnd, Timestamp.writable.contains(total) else { return nil }
    self.init(microseconds: total * 1_000_000 + micro)
  }
}

extension Timestamp: Codable {
  /// Reads what `init(_:)` reads. Throws `DecodingError` for anything else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not an RFC 3339 time")
    }
    self = value
  }

  /// Writes RFC 3339 in UTC.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A day of the proleptic Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
public struct CivilDate: Hashable, Sendable {
  /// Year, 1 BC being 0.
  public var year: Int64
  /// 1...12
  public var month: Int
  /// 1...31
  public var day: Int

  /// - Parameter days: days since 1970-01-01.
  public init(daysSinceEpoch days: Int64) {
    let z = days + 719_468
    let (era, dayOfEra) = Timestamp.floorDivide(z, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
    month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days since 1970-01-01 of the day with these numbers.
  public static func daysSinceEpoch(year: Int64, month: Int, day: Int) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = Timestamp.floorDivide(y, 400)
    let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// How many days the month has.
  public static func days(inMonth month: Int, year: Int64) -> Int64 {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// Reads fixed runs of digits from bytes.
private struct DigitScanner {
  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var atEnd: Bool { index == bytes.count }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  mutating func digits(_ count: Int) -> Int64? {
    guard index + count <= bytes.count else { return nil }
    var value: Int64 = 0
    for offset in 0..<count {
      let digit = bytes[index + offset] &- 0x30
      guard digit < 10 else { return nil }
      value = value * 10 + Int64(digit)
    }
    index += count
    return value
  }

  /// One digit or more, read as a fraction scaled to `width` digits.
  mutating func fraction(_ width: Int) -> Int64? {
    var value: Int64 = 0
    var count = 0
    while index < bytes.count, bytes[index] &- 0x30 < 10 {
      if count < width { value = value * 10 + Int64(bytes[index] &- 0x30) }
      count += 1
      index += 1
    }
    guard count > 0 else { return nil }
    for _ in 0..<max(0, width - count) { value *= 10 }
    return value
  }
}
