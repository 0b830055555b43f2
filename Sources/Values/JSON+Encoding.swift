internal import Foundation

/// Makes a `JSON` of a Swift value, property by property, without going through text.
///
/// The names of properties become `snake_case`, the keys of dictionaries are left as they are, and all keys are sorted.
struct JSONValueEncoder: Encoder {
  fileprivate let slot: Slot
  fileprivate let place: JSONValueDecoder.Place
  var codingPath: [any CodingKey] { place.path }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// Where a value comes to stand; containers fill it as they go.
  fileprivate final class Slot {
    enum Content {
      case nothing
      case value(JSON)
      case members([(key: String, slot: Slot)])
      case elements([Slot])
    }

    var content = Content.nothing

    func become(_ content: Content) {
      // A value that asks for its container again goes on with what is there.
      if case .nothing = self.content { self.content = content }
    }

    func add(_ key: String) -> Slot {
      guard case .members(var members) = content else { return Slot() }
      content = .nothing
      let slot = Slot()
      if let index = members.firstIndex(where: { $0.key == key }) { members[index].slot = slot } else { members.append((key, slot)) }
      content = .members(members)
      return slot
    }

    func add() -> Slot {
      guard case .elements(var elements) = content else { return Slot() }
      content = .nothing
      let slot = Slot()
      elements.append(slot)
      content = .elements(elements)
      return slot
    }

    var json: JSON {
      switch content {
      case .nothing: [:]
      case .value(let value): value
      case .members(let members): JSON(members.sorted { $0.key < $1.key }.map { ($0.key, $0.slot.json) })
      case .elements(let elements): .array(elements.map(\.json))
      }
    }
  }

  static func encode(_ value: some Encodable) throws -> JSON { try encode(value, .root) }

  fileprivate static func encode<Value: Encodable>(_ value: Value, _ place: JSONValueDecoder.Place) throws -> JSON {
    switch value {
    case let text as String: return .string(text)
    case let json as JSON: return json.inOrderOfKeys
    // In lower case, as PostgreSQL writes them: what is compared as text is equal.
    case let id as UUID: return .string(id.lowercased)
    case let dictionary as any DictionaryToEncode: return try dictionary.encoded(place)
    default:
      let slot = Slot()
      try value.encode(to: JSONValueEncoder(slot: slot, place: place))
      return slot.json
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    slot.become(.members([]))
    return KeyedEncodingContainer(KeyedSlots(slot: slot, place: place))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    slot.become(.elements([]))
    return ListedSlots(slot: slot, place: place)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }
}

extension JSONValueEncoder: SingleValueEncodingContainer {
  func encodeNil() { slot.content = .value(.null) }
  func encode(_ value: Bool) { slot.content = .value(.bool(value)) }
  func encode(_ value: String) { slot.content = .value(.string(value)) }

  func encode(_ value: Double) throws {
    guard value.isFinite else {
      throw EncodingError.invalidValue(value, .init(codingPath: codingPath, debugDescription: "\(value) cannot be written in JSON"))
    }
    // As it reads back from text, where a whole number has no fraction.
    slot.content = .value(Int64(exactly: value).flatMap { abs(value) < 0x1p53 ? .integer($0) : nil } ?? .number(value))
  }

  func encode(_ value: Float) throws { try encode(Double(value.description) ?? Double(value)) }
  func encode(_ value: Int) { whole(value) }
  func encode(_ value: Int8) { whole(value) }
  func encode(_ value: Int16) { whole(value) }
  func encode(_ value: Int32) { whole(value) }
  func encode(_ value: Int64) { whole(value) }
  func encode(_ value: UInt) { whole(value) }
  func encode(_ value: UInt8) { whole(value) }
  func encode(_ value: UInt16) { whole(value) }
  func encode(_ value: UInt32) { whole(value) }
  func encode(_ value: UInt64) { whole(value) }
  func encode<Value: Encodable>(_ value: Value) throws { slot.content = .value(try JSONValueEncoder.encode(value, place)) }

  private func whole(_ value: some FixedWidthInteger) {
    slot.content = .value(Int64(exactly: value).map { .integer($0) } ?? .number(Double(value)))
  }
}

/// A dictionary whose keys are texts: they are data, not names of properties.
private protocol DictionaryToEncode {
  func encoded(_ place: JSONValueDecoder.Place) throws -> JSON
}

extension Dictionary: DictionaryToEncode where Key == String, Value: Encodable {
  fileprivate func encoded(_ place: JSONValueDecoder.Place) throws -> JSON {
    JSON(
      try sorted { $0.key < $1.key }.map { ($0.key, try JSONValueEncoder.encode($0.value, .inside(place, MemberKey(stringValue: $0.key)))) })
  }
}

private struct KeyedSlots<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let slot: JSONValueEncoder.Slot
  let place: JSONValueDecoder.Place
  var codingPath: [any CodingKey] { place.path }

  private func encoder(_ key: some CodingKey) -> JSONValueEncoder {
    JSONValueEncoder(slot: slot.add(SnakeCase.snake(key.stringValue)), place: .inside(place, key))
  }

  func encodeNil(forKey key: Key) { encoder(key).encodeNil() }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try encoder(key).encode(value) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
    encoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }
  func superEncoder() -> any Encoder { encoder(MemberKey(stringValue: "super")) }
  func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
}

private struct ListedSlots: UnkeyedEncodingContainer {
  let slot: JSONValueEncoder.Slot
  let place: JSONValueDecoder.Place
  private(set) var count = 0
  var codingPath: [any CodingKey] { place.path }

  init(slot: JSONValueEncoder.Slot, place: JSONValueDecoder.Place) {
    self.slot = slot
    self.place = place
  }

  private mutating func encoder() -> JSONValueEncoder {
    defer { count += 1 }
    return JSONValueEncoder(slot: slot.add(), place: .inside(place, MemberKey(index: count)))
  }

  mutating func encodeNil() { encoder().encodeNil() }
  mutating func encode<Value: Encodable>(_ value: Value) throws { try encoder().encode(value) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    encoder().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
  mutating func superEncoder() -> any Encoder { encoder() }
}

extension JSON {
  /// The same with the keys of all objects sorted; a number that is not finite becomes null.
  fileprivate var inOrderOfKeys: JSON {
    switch self {
    case .object(let object): JSON(object.members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.inOrderOfKeys) })
    case .array(let elements): .array(elements.map(\.inOrderOfKeys))
    case .number(let value): value.isFinite ? self : .null
    default: self
    }
  }
}
