internal import Values

/// HTML or SVG. What is written in a literal is taken as it stands; what is interpolated is data, and is escaped: so nothing that comes from a file can
/// become markup by being forgotten.
struct Markup: ExpressibleByStringInterpolation, Sendable {
  /// The text as it is written to the file.
  private(set) var text: String

  /// Collects the pieces of a literal.
  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity + interpolationCount * 16) }

    mutating func appendLiteral(_ literal: String) { text += literal }
    /// Data: escaped.
    mutating func appendInterpolation(_ data: String) { HTMLText.escape(data, into: &text) }
    mutating func appendInterpolation(_ number: Int) { text += String(number) }
    /// A length or a place in a picture, to a tenth.
    mutating func appendInterpolation(at place: Double) { text += PathData.tenths(place) }
    mutating func appendInterpolation(_ path: PathData) { text += path.text }
    mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
    mutating func appendInterpolation(_ markup: [Markup]) { for each in markup { text += each.text } }
  }

  init(stringLiteral value: String) { text = value }
  init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
  /// Text that is markup, whatever it looks like: for the page's own style and script only.
  init(trusted text: String) { self.text = text }

  static func += (markup: inout Markup, more: Markup) { markup.text += more.text }
}
