/// Goes on after a key that is given twice, at which Yams gives up on the whole document.
///
/// The earlier of the two is replaced by a mark of the same width that readers pass over, so that the rest of the document is read
/// and every other mistake in it is found too. The places of what follows stay as they are.
enum DuplicateKeys {
  /// Begins the marks; from Unicode's private use area, which no key of ours uses.
  private static let first = Unicode.Scalar(0xE000 as UInt16) ?? "\u{E000}"
  private static let limit: UInt32 = 1000

  /// Whether a key is such a mark.
  static func isRepaired(_ key: String) -> Bool {
    guard let scalar = key.unicodeScalars.first else { return false }
    return scalar.value >= first.value && scalar.value < first.value + limit
  }

  /// The text with the key at `position` replaced by the mark of this number; nil when there is no plain or quoted key.
  static func repair(_ text: String, keyAt position: SourcePosition, number: Int) -> String? {
    guard number < limit, let mark = Unicode.Scalar(first.value + UInt32(number)) else { return nil }
    var scalars = Array(text.unicodeScalars)
    guard let start = index(of: position, in: scalars), let length = keyLength(scalars[start...]) else { return nil }
    scalars[start] = mark
    for index in start + 1..<start + length { scalars[index] = " " }
    var repaired = String.UnicodeScalarView()
    repaired.append(contentsOf: scalars)
    return String(repaired)
  }

  /// The place at which a key that stands at `position` is given again; nil when it cannot be found. A key that begins its line has its like
  /// in the same column; one within braces is the next of that text.
  static func next(_ key: String, after position: SourcePosition, in text: String) -> SourcePosition? {
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    guard lines.indices.contains(position.line - 1) else { return nil }
    let isBlock = lines[position.line - 1].prefix(position.column - 1).allSatisfy { $0 == " " || $0 == "-" || $0 == "?" }
    for number in position.line - 1..<lines.count {
      let line = lines[number][...]
      for column in line.indices where number >= position.line || column >= position.column {
        if isBlock && (column != position.column - 1 || number < position.line) { continue }
        let before = column == 0 ? " " : line[column - 1]
        if " {,-?".unicodeScalars.contains(before), let length = keyLength(line[column...]), bare(line[column..<column + length]) == key {
          return SourcePosition(line: number + 1, column: column + 1)
        }
      }
    }
    return nil
  }

  private static func bare(_ key: ArraySlice<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: key)
    let string = String(text)
    if string.count >= 2, let quote = string.first, quote == "\"" || quote == "'", string.last == quote {
      return String(string.dropFirst().dropLast())
    }
    return string
  }

  private static func index(of position: SourcePosition, in scalars: [Unicode.Scalar]) -> Int? {
    var line = 1
    var start = 0
    while line < position.line {
      guard let end = scalars[start...].firstIndex(of: "\n") else { return nil }
      start = end + 1
      line += 1
    }
    let index = start + position.column - 1
    return index < scalars.count ? index : nil
  }

  /// How many scalars the key that begins here has, quotes included; nil when no colon follows.
  private static func keyLength(_ scalars: ArraySlice<Unicode.Scalar>) -> Int? {
    guard let opening = scalars.first else { return nil }
    var index = scalars.startIndex
    if opening == "\"" || opening == "'" {
      guard let close = scalars[(index + 1)...].firstIndex(where: { $0 == opening || $0 == "\n" || $0 == "\\" }), scalars[close] == opening else {
        return nil
      }
      index = close + 1
      let colon = scalars[index...].firstIndex { $0 != " " }
      guard let colon, scalars[colon] == ":" else { return nil }
      return index - scalars.startIndex
    }
    while index < scalars.endIndex, scalars[index] != "\n" {
      let next = index + 1 < scalars.endIndex ? scalars[index + 1] : "\n"
      if scalars[index] == ":", next == " " || next == "\n" || next == "\r" {
        var end = index
        while end > scalars.startIndex, scalars[end - 1] == " " { end -= 1 }
        return end > scalars.startIndex ? end - scalars.startIndex : nil
      }
      index += 1
    }
    return nil
  }
}
