internal import Foundation

extension JSON: Codable {
  /// Reads any JSON value. The keys of objects come in alphabetical order, because coders do not tell the order of the text.
  public init(from decoder: any Decoder) throws {
    // As a dictionary and not key by key: coders leave the keys of dictionaries as they are, and turn others to and from `snake_case`.
    if (try? decoder.container(keyedBy: Key.self)) != nil {
      let members = try decoder.singleValueContainer().decode([String: JSON].self)
      var object = Object()
      for (key, value) in members.sorted(by: { $0.key < $1.key }) { object.append(key: key, value: value) }
      self = .object(object)
      return
    }
    if var list = try? decoder.unkeyedContainer() {
      var elements: [JSON] = []
      while !list.isAtEnd { elements.append(try list.decode(JSON.self)) }
      self = .array(elements)
      return
    }
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let integer = try? value.decode(Int64.self) {
      self = .integer(integer)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else {
      self = .string(try value.decode(String.self))
    }
  }

  /// Writes the value; a number that is not finite becomes null, and of duplicate keys the last is kept.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .bool(let value): try value.encode(to: encoder)
    case .integer(let value): try value.encode(to: encoder)
    case .number(let value):
      var container = encoder.singleValueContainer()
      if value.isFinite { try container.encode(value) } else { try container.encodeNil() }
    case .string(let value): try value.encode(to: encoder)
    case .array(let elements): try elements.encode(to: encoder)
    case .object(let object):
      var container = encoder.singleValueContainer()
      try container.encode(Dictionary(object.members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }))
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension JSON {
  /// A value as JSON, its property names turned into `snake_case`. Keys are sorted.
  /// - Throws: `EncodingError`, e.g. for a Double that is not finite.
  public init(encoding value: some Encodable) throws { self = try JSONValueEncoder.encode(value) }

  /// Reads a value back from what `init(encoding:)` made of it.
  /// - Throws: `DecodingError`, which names the key.
  public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    try JSONValueDecoder(value: self, place: .root).read(type)
  }
}

extension DecodingError {
  /// What was expected and where, on one line: `data.window.rows: expected a number`.
  public var summary: String {
    switch self {
    case .typeMismatch(_, let context), .dataCorrupted(let context): "\(DecodingError.path(context.codingPath)): \(context.debugDescription)"
    case .valueNotFound(_, let context): "\(DecodingError.path(context.codingPath)): a value is missing"
    case .keyNotFound(let key, let context): "\(DecodingError.path(context.codingPath + [key])): missing"
    @unknown default: "\(self)"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "value" : keys.map { $0.intValue.map { "[\($0)]" } ?? SnakeCase.snake($0.stringValue) }.joined(separator: ".")
  }
}
