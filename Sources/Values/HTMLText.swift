/// Text that is shown in HTML.
public enum HTMLText {
  /// Safe inside elements and inside quoted attributes. Control characters, which HTML forbids, and those that turn the direction of the text around, with
  /// which a name can pass for another, are shown as replacement characters.
  public static func escape(_ data: String, into text: inout String) {
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
