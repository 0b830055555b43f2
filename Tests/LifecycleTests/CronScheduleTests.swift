import Foundation
import Lifecycle
import Testing
import Values

struct CronExpressionTests {
  static func next(_ cron: String, _ zone: String = "UTC", after time: String, _ count: Int = 1) throws -> [String] {
    let start = try #require(Timestamp(time))
    return try CronSchedule(cron: cron, timeZone: zone).firings(after: start).prefix(count).map(\.description)
  }

  @Test(arguments: [
    ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
    ("* * * * *", "2026-01-01T00:00:59.999999Z", "2026-01-01T00:01:00Z"),
    ("0 2 * * *", "2026-01-01T02:00:00Z", "2026-01-02T02:00:00Z"),
    ("0 2 * * *", "2026-01-01T01:59:59.5Z", "2026-01-01T02:00:00Z"),
    ("*/15 9-17 * * mon-fri", "2026-11-20T17:45:00Z", "2026-11-23T09:00:00Z"),
    ("5,35 */6 * * *", "2026-11-23T06:10:00Z", "2026-11-23T06:35:00Z"),
    ("10/20 0 * * *", "2026-11-23T00:10:00Z", "2026-11-23T00:30:00Z"),
    ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
    ("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),
    ("0 0 31 * *", "2026-04-01T00:00:00Z", "2026-05-31T00:00:00Z"),
    ("0 0 13 * fri", "2026-02-14T00:00:00Z", "2026-02-20T00:00:00Z"),
    ("0 0 13 * fri", "2026-03-07T00:00:00Z", "2026-03-13T00:00:00Z"),
    ("0 0 */2 * fri", "2026-02-14T00:00:00Z", "2026-02-27T00:00:00Z"),
    ("0 0 * * 7", "2026-11-23T00:00:00Z", "2026-11-29T00:00:00Z"),
    ("0 0 * * fri-sun", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"),
    ("0 0 1 JAN,Jul *", "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"),
    ("@hourly", "2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z"),
    ("@daily", "2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z"),
    ("@weekly", "2026-11-23T00:00:00Z", "2026-11-29T00:00:00Z"),
    ("@monthly", "2026-11-23T00:00:00Z", "2026-12-01T00:00:00Z"),
    ("@yearly", "2026-11-23T00:00:00Z", "2027-01-01T00:00:00Z"),
    ("0 0 * * *", "1969-12-31T12:00:00Z", "1970-01-01T00:00:00Z"),
    ("0 0 * * *", "1969-12-29T12:00:00Z", "1969-12-30T00:00:00Z"),
  ])
  func `the next firing in UTC`(cron: String, after: String, expected: String) throws {
    #expect(try Self.next(cron, after: after) == [expected])
  }

  @Test(arguments: [
    ("", "0 fields"), ("0 2 * *", "4 fields"), ("0 2 * * * *", "6 fields"), ("60 * * * *", "minute"), ("* 24 * * *", "hour"),
    ("* * 0 * *", "day of the month"), ("* * 32 * *", "day of the month"), ("* * * 13 *", "month"), ("* * * foo *", "month"),
    ("* * * * 8", "day of the week"), ("5-1 * * * *", "from the smaller"), ("*/0 * * * *", "step"), ("*/ * * * *", "step"),
    ("1,,2 * * * *", "minute"),
    ("-1 * * * *", "minute"), ("+1 * * * *", "minute"), ("1-2-3 * * * *", "minute"), ("@reboot", "@reboot"), ("0 0 30 2 *", "never due"),
    ("0 0 31 feb,apr *", "never due"), ("1.5 * * * *", "minute"),
  ])
  func `what is no cron expression says which field`(text: String, part: String) {
    let refusal = #expect(throws: CronExpression.Refusal.self) { try CronExpression(text) }
    #expect(refusal?.message.contains(part) == true)
  }

  @Test(arguments: ["CET", "EST5EDT", "GMT+2", "Europe/Berln", "", "europe"])
  func `what is no IANA zone is refused`(zone: String) {
    #expect(throws: CronExpression.Refusal.self) { try CronSchedule(cron: "@daily", timeZone: zone) }
  }

  @Test func `a skipped hour runs once, at the instant after the gap`() throws {
    // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00Z.
    #expect(
      try Self.next("30 2 * * *", "Europe/Berlin", after: "2026-03-28T00:00:00Z", 3)
        == ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"])
    #expect(
      try Self.next("*/20 2 * * *", "Europe/Berlin", after: "2026-03-28T12:00:00Z", 2) == ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"])
    #expect(try Self.next("0 2,3 * * *", "Europe/Berlin", after: "2026-03-28T12:00:00Z", 2) == ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"])
    // New York, 8 March 2026: 07:00Z.
    #expect(try Self.next("15 2 * * *", "America/New_York", after: "2026-03-08T00:00:00Z") == ["2026-03-08T07:00:00Z"])
  }

  @Test func `a repeated hour runs once, the first time`() throws {
    // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00Z.
    #expect(
      try Self.next("30 2 * * *", "Europe/Berlin", after: "2026-10-24T12:00:00Z", 2) == ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"])
    #expect(try Self.next("30 2 * * *", "Europe/Berlin", after: "2026-10-25T01:10:00Z") == ["2026-10-26T01:30:00Z"])
    #expect(
      try Self.next("0 * * * *", "Europe/Berlin", after: "2026-10-24T23:30:00Z", 3)
        == ["2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"])
  }

  @Test func `Lord Howe moves its clocks by half an hour`() throws {
    // 4 October 2026: 02:00 (+10:30) becomes 02:30 (+11) at 15:30Z the day before; back on 5 April at 15:00Z.
    #expect(
      try Self.next("15 2 * * *", "Australia/Lord_Howe", after: "2026-10-02T20:00:00Z", 2) == ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"])
    #expect(
      try Self.next("45 1 * * *", "Australia/Lord_Howe", after: "2026-04-03T20:00:00Z", 2) == ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"])
  }

  @Test func `a whole day that a place skipped runs once`() throws {
    // Samoa had no 30 December 2011.
    #expect(
      try Self.next("0 12 * * *", "Pacific/Apia", after: "2011-12-29T00:00:00Z", 3)
        == ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"])
  }

  @Test func `what was missed is counted and the latest is due`() throws {
    let schedule = try CronSchedule(cron: "0 2 * * *", timeZone: "UTC")
    let start = try #require(Timestamp("2026-01-01T02:00:00Z"))
    #expect(schedule.due(after: start, upTo: start + .seconds(86_399)) == nil)
    let due = try #require(schedule.due(after: start, upTo: start + .seconds(86_400 * 10 + 5)))
    #expect(due.count == 10)
    #expect(due.latest == start + .seconds(86_400 * 10))
  }
}

/// The same firings by brute force: look at every minute of the weeks in which these zones change their clocks.
struct CronPropertyTests {
  static let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "America/St_Johns", "Africa/Casablanca"]

  @Test(arguments: zones, [1, 2, 3] as [UInt64])
  func `firings equal those of a clock that is watched minute by minute`(zone: String, seed: UInt64) throws {
    var random = SplitMix(state: seed &* 7919 &+ UInt64(zone.utf8.reduce(0) { $0 &* 31 &+ Int($1) } & 0xffff))
    let cron = Self.expression(&random)
    let schedule = try CronSchedule(cron: cron, timeZone: zone)
    let season = seed % 2 == 0 ? ("2026-09-25", "2026-11-06") : ("2026-02-12", "2026-04-09")
    let start = try #require(Timestamp(season.0))
    let end = try #require(Timestamp(season.1))
    let expected = try Self.watch(schedule, from: start, to: end)
    let firings = Array(schedule.firings(after: start).prefix { $0 <= end })
    #expect(firings == expected, "\(cron) in \(zone), seed \(seed)")
    for (earlier, later) in zip(firings, firings.dropFirst()).prefix(50) {
      #expect(schedule.next(after: earlier) == later, "\(cron) in \(zone), seed \(seed)")
    }
  }

  @Test(arguments: zones)
  func `a daily schedule runs on every day of the year once`(zone: String) throws {
    for minute in Array(stride(from: 0, to: 240, by: 15)) + [720, 1439] {
      let schedule = try CronSchedule(cron: "\(minute % 60) \(minute / 60) * * *", timeZone: zone)
      let start = try #require(Timestamp("2025-12-31T12:00:00Z"))
      let times = Array(schedule.firings(after: start).prefix(366))
      #expect(zip(times, times.dropFirst()).allSatisfy { (22 * 3600.0...26 * 3600.0).contains(($1 - $0).inSeconds) }, "\(minute)")
    }
  }

  /// Walks through the minutes of UTC; the local clock may jump. Due when a matching local minute is reached for the first time, be it jumped over.
  static func watch(_ schedule: CronSchedule, from start: Timestamp, to end: Timestamp) throws -> [Timestamp] {
    let zone = try #require(TimeZone(identifier: schedule.zone.identifier))
    let fields = schedule.expression.text.split(separator: " ").map(String.init)
    let allowed = try zip(fields, [0...59, 0...23, 1...31, 1...12, 0...6]).map { try Self.values($0, $1) }
    let either = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
    func due(_ localMinute: Int64) -> Bool {
      let (day, minute) = (localMinute / 1440, Int(localMinute % 1440))
      let date = CivilDate(daysSinceEpoch: day)
      let (onDay, onWeekday) = (allowed[2].contains(date.day), allowed[4].contains(Int((day + 4) % 7)))
      return allowed[0].contains(minute % 60) && allowed[1].contains(minute / 60) && allowed[3].contains(date.month)
        && (either ? onDay || onWeekday : onDay && onWeekday)
    }
    // Since 1970 no zone has changed its offset but at a full quarter of an hour.
    var known: (quarter: Int64, offset: Int64) = (.min, 0)
    func local(_ second: Int64) -> Int64 {
      let quarter = second / 900
      if quarter != known.quarter { known = (quarter, Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(quarter * 900))))) }
      return (second + known.offset) / 60
    }
    var firings: [Timestamp] = []
    var reached = local(start.microseconds / 1_000_000)
    for second in stride(from: start.microseconds / 1_000_000 + 60, through: end.microseconds / 1_000_000, by: 60) {
      let now = local(second)
      guard now > reached else { continue }
      if (reached + 1...now).contains(where: due) { firings.append(Timestamp(seconds: second)) }
      reached = now
    }
    return firings
  }

  /// The plain subset of the syntax that `expression` writes.
  static func values(_ field: String, _ range: ClosedRange<Int>) throws -> Set<Int> {
    if field == "*" { return Set(range) }
    if field.hasPrefix("*/") { return Set(stride(from: range.lowerBound, through: range.upperBound, by: try #require(Int(field.dropFirst(2))))) }
    return Set(try field.split(separator: ",").map { try #require(Int($0)) })
  }

  static func expression(_ random: inout SplitMix) -> String {
    func list(_ range: ClosedRange<Int>, _ random: inout SplitMix) -> String {
      (0..<Int.random(in: 1...3, using: &random)).map { _ in String(Int.random(in: range, using: &random)) }.joined(separator: ",")
    }
    let minute = Bool.random(using: &random) ? list(0...59, &random) : "*/\(Int.random(in: 7...30, using: &random))"
    let hour = [list(0...4, &random), "*", "*/\(Int.random(in: 2...5, using: &random))"].randomElement(using: &random) ?? "*"
    let day = Bool.random(using: &random) ? "*" : list(1...31, &random)
    let weekday = Bool.random(using: &random) ? "*" : list(0...6, &random)
    let month = Bool.random(using: &random) ? "*" : list(1...12, &random) + ",3,4,10"
    return "\(minute) \(hour) \(day) \(month) \(weekday)"
  }
}

/// A small generator with a seed. Source: Steele, Lea and Flood (2014), SplitMix64.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
