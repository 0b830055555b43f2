/// How long a condition must hold, or not hold, before it counts: drift comes in batches, so it is windows that are counted first of all.
///
/// Written `2`, `30m` or `3 of 5`.
public enum AlertSpell: Hashable, Sendable {
  /// So many windows in a row; at least 1.
  case windows(Int)
  /// In every window over such a time, by the ends of the windows.
  case time(Span)
  /// In so many of the last so many windows.
  case share(Int, of: Int)

  /// The most windows that are looked back on.
  public static let longest = 1000

  /// Reads `30m` or `3 of 5`; nil for anything else, also for a zero.
  public init?(_ text: String) {
    if let span = Span(text), span > .zero {
      self = .time(span)
      return
    }
    let words = text.split(separator: " ")
    guard words.count == 3, words[1] == "of", let count = Int(words[0]), let total = Int(words[2]), count >= 1, count <= total,
      total <= AlertSpell.longest
    else { return nil }
    self = .share(count, of: total)
  }

  /// How many windows have to be looked back on.
  var memory: Int { if case .share(_, let total) = self { total } else { 0 } }

  /// Windows that it takes at least.
  public var leastWindows: Int {
    switch self {
    case .windows(let count), .share(let count, _): count
    case .time: 1
    }
  }
}

extension AlertSpell: ExpressibleByIntegerLiteral, CustomStringConvertible, Codable {
  /// `2` is `.windows(2)`.
  public init(integerLiteral windows: Int) { self = .windows(windows) }

  /// As it is declared.
  public var description: String {
    switch self {
    case .windows(let count): "\(count)"
    case .time(let span): span.description
    case .share(let count, let total): "\(count) of \(total)"
    }
  }

  /// Reads a number of windows, or text such as `30m` or `3 of 5`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let windows = try? container.decode(Int.self) {
      self = .windows(windows)
      return
    }
    let text = try container.decode(String.self)
    guard let spell = AlertSpell(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is neither a span of time nor like \"3 of 5\"")
    }
    self = spell
  }

  /// Writes a number for windows, else text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if case .windows(let count) = self { try container.encode(count) } else { try container.encode(description) }
  }
}
