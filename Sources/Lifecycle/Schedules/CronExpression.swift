/// When something is due, as cron writes it: minute, hour, day of the month, month, day of the week.
///
/// Each field is `*`, a number, a range `a-b`, a step `*/n`, `a-b/n` or `a/n` (from `a` on), or a list of these; months and days of the week
/// also by their first three English letters; 0 and 7 are both Sunday. `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly` and
/// `@annually` stand for the usual five fields. When both days are restricted, either is enough: `0 2 1 * mon` is due on every first *and* every Monday.
/// A field that begins with `*` counts as unrestricted.
///
/// Source: crontab(5) of Vixie cron.
public struct CronExpression: Hashable, Sendable, CustomStringConvertible {
  /// The text it was read from.
  public let text: String
  let minutes: FieldSet
  let hours: FieldSet
  let days: FieldSet
  let months: FieldSet
  let weekdays: FieldSet
  let eitherDay: Bool

  /// The text it was read from.
  public var description: String { text }

  /// Why a text is no cron expression.
  public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which field, what was found, what was expected.
    public let message: String
    /// The message.
    public var description: String { message }
  }

  /// The numbers that a field allows, as bits.
  struct FieldSet: Hashable, Sendable {
    var bits: UInt64 = 0
    func contains(_ value: Int) -> Bool { bits & (1 << UInt64(value)) != 0 }
    mutating func insert(_ value: Int) { bits |= 1 << UInt64(value) }
    var values: [Int] { (0..<64).filter(contains) }
  }

  /// - Throws: `Refusal` for anything that crontab(5) does not allow, and for days that no year has, such as the 30th of February.
  public init(_ text: String) throws(Refusal) {
    let trimmed = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    self.text = trimmed
    let fields = try CronExpression.expand(trimmed).split(separator: " ")
    guard fields.count == 5 else {
      throw Refusal(message: "\"\(trimmed)\" has \(fields.count) fields; expected 5: minute, hour, day of the month, month, day of the week")
    }
    minutes = try Field.minute.parse(fields[0])
    hours = try Field.hour.parse(fields[1])
    days = try Field.day.parse(fields[2])
    months = try Field.month.parse(fields[3])
    var weekdays = try Field.weekday.parse(fields[4])
    if weekdays.contains(7) { weekdays.insert(0) }
    self.weekdays = weekdays
    eitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
    guard eitherDay || months.values.contains(where: { month in days.values.contains { $0 <= CronExpression.longest[month] } }) else {
      throw Refusal(message: "\"\(trimmed)\" is never due: no such day in month \(fields[3])")
    }
  }

  private static let longest = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

  private static func expand(_ text: String) throws(Refusal) -> String {
    guard text.hasPrefix("@") else { return text }
    switch text {
    case "@hourly": return "0 * * * *"
    case "@daily", "@midnight": return "0 0 * * *"
    case "@weekly": return "0 0 * * 0"
    case "@monthly": return "0 0 1 * *"
    case "@yearly", "@annually": return "0 0 1 1 *"
    default: throw Refusal(message: "\"\(text)\" is unknown; expected @hourly, @daily, @weekly, @monthly, @yearly or five fields")
    }
  }

  /// Whether it is due at some minute of the day.
  /// - Parameter weekday: 0...6 from Sunday.
  func isDue(month: Int, day: Int, weekday: Int) -> Bool {
    guard months.contains(month) else { return false }
    let onDay = days.contains(day)
    let onWeekday = weekdays.contains(weekday)
    return eitherDay ? onDay || onWeekday : onDay && onWeekday
  }
}

/// The range and the names of one field.
private struct Field {
  let name: String
  let range: ClosedRange<Int>
  let names: [String]
  /// The number of the first name.
  let firstName: Int

  static let minute = Field(name: "minute", range: 0...59, names: [], firstName: 0)
  static let hour = Field(name: "hour", range: 0...23, names: [], firstName: 0)
  static let day = Field(name: "day of the month", range: 1...31, names: [], firstName: 0)
  static let month = Field(
    name: "month", range: 1...12, names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], firstName: 1)
  static let weekday = Field(name: "day of the week", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"], firstName: 0)

  func parse(_ text: Substring) throws(CronExpression.Refusal) -> CronExpression.FieldSet {
    var set = CronExpression.FieldSet()
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      var step = 1
      if parts.count == 2 {
        guard let count = Field.number(parts[1]), count >= 1, count <= range.upperBound else {
          throw refusal(item, "a step from 1 to \(range.upperBound) after /")
        }
        step = count
      }
      var last = range.upperBound
      let first: Int
      if parts[0] == "*" {
        first = range.lowerBound
        if range == Field.weekday.range { last = 6 }
      } else {
        let ends = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let value = value(ends[0]) else { throw refusal(item, expected) }
        first = value
        if ends.count == 2 {
          guard var end = self.value(ends[1]) else { throw refusal(item, expected) }
          if range == Field.weekday.range, end == 0, first > 0 { end = 7 }
          guard end >= first else { throw refusal(item, "a range from the smaller to the larger") }
          last = end
        } else if parts.count == 1 {
          last = first
        }
      }
      for value in stride(from: first, through: last, by: step) { set.insert(value) }
    }
    return set
  }

  private var expected: String {
    "\(range.lowerBound)-\(range.upperBound)" + (names.isEmpty ? "" : " or \(names[0])-\(names[names.count - 1])")
      + ", *, or a range, list or step of these"
  }

  private func refusal(_ item: Substring, _ expected: String) -> CronExpression.Refusal {
    CronExpression.Refusal(message: "\(name): \"\(item)\" found; expected \(expected)")
  }

  private func value(_ text: Substring) -> Int? {
    if let index = names.firstIndex(of: text.lowercased()) { return index + firstName }
    guard let value = Field.number(text), range.contains(value) else { return nil }
    return value
  }

  private static func number(_ text: Substring) -> Int? {
    guard (1...2).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}
