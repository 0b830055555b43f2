internal import Foundation

/// What the text of one cell means.
enum CellText {
  /// Texts that stand for a missing value, as pandas reads them.
  static let missing: Set<String> = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan",
    "null",
  ]

  static func isMissing(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count <= 8 else { return false }
    if text.isEmpty { return true }
    switch text[0] {
    case UInt8(ascii: "#"), UInt8(ascii: "-"), UInt8(ascii: "1"), UInt8(ascii: "<"), UInt8(ascii: "N"), UInt8(ascii: "n"):
      return missing.contains(String(decoding: text, as: UTF8.self))
    default: return false
    }
  }

  /// The text of bytes: UTF-8, or where they are not that, Latin-1, which any bytes are.
  static func string(_ bytes: UnsafeRawBufferPointer) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(UnicodeScalar(byte)) }
    return String(text)
  }

  /// A number, or infinity by name; nil when the text is none. Spaces around it do not matter.
  static func number(_ text: UnsafeRawBufferPointer) -> (value: Double, isWhole: Bool)? {
    var (first, last) = (0, text.count)
    while first < last, isSpace(text[first]) { first += 1 }
    while last > first, isSpace(text[last - 1]) { last -= 1 }
    guard first < last else { return nil }
    let body = UnsafeRawBufferPointer(rebasing: text[first..<last])
    var whole = true
    for byte in body {
      switch byte {
      case 0x30...0x39, UInt8(ascii: "+"), UInt8(ascii: "-"): continue
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): whole = false
      default: return infinity(body)
      }
    }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: body.count + 1) { copy in
      for i in 0..<body.count { copy[i] = CChar(bitPattern: body[i]) }
      copy[body.count] = 0
      guard let start = copy.baseAddress else { return nil }
      var end: UnsafeMutablePointer<CChar>?
      let value = strtod(start, &end)
      return end == start + body.count ? (value, whole) : nil
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func infinity(_ body: UnsafeRawBufferPointer) -> (value: Double, isWhole: Bool)? {
    guard body.count <= 9 else { return nil }
    switch String(decoding: body, as: UTF8.self).lowercased() {
    case "inf", "+inf", "infinity", "+infinity": return (.infinity, false)
    case "-inf", "-infinity": return (-.infinity, false)
    default: return nil
    }
  }
}
