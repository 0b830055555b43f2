/// A JSON value. Objects keep the order of their keys, so that what is printed reads as it was written.
public enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// Finite; infinity and NaN are written as `null`.
  case number(Double)
  case string(String)
  case array([JSON])
  case object(Object)

  /// The members of a JSON object, in order. Equality ignores the order.
  public struct Object: Sendable {
    /// Keys and values in the order in which they are written.
    public private(set) var members: [(key: String, value: JSON)] = []

    /// No members.
    public init() {}

    /// The value under `key`; nil when there is none, and setting nil removes it.
    public subscript(key: String) -> JSON? {
      get { members.first { $0.key == key }?.value }
      set {
        let index = members.firstIndex { $0.key == key }
        switch (index, newValue) {
        case (let index?, let value?): members[index].value = value
        case (let index?, nil): members.remove(at: index)
        case (nil, let value?): members.append((key, value))
        case (nil, nil): break
        }
      }
    }

    /// Adds a member without looking for an older one of the same key.
    mutating func append(key: String, value: JSON) { members.append((key, value)) }
  }
}

extension JSON.Object: Hashable {
  /// Whether they have the same members, in whatever order.
  public static func == (left: JSON.Object, right: JSON.Object) -> Bool {
    left.members.count == right.members.count && left.members.allSatisfy { right[$0.key] == $0.value }
  }

  /// By the number of members, since the order does not count.
  public func hash(into hasher: inout Hasher) { hasher.combine(members.count) }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  /// `"text"` is a string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// `1` is an integer.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// `1.5` is a number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// `true` is a boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// `nil` is `null`.
  public init(nilLiteral: ()) { self = .null }
  /// `[1, 2]` is an array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// `["key": value]` is an object, its keys in the order written.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    var object = Object()
    for (key, value) in elements { object.append(key: key, value: value) }
    self = .object(object)
  }

  /// An object with these members in this order; members whose value is nil are left out.
  public init(_ members: [(String, JSON?)]) {
    var object = Object()
    for (key, value) in members { if let value { object.append(key: key, value: value) } }
    self = .object(object)
  }

  /// A number, or null when it is nil, infinite or not a number.
  public init(_ value: Double?) {
    guard let value, value.isFinite else { self = .null; return }
    self = .number(value)
  }

  /// A string, or null.
  public init(_ value: String?) { self = value.map { .string($0) } ?? .null }

  /// An integer, or null.
  public init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }

  /// RFC 3339, or null.
  public init(_ value: Timestamp?) { self = value.map { .string($0.description) } ?? .null }

  /// Strings.
  public init(_ values: [String]) { self = .array(values.map { .string($0) }) }
}

extension JSON {
  /// The member of an object; nil when this is no object or has no such member. Setting makes an object of what was none.
  public subscript(key: String) -> JSON? {
    get {
      guard case .object(let object) = self else { return nil }
      return object[key]
    }
    set {
      var object = self.object ?? Object()
      object[key] = newValue
      self = .object(object)
    }
  }

  /// The element of an array; nil when this is no array or it is too short.
  public subscript(index: Int) -> JSON? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  /// Whether it is JSON's `null`; a member that is missing is Swift's nil instead.
  public var isNull: Bool { self == .null }

  /// Nil when it is no string.
  public var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  /// Nil when it is no boolean.
  public var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// The number, whether it was written as an integer or not.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The number if it is whole and fits.
  public var integer: Int? {
    switch self {
    case .integer(let value): Int(value)
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// Nil when it is no array.
  public var array: [JSON]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  /// Nil when it is no object.
  public var object: Object? {
    guard case .object(let value) = self else { return nil }
    return value
  }
}

extension JSON: CustomStringConvertible {
  /// The text on one line, without spaces.
  public var description: String { text(.compact) }

  /// How a value is laid out.
  public enum Layout: Sendable { case compact, indented }

  /// The text in UTF-8's JSON: no line breaks when compact, two spaces a level when indented.
  public func text(_ layout: Layout) -> String {
    var out: [UInt8] = []
    write(to: &out, indent: layout == .indented ? 0 : nil)
    return String(decoding: out, as: UTF8.self)
  }

  private func write(to out: inout [UInt8], indent: Int?) {
    switch self {
    case .null: out += "null".utf8
    case .bool(let value): out += (value ? "true" : "false").utf8
    case .integer(let value): out += String(value).utf8
    case .number(let value): out += (value.isFinite ? JSON.digits(value) : "null").utf8
    case .string(let value): JSON.quote(value, to: &out)
    case .array(let elements):
      JSON.list(elements, "[", "]", to: &out, indent: indent) { element, out, indent in element.write(to: &out, indent: indent) }
    case .object(let object):
      JSON.list(object.members, "{", "}", to: &out, indent: indent) { member, out, indent in
        JSON.quote(member.key, to: &out)
        out += (indent == nil ? ":" : ": ").utf8
        member.value.write(to: &out, indent: indent)
      }
    }
  }

  /// The shortest digits that read back as the same number; a whole number without `.0`. Zero has no sign, as in PostgreSQL: `-0` would be read back as `0`.
  private static func digits(_ value: Double) -> String {
    if value == 0 { return "0" }
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func list<Element>(
    _ elements: [Element], _ open: String, _ close: String, to out: inout [UInt8], indent: Int?,
    _ write: (Element, inout [UInt8], Int?) -> Void
  ) {
    out += open.utf8
    for (index, element) in elements.enumerated() {
      if index > 0 { out += ",".utf8 }
      newLine(indent.map { $0 + 1 }, &out)
      write(element, &out, indent.map { $0 + 1 })
    }
    if !elements.isEmpty { newLine(indent, &out) }
    out += close.utf8
  }

  private static func newLine(_ indent: Int?, _ out: inout [UInt8]) {
    guard let indent else { return }
    out.append(0x0a)
    for _ in 0..<indent { out += "  ".utf8 }
  }

  private static func quote(_ text: String, to out: inout [UInt8]) {
    out.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22: out += "\\\"".utf8
      case 0x5c: out += "\\\\".utf8
      case 0x0a: out += "\\n".utf8
      case 0x0d: out += "\\r".utf8
      case 0x09: out += "\\t".utf8
      case 0..<0x20:
        out += "\\u00".utf8
        out += [hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
      default: out.append(byte)
      }
    }
    out.append(0x22)
  }

  private static let hexDigits = Array("0123456789abcdef".utf8)
}
