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
    mutating func appendInterpolation(_ data: String) { Markup.escape(data, into: &text) }
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

  /// Safe inside elements and inside quoted attributes. Control characters, which HTML forbids, and those that turn the direction of the text around, with
  /// which a name can pass for another, are shown as replacement characters.
  static func escape(_ data: String, into text: inout String) {
    guard data.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7f || $0 == 0x26 || $0 == 0x3c || $0 == 0x3e || $0 == 0x22 || $0 == 0x27 }) else {
      text += data
      return
    }
    for scalar in data.unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      case "\n", "\t", "\r": text += " "
      case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{200E}"..."\u{200F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{FFFE}"..."\u{FFFF}":
        text.unicodeScalars.append("\u{FFFD}")
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
