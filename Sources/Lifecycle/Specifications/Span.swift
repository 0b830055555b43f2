internal import Values

/// A length of time as people write it: `90s`, `5m`, `1h30m`, `7d`. Never negative.
///
/// A day is 24 hours: spans are elapsed time, not calendar time.
public struct Span: Hashable, Comparable, Sendable {
  /// The same length for arithmetic.
  public let duration: Duration

  /// - Parameter duration: negative ones count as zero, and what lies below the millisecond is cut off.
  public init(_ duration: Duration) {
    self.duration = .milliseconds(max(0, duration.microseconds / 1000))
  }

  /// No time at all: `0s`.
  public static let zero = Span(.zero)
  /// So many seconds; zero when negative.
  public static func seconds(_ count: Int) -> Span { Span(.seconds(count)) }
  /// So many minutes; zero when negative.
  public static func minutes(_ count: Int) -> Span { Span(.seconds(count * 60)) }
  /// So many hours; zero when negative.
  public static func hours(_ count: Int) -> Span { Span(.seconds(count * 3600)) }
  /// So many times 24 hours; zero when negative.
  public static func days(_ count: Int) -> Span { Span(.seconds(count * 86_400)) }

  /// By length.
  public static func < (left: Span, right: Span) -> Bool { left.duration < right.duration }

  /// The longest span that can be written, a hundred years: whatever is longer is a slip of the pen.
  public static let longest = Span.days(36_525)
}

extension Span: CustomStringConvertible {
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// Reads `90s`, `1h30m`, `7d`, `500ms`: whole numbers with their units, each unit at most once and the larger ones first; `0` needs none.
  /// Nil when it is none of these or longer than `longest`.
  public init?(_ text: some StringProtocol) {
    if text == "0" {
      self = .zero
      return
    }
    var rest = Substring(text)
    var total: Int64 = 0
    var allowed = Span.units[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      let unit = rest[digits.endIndex...].prefix { $0.isLetter }
      guard digits.count <= 12, let count = Int64(digits), let index = allowed.firstIndex(where: { $0.name == unit }) else { return nil }
      let (amount, overflow) = count.multipliedReportingOverflow(by: allowed[index].milliseconds)
      guard !overflow, amount <= Span.longest.milliseconds else { return nil }
      total += amount
      allowed = allowed[(index + 1)...]
      rest = rest[unit.endIndex...]
    }
    guard !text.isEmpty, total <= Span.longest.milliseconds else { return nil }
    self.init(.milliseconds(total))
  }

  /// The shortest text that reads back as the same span, larger units first: `1h30m`.
  public var description: String {
    var rest = milliseconds
    guard rest > 0 else { return "0s" }
    var text = ""
    for unit in Span.units {
      let (count, remainder) = rest.quotientAndRemainder(dividingBy: unit.milliseconds)
      if count > 0 { text += "\(count)\(unit.name)" }
      rest = remainder
    }
    return text
  }

  private var milliseconds: Int64 { duration.microseconds / 1000 }
}

extension Span: Codable {
  /// Reads `90s`, `1h30m` … Throws `DecodingError` for anything else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let span = Span(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a span of time such as 90s, 5m, 1h30m or 7d")
    }
    self = span
  }

  /// Writes the shortest text that reads back as the same span.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
