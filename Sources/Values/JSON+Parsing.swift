/// Text that is not JSON: what was wrong, and at which byte.
public struct JSONSyntaxError: Error, Hashable, CustomStringConvertible {
  /// What was expected or found.
  public let message: String
  /// Offset in bytes from the start of the text.
  public let offset: Int
  /// 1-based line of that byte.
  public let line: Int

  /// Line and message, for people.
  public var description: String { "line \(line): \(message)" }
}

extension JSON {
  /// Reads one JSON document (RFC 8259), at most 512 levels deep. A number without fraction and exponent that fits
  /// 64 bits becomes an integer. The last of duplicate keys wins, as in PostgreSQL's jsonb.
  /// - Throws: `JSONSyntaxError`.
  public init(parsing text: String) throws(JSONSyntaxError) {
    try self.init(parsing: Array(text.utf8))
  }

  /// The same over bytes of UTF-8.
  public init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  var index = 0
  static let deepest = 512
  private static let few = 16

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONSyntaxError) -> JSON {
    let value = try self.value(depth: 0)
    skipSpace()
    guard index == bytes.count else { throw error("unexpected text after the value") }
    return value
  }

  private func error(_ message: String) -> JSONSyntaxError {
    let end = min(index, bytes.count)
    return JSONSyntaxError(message: message, offset: end, line: bytes[..<end].count { $0 == 0x0a } + 1)
  }

  private mutating func skipSpace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x0a, 0x0d, 0x09: index += 1
      default: return
      }
    }
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSON {
    guard depth < JSONParser.deepest else { throw error("nested more than \(JSONParser.deepest) levels deep") }
    skipSpace()
    guard index < bytes.count else { throw error("the text ends where a value was expected") }
    switch bytes[index] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: String, _ value: JSON) throws(JSONSyntaxError) -> JSON {
    guard bytes[index...].starts(with: text.utf8) else { throw error("expected a JSON value") }
    index += text.utf8.count
    return value
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSON {
    index += 1
    var object = JSON.Object()
    // Looked for one by one while there are few.
    var seen: Set<String> = []
    func isNew(_ key: String) -> Bool {
      if object.members.count < JSONParser.few { return !object.members.contains { $0.key == key } }
      if seen.isEmpty { seen = Set(object.members.map(\.key)) }
      return seen.insert(key).inserted
    }
    skipSpace()
    if take("}") { return .object(object) }
    while true {
      skipSpace()
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw error("expected a key in quotes") }
      let key = try string()
      skipSpace()
      guard take(":") else { throw error("expected a colon after the key \"\(key)\"") }
      let value = try self.value(depth: depth + 1)
      if isNew(key) { object.append(key: key, value: value) } else { object[key] = value }
      skipSpace()
      if take("}") { return .object(object) }
      guard take(",") else { throw error("expected a comma or } after the value of \"\(key)\"") }
    }
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSON {
    index += 1
    var elements: [JSON] = []
    skipSpace()
    if take("]") { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw error("expected a comma or ] in the array") }
    }
  }

  private mutating func number() throws(JSONSyntaxError) -> JSON {
    let start = index
    var whole = true
    _ = take("-")
    let integerStart = index
    skipDigits()
    guard index > integerStart else { throw error("expected a JSON value") }
    guard bytes[integerStart] != 0x30 || index == integerStart + 1 else { throw error("a number must not begin with 0") }
    if take(".") {
      whole = false
      let before = index
      skipDigits()
      guard index > before else { throw error("expected a digit after the decimal point") }
    }
    if take("e") || take("E") {
      whole = false
      if !take("+") { _ = take("-") }
      let before = index
      skipDigits()
      guard index > before else { throw error("expected a digit in the exponent") }
    }
    if whole, index - integerStart <= 18 {
      let digits = bytes[integerStart..<index].reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
      return .integer(integerStart > start ? -digits : digits)
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    if whole, let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw error("the number \(text.prefix(40)) is too large") }
    return .number(value)
  }

  private mutating func skipDigits() {
    while index < bytes.count, bytes[index] &- 0x30 < 10 { index += 1 }
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    index += 1
    var out: [UInt8] = []
    var start = index
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        let rest = bytes[start..<index]
        index += 1
        guard let text = out.isEmpty ? String(validating: rest, as: UTF8.self) : String(validating: out + rest, as: UTF8.self) else {
          throw error("the string is not valid UTF-8")
        }
        return text
      case UInt8(ascii: "\\"):
        out += bytes[start..<index]
        index += 1
        try escape(into: &out)
        start = index
      case 0..<0x20: throw error("an unescaped control character in a string")
      default: index += 1
      }
    }
    throw error("the string does not end")
  }

  private mutating func escape(into out: inout [UInt8]) throws(JSONSyntaxError) {
    guard index < bytes.count else { throw error("the string does not end") }
    let character = bytes[index]
    index += 1
    switch character {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(character)
    case UInt8(ascii: "b"): out.append(8)
    case UInt8(ascii: "f"): out.append(12)
    case UInt8(ascii: "n"): out.append(10)
    case UInt8(ascii: "r"): out.append(13)
    case UInt8(ascii: "t"): out.append(9)
    case UInt8(ascii: "u"):
      var code = try hex()
      if (0xd800..<0xdc00).contains(code) {
        guard take("\\"), take("u") else { throw error("half of a surrogate pair") }
        let low = try hex()
        guard (0xdc00..<0xe000).contains(low) else { throw error("half of a surrogate pair") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
      out += UTF8.encode(scalar)!
    default: throw error("unknown escape in a string")
    }
  }

  private mutating func hex() throws(JSONSyntaxError) -> UInt32 {
    guard index + 4 <= bytes.count,
      let value = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16), bytes[index] != UInt8(ascii: "+")
    else { throw error("expected four hexadecimal digits") }
    index += 4
    return value
  }
}
