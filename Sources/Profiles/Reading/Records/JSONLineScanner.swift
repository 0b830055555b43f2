/// Walks through lines of flat JSON objects.
struct JSONLineScanner {
  /// A member's value; the bytes hold while the callback runs.
  enum Value {
    /// A number, true or false, as written.
    case bare(UnsafeRawBufferPointer)
    /// A string's content.
    case text(UnsafeRawBufferPointer)
    case null
  }

  /// What stopped it.
  struct Failure {
    let line: Int
    let column: String?
    let problem: String
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private var p = 0
  /// The line that is being read.
  private(set) var line: Int
  private var scratch: [UInt8] = []
  private var keys: [[UInt8]: String] = [:]

  init(_ bytes: UnsafeBufferPointer<UInt8>, line: Int) {
    self.bytes = bytes
    self.line = line
  }

  /// Reads to the end, calling `member` for each member and `onEnd` behind each object.
  /// - Parameter member: gets name, value and line; returns what is wrong with the value, nil if nothing is.
  /// - Returns: what stopped it; nil at the end.
  mutating func walk(onEnd: (Int) -> Void = { _ in }, _ member: (String, Value, Int) -> String?) -> Failure? {
    while true {
      skipSpaces()
      if p >= bytes.count { return nil }
      if bytes[p] == 0x0a {
        p += 1
        line += 1
        continue
      }
      if let problem = object(member) { return problem }
      onEnd(line)
      skipSpaces()
      if p < bytes.count, bytes[p] != 0x0a { return Failure(line: line, column: nil, problem: "has something behind the object") }
    }
  }

  private mutating func object(_ member: (String, Value, Int) -> String?) -> Failure? {
    guard take(0x7b) else { return Failure(line: line, column: nil, problem: "is no JSON object") }
    skipSpaces()
    if take(0x7d) { return nil }
    while true {
      skipSpaces()
      guard take(0x22), let name = string() else { return Failure(line: line, column: nil, problem: "has a member without a name") }
      let bytesOfName = Array(name)
      let key: String
      if let known = keys[bytesOfName] {
        key = known
      } else {
        key = bytesOfName.withUnsafeBytes { CellText.string($0) }
        keys[bytesOfName] = key
      }
      skipSpaces()
      guard take(0x3a) else { return Failure(line: line, column: key, problem: "has no colon behind its name") }
      skipSpaces()
      guard p < bytes.count else { return Failure(line: line, column: key, problem: "ends before its value") }
      let wrong: String?
      switch bytes[p] {
      case 0x22:
        p += 1
        guard let text = string() else { return Failure(line: line, column: key, problem: "has a string that is not closed or not valid") }
        wrong = member(key, .text(text), line)
      case 0x7b, 0x5b: return Failure(line: line, column: key, problem: "holds an object or a list; only plain values are read")
      default:
        let start = p
        while p < bytes.count, bytes[p] != 0x2c, bytes[p] != 0x7d, bytes[p] > 0x20 { p += 1 }
        let text = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<p])
        if JSONLineScanner.equals(text, "null") {
          wrong = member(key, .null, line)
        } else if JSONLineScanner.equals(text, "true") || JSONLineScanner.equals(text, "false") || CellText.number(text) != nil
          || JSONLineScanner.equals(text, "NaN")
        {
          wrong = JSONLineScanner.equals(text, "NaN") ? member(key, .null, line) : member(key, .bare(text), line)
        } else {
          return Failure(line: line, column: key, problem: "has a value that is not JSON")
        }
      }
      if let wrong { return Failure(line: line, column: key, problem: wrong) }
      skipSpaces()
      if take(0x2c) { continue }
      if take(0x7d) { return nil }
      return Failure(line: line, column: key, problem: "is not followed by a comma or the object's end")
    }
  }

  private static func equals(_ text: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
    guard text.count == word.utf8CodeUnitCount else { return false }
    for i in 0..<text.count where text[i] != word.utf8Start[i] { return false }
    return true
  }

  private mutating func skipSpaces() { while p < bytes.count, bytes[p] == 0x20 || bytes[p] == 0x09 || bytes[p] == 0x0d { p += 1 } }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard p < bytes.count, bytes[p] == byte else { return false }
    p += 1
    return true
  }

  /// A string's content, from behind its opening quote; nil when it is not closed on its line, or an escape is wrong.
  private mutating func string() -> UnsafeRawBufferPointer? {
    let start = p
    while p < bytes.count, bytes[p] != 0x22, bytes[p] != 0x5c, bytes[p] != 0x0a { p += 1 }
    guard p < bytes.count, bytes[p] != 0x0a else { return nil }
    if bytes[p] == 0x22 {
      p += 1
      return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<(p - 1)])
    }
    scratch.removeAll(keepingCapacity: true)
    scratch.append(contentsOf: bytes[start..<p])
    while p < bytes.count, bytes[p] != 0x0a {
      let byte = bytes[p]
      p += 1
      if byte == 0x22 { return scratch.withUnsafeBytes { UnsafeRawBufferPointer($0) } }
      guard byte == 0x5c else {
        scratch.append(byte)
        continue
      }
      guard p < bytes.count, escape() else { return nil }
    }
    return nil
  }

  private mutating func escape() -> Bool {
    let kind = bytes[p]
    p += 1
    switch kind {
    case UInt8(ascii: "n"): scratch.append(0x0a)
    case UInt8(ascii: "t"): scratch.append(0x09)
    case UInt8(ascii: "r"): scratch.append(0x0d)
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "f"): scratch.append(0x0c)
    case 0x22, 0x5c, UInt8(ascii: "/"): scratch.append(kind)
    case UInt8(ascii: "u"):
      guard var code = hex() else { return false }
      if code >= 0xd800, code < 0xdc00 {
        guard take(0x5c), take(UInt8(ascii: "u")), let low = hex(), low >= 0xdc00, low < 0xe000 else { return false }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = UnicodeScalar(code) else { return false }
      scratch += Array(String(Character(scalar)).utf8)
    default: return false
    }
    return true
  }

  private mutating func hex() -> UInt32? {
    guard p + 4 <= bytes.count else { return nil }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(UnicodeScalar(bytes[p])).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
      p += 1
    }
    return value
  }
}
