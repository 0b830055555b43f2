internal import Foundation
internal import Profiles
internal import Statistics
internal import Values

/// Numbers as people read them, the same everywhere in a report.
enum NumberText {
  /// Four significant digits unless more are asked for; whole numbers below a million in full.
  static func value(_ number: Double, digits: Int = 4) -> String {
    if number == 0 { return "0" }
    let magnitude = abs(number)
    if magnitude < 1e6, number == number.rounded() { return grouped(Int(number)) }
    if magnitude >= 1e6 || magnitude < 1e-4 { return exponent(String(format: "%.*e", digits - 1, number)) }
    if digits == 4, magnitude >= 9999.5 { return grouped(Int(number.rounded())) }
    let text = String(format: "%.*g", digits, number)
    return negative(text.contains(".") ? String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()) : text)
  }

  /// A value of a column: a time where the column holds times.
  static func value(_ number: Double, of type: ColumnType) -> String { type == .datetime ? minute(number) : value(number) }

  /// Two numbers with as many digits as tell them apart, at most twelve.
  static func pair(_ one: Double, _ other: Double) -> (String, String) {
    for digits in [4, 6, 9] where one != other {
      let (a, b) = (value(one, digits: digits), value(other, digits: digits))
      if a != b { return (a, b) }
    }
    return (value(one, digits: one == other ? 4 : 12), value(other, digits: one == other ? 4 : 12))
  }

  static func pValue(_ p: Double) -> String {
    if p == 0 { return "< 1e−300" }
    if p >= 0.9995 { return "1" }
    return p >= 0.001 ? String(format: "%.3f", p) : exponent(String(format: "%.1e", p))
  }

  /// `41.5 %`.
  static func percent(_ share: Double) -> String {
    let percent = abs(share) < 1e-12 ? 0 : share * 100
    if share > 0, percent < 0.05 { return "< 0.1 %" }
    if share < 1, percent >= 99.95 { return "> 99.9 %" }
    let text = String(format: "%.1f", percent)
    return negative(text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + "\u{202F}%"
  }

  /// `1 000 000`, with spaces that do not break.
  static func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    guard digits.count > 4 else { return negative(String(number)) }
    var text = ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.count - position) % 3 == 0 { text += "\u{202F}" }
      text.append(digit)
    }
    return number < 0 ? "−" + text : text
  }

  static func time(_ seconds: Double) -> String {
    guard abs(seconds) < 9e12 else { return value(seconds) }
    let text = Timestamp(microseconds: Int64((seconds * 1e6).rounded())).description
    return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
  }

  /// `1.300e-14` as `1.3e−14`.
  private static func exponent(_ text: String) -> String {
    let parts = text.split(separator: "e")
    guard parts.count == 2, let power = Int(parts[1]) else { return text }
    let mantissa = parts[0].contains(".") ? String(parts[0].reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()) : String(parts[0])
    return negative(mantissa) + "e" + negative(String(power))
  }

  private static func negative(_ text: String) -> String { text.hasPrefix("-") ? "−" + text.dropFirst() : text }
}

extension NumberText {
  /// A time's day and minute.
  static func day(_ time: Timestamp) -> String {
    let text = time.description
    return text.prefix(10) + " " + text.dropFirst(11).prefix(5)
  }

  /// A time to the minute, from seconds since 1970.
  static func minute(_ seconds: Double) -> String { abs(seconds) < 9e12 ? String(time(seconds).prefix(16)) : value(seconds) }

  /// Seconds as days, hours or seconds.
  static func span(_ seconds: Double) -> String {
    if seconds >= 2 * 86_400 { return value(seconds / 86_400) + " days" }
    if seconds >= 2 * 3600 { return value(seconds / 3600) + " hours" }
    return value(seconds) + " s"
  }

  /// A count with its share.
  static func share(_ part: Int, of whole: Int) -> String {
    part == 0 || whole == 0 ? grouped(part) : "\(grouped(part)) (\(percent(Double(part) / Double(whole))))"
  }

  /// A metric as a heading has it.
  static func name(_ metric: QualityMetric) -> String { metric == .mae ? "Mean absolute error" : "Accuracy" }
}
