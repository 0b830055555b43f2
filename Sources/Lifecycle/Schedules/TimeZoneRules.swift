internal import Foundation
public import Values

/// How clocks on the wall of a place relate to UTC, after the IANA time zone database that the Foundation library carries.
public struct TimeZoneRules: Hashable, Sendable {
  /// The name of the zone: `Europe/Berlin`, `UTC`.
  public let identifier: String
  private let zone: TimeZone

  /// Nil when there is no such zone. Abbreviations (`CET`, `EST`) and offsets (`GMT+2`) are refused: they do not say what happens in summer.
  public init?(_ identifier: String) {
    guard identifier == "UTC" || identifier == "GMT" || identifier.contains("/"), let zone = TimeZone(identifier: identifier) else { return nil }
    self.identifier = identifier
    self.zone = zone
  }

  /// By identifier: two names of the same zone differ.
  public static func == (left: TimeZoneRules, right: TimeZoneRules) -> Bool { left.identifier == right.identifier }
  /// By identifier.
  public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }

  /// Every zone that can be named, for suggestions.
  public static var knownIdentifiers: [String] { TimeZone.knownTimeZoneIdentifiers }

  /// Seconds that the local clock is ahead of UTC.
  public func offset(at time: Timestamp) -> Int64 { offset(atSecond: Timestamp.seconds(time)) }

  /// Minutes since midnight of the local clock, 0..<1440.
  func localMinuteOfDay(_ time: Timestamp) -> Int {
    let second = (Timestamp.seconds(time) + offset(at: time)) % 86_400
    return Int(second < 0 ? second + 86_400 : second) / 60
  }

  private func offset(atSecond second: Int64) -> Int64 {
    Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second))))
  }

  /// The stretches of constant offset around one local day, in order; they cover all instants whose local time can lie on that day.
  struct DaySegments {
    /// Seconds since 1970 in UTC at which the stretch begins, and the seconds that the local clock is ahead in it.
    var segments: [(start: Int64, offset: Int64)]
    var end: Int64

    /// The first instant at which the local clock shows `local` or later: of a repeated hour the first, of a skipped one the instant after the gap.
    /// Never decreases as `local` increases.
    /// - Parameter local: seconds since 1970-01-01T00:00 of the local clock.
    func firstInstant(atOrAfterLocal local: Int64) -> Int64 {
      for (index, segment) in segments.enumerated() {
        let candidate = max(segment.start, local - segment.offset)
        if candidate < (index + 1 < segments.count ? segments[index + 1].start : end) { return candidate }
      }
      return end
    }
  }

  /// - Parameter day: days since 1970-01-01 of the local calendar.
  func segments(aroundDay day: Int64) -> DaySegments {
    // No zone was ever more than 16 hours from UTC, nor changed its offset twice within three hours.
    let (margin, probe): (Int64, Int64) = (16 * 3600, 3 * 3600)
    let end = (day + 1) * 86_400 + margin
    var time = day * 86_400 - margin
    var offset = offset(atSecond: time)
    var segments = [(start: time, offset: offset)]
    while time < end {
      let next = min(time + probe, end)
      let later = self.offset(atSecond: next)
      if later != offset {
        var (low, high) = (time, next)
        while high - low > 1 {
          let middle = (low + high) / 2
          if self.offset(atSecond: middle) == offset { low = middle } else { high = middle }
        }
        segments.append((high, later))
        offset = later
      }
      time = next
    }
    return DaySegments(segments: segments, end: end)
  }
}

extension Timestamp {
  /// Whole seconds since 1970, rounded down.
  static func seconds(_ time: Timestamp) -> Int64 {
    let (quotient, remainder) = time.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
