/// Reads Swift values out of a `JSON`, property by property, without going through text.
///
/// The names of properties are `snake_case` in the JSON, and the keys of dictionaries are left as they are.
struct JSONValueDecoder: Decoder {
  let value: JSON
  let place: Place
  var codingPath: [any CodingKey] { place.path }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// Where a value lies; the path is put together only when an error asks for it.
  indirect enum Place {
    case root
    case inside(Place, any CodingKey)

    var path: [any CodingKey] {
      switch self {
      case .root: []
      case .inside(let outer, let key): outer.path + [key]
      }
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(KeyedValues(try object, place))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = value else { throw mismatch([JSON].self, "a list") }
    return ListedValues(elements, place)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  private var object: JSON.Object {
    get throws {
      guard case .object(let object) = value else { throw mismatch(JSON.Object.self, "an object") }
      return object
    }
  }

  /// Any value: those that JSON knows at once, others by their own `init(from:)`.
  func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if let known = try known(type) { return known }
    if let dictionary = type as? any DictionaryByText.Type { return try dictionary.decoded(from: try object, place) as! Value }
    return try Value(from: self)
  }

  private func known<Value>(_ type: Value.Type) throws -> Value? {
    if type == String.self { return try decode(String.self) as? Value }
    if type == Double.self { return try decode(Double.self) as? Value }
    if type == Int.self { return try decode(Int.self) as? Value }
    if type == Bool.self { return try decode(Bool.self) as? Value }
    if type == JSON.self { return value as? Value }
    return nil
  }

  func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
    let context = DecodingError.Context(codingPath: codingPath, debugDescription: "expected \(expected), found \(value.kind)")
    return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
  }
}

extension JSONValueDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value == .null }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard case .bool(let bool) = value else { throw mismatch(type, "true or false") }
    return bool
  }

  func decode(_ type: String.Type) throws -> String {
    guard case .string(let text) = value else { throw mismatch(type, "a text") }
    return text
  }

  func decode(_ type: Double.Type) throws -> Double {
    guard let number = value.double else { throw mismatch(type, "a number") }
    return number
  }

  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  func decode(_ type: Int.Type) throws -> Int { try whole(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try whole(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try whole(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try whole(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try whole(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try whole(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try whole(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try whole(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try whole(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try whole(type) }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try read(type) }

  private func whole<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    let number: Number? =
      switch value {
      case .integer(let integer): Number(exactly: integer)
      case .number(let double): Number(exactly: double)
      default: nil
      }
    guard let number else {
      guard value.double == nil else {
        throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(value) is no whole number that fits \(type)"))
      }
      throw mismatch(type, "a whole number")
    }
    return number
  }
}

/// A dictionary whose keys are texts: they are data, not names of properties.
private protocol DictionaryByText {
  static func decoded(from object: JSON.Object, _ place: JSONValueDecoder.Place) throws -> Any
}

extension Dictionary: DictionaryByText where Key == String, Value: Decodable {
  fileprivate static func decoded(from object: JSON.Object, _ place: JSONValueDecoder.Place) throws -> Any {
    var result: [String: Value] = [:]
    result.reserveCapacity(object.members.count)
    for (key, value) in object.members {
      result[key] = try JSONValueDecoder(value: value, place: .inside(place, MemberKey(stringValue: key))).read(Value.self)
    }
    return result
  }
}

private struct KeyedValues<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let members: [(key: String, value: JSON)]
  private let place: JSONValueDecoder.Place
  var codingPath: [any CodingKey] { place.path }

  init(_ object: JSON.Object, _ place: JSONValueDecoder.Place) {
    members = object.members.map { (SnakeCase.camel($0.key), $0.value) }
    self.place = place
  }

  var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }

  private func find(_ key: some CodingKey) -> JSON? {
    let name = key.stringValue
    return members.first { $0.key == name }?.value
  }

  private func decoder(_ key: some CodingKey) throws -> JSONValueDecoder {
    guard let value = find(key) else {
      throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "\(key.stringValue) is missing"))
    }
    return JSONValueDecoder(value: value, place: .inside(place, key))
  }

  func contains(_ key: Key) -> Bool { find(key) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(key).decode(type) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(key).decode(type) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(key).decode(type) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).decode(type) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(key).decode(type) }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try decoder(key).read(type) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
    try decoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try decoder(key).unkeyedContainer() }
  func superDecoder() throws -> any Decoder { try decoder(MemberKey(stringValue: "super")) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct ListedValues: UnkeyedDecodingContainer {
  private let elements: [JSON]
  private let place: JSONValueDecoder.Place
  private(set) var currentIndex = 0
  var codingPath: [any CodingKey] { place.path }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex == elements.count }

  init(_ elements: [JSON], _ place: JSONValueDecoder.Place) {
    self.elements = elements
    self.place = place
  }

  private func decoder(_ type: Any.Type) throws -> JSONValueDecoder {
    let here = JSONValueDecoder.Place.inside(place, MemberKey(index: currentIndex))
    guard !isAtEnd else { throw DecodingError.valueNotFound(type, .init(codingPath: here.path, debugDescription: "the list has no more elements")) }
    return JSONValueDecoder(value: elements[currentIndex], place: here)
  }

  mutating func decodeNil() throws -> Bool {
    let isNil = try decoder(Never.self).decodeNil()
    if isNil { currentIndex += 1 }
    return isNil
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let value = try decoder(type).read(type)
    currentIndex += 1
    return value
  }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    let container = try decoder(JSON.Object.self).container(keyedBy: type)
    currentIndex += 1
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try decoder([JSON].self).unkeyedContainer()
    currentIndex += 1
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let decoder = try decoder(JSON.self)
    currentIndex += 1
    return decoder
  }
}

/// The key of a dictionary, or the place in a list.
struct MemberKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
  init(index: Int) { (stringValue, intValue) = ("\(index)", index) }
  init?(intValue: Int) { self.init(index: intValue) }
}

extension JSON {
  /// What it is, without its value.
  fileprivate var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }
}
