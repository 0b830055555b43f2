internal import Foundation
internal import Values

/// How text is written in a mail: headers by RFC 5322 and RFC 2047, bodies as quoted-printable by RFC 2045.
///
/// Whatever a name of a rule or a column holds, no header can end early and no line of a body can be taken for another: what would do so is replaced or encoded.
enum MailText {
  /// One line, without what would end it, hide in it or turn it around.
  static func line(_ text: String, limit: Int) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
      case .format where scalar != "\u{200D}": continue
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result.count <= limit ? result : result.prefix(limit - 1) + "…"
  }

  /// A header's text, in encoded words of at most 75 characters where it is more than short ASCII.
  static func header(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } && text.utf8.count <= 60 && !text.contains("=?")
    guard !isPlain else { return text }
    var words: [String] = []
    var bytes: [UInt8] = []
    for character in text {
      // A character is never split over two words.
      if bytes.count + character.utf8.count > 42, !bytes.isEmpty {
        words.append(word(bytes))
        bytes = []
      }
      bytes += character.utf8
    }
    if !bytes.isEmpty { words.append(word(bytes)) }
    return words.joined(separator: "\r\n ")
  }

  private static func word(_ bytes: [UInt8]) -> String { "=?UTF-8?B?\(Data(bytes).base64EncodedString())?=" }

  /// `Name <address>` as it stands in a header; the address alone without a name.
  static func mailbox(_ text: String) -> String {
    let (name, address) = parts(text)
    guard let name else { return address }
    let isASCII = name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } && !name.contains("=?") && name.utf8.count <= 60
    let quoted = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\(isASCII ? "\"\(quoted)\"" : header(name)) <\(address)>"
  }

  /// The name, if there is one, and the address of `Name <address>` or `address`.
  static func parts(_ text: String) -> (name: String?, address: String) {
    guard text.hasSuffix(">"), let open = text.lastIndex(of: "<") else { return (nil, text) }
    let name = line(String(text[..<open]), limit: 60).split(separator: " ").joined(separator: " ")
    return (name.isEmpty ? nil : name, String(text[text.index(after: open)...].dropLast()))
  }

  /// `Mon, 23 Nov 2026 06:00:00 +0000` of `2026-11-23T06:00:00…Z`.
  static func date(_ rfc3339: String, secondsSince1970 seconds: Int64) -> String {
    let digits = rfc3339.split { !("0"..."9").contains($0) }
    guard digits.count >= 6, let month = Int(digits[1]), (1...12).contains(month) else { return "Thu, 01 Jan 1970 00:00:00 +0000" }
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let weekday = weekdays[Int(((days % 7) + 7 + 4) % 7)]
    return "\(weekday), \(digits[2]) \(months[month - 1]) \(digits[0]) \(digits[3]):\(digits[4]):\(digits[5]) +0000"
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Lines of at most 76 characters that end in CR LF; a dot at the beginning of a line is encoded, since SMTP would take it for the mail's end.
  static func quotedPrintable(_ text: String) -> String {
    var result = ""
    var length = 0
    func put(_ piece: String) {
      if length + piece.utf8.count > 75 {
        result += "=\r\n"
        length = 0
      }
      result += piece == "." && length == 0 ? "=2E" : piece
      length += piece == "." && length == 0 ? 3 : piece.utf8.count
    }
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let bytes = Array(line.utf8)
      for (index, byte) in bytes.enumerated() {
        switch byte {
        case 0x20 where index < bytes.count - 1, 0x21...0x3c, 0x3e...0x7e: put(String(UnicodeScalar(byte)))
        default: put("=" + [byte].hexadecimal.uppercased())
        }
      }
      result += "\r\n"
      length = 0
    }
    return result
  }
}
