import Foundation
import Testing
import Values

@Suite struct JSONTests {
  @Test(arguments: ["null", "true", "[1,2.5,-3e-07]", #"{"b":1,"a":[{}],"c":"é\n\"\\"}"#, "9223372036854775807", #""😀""#])
  func `prints what it read`(text: String) throws { #expect(try JSON(parsing: text).description == text) }

  @Test(arguments: ["-0", "-0.0", "0e5", "-4e-537203685"])
  func `zero is printed without a sign, as PostgreSQL prints it, so that it reads back as it was printed`(text: String) throws {
    #expect(try JSON(parsing: text).description == "0")
  }

  @Test func `escapes and surrogate pairs are read`() throws {
    #expect(try JSON(parsing: #""\u00e9\ud83d\ude00\/""#) == "é😀/")
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\" 1}", "01", "1.", "tru", "\"a", "\"\\ud800\"", "1 2", "\"\u{1}\"", "1e999", String(repeating: "[", count: 600),
  ])
  func `what is not JSON is refused`(text: String) { #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) } }

  @Test func `an error names the line`() {
    let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: "{\"a\": 1\n \"b\": 2}") }
    #expect(error?.description == "line 2: expected a comma or } after the value of \"a\"")
  }

  @Test func `numbers that JSON cannot hold are null`() { #expect(JSON(Double.nan).description == "null") }

  @Test func `types go through snake case and back`() throws {
    struct Window: Codable, Equatable { var startAt: Timestamp; var rowCount: Int; var byVersion: [String: Double] }
    let window = Window(startAt: Timestamp(seconds: 5), rowCount: 3, byVersion: ["Model/1": 0.5])
    let json = try JSON(encoding: window)
    #expect(json.description == #"{"by_version":{"Model/1":0.5},"row_count":3,"start_at":"1970-01-01T00:00:05Z"}"#)
    #expect(try json.decode(Window.self) == window)
  }

  @Test func `free JSON inside a type keeps the spelling of its keys`() throws {
    struct Request: Codable, Equatable { var someParameters: JSON }
    let request = Request(someParameters: ["shuffle_labels": true, "maxDepth": [1, 2.5, nil]])
    let json = try JSON(encoding: request)
    #expect(json == ["some_parameters": ["shuffle_labels": true, "maxDepth": [1, 2.5, nil]]])
    #expect(try json.decode(Request.self) == request)
  }

  @Test(arguments: ["name", "rowCount", "myURLPath", "p95Low", "sha256", "top5Values", "isA", "_hidden", "userID", "x", "aBC"])
  func `names of properties are written as Foundation writes them`(name: String) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
    struct Keyed: Codable {
      let name: String
      init(name: String) { self.name = name }
      init(from decoder: any Decoder) throws { name = try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue).joined() }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(1, forKey: Key(stringValue: name))
      }
    }
    let theirs = try JSON(parsing: Array(encoder.encode(Keyed(name: name))))
    #expect(try JSON(encoding: Keyed(name: name)) == theirs)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let key = theirs.object!.members[0].key
    for text in [key, "_\(key)_", "__", "a__b", "Some_Thing", "_a_b_"] {
      let json: JSON = .object(
        {
          var object = JSON.Object(); object[text] = 1; return object
        }())
      #expect(try json.decode(Keyed.self).name == decoder.decode(Keyed.self, from: Data(json.description.utf8)).name)
    }
  }

  @Test func `values are written and read as Foundation does it`() throws {
    enum Level: String, Codable, Equatable { case low, high }
    enum Shape: Codable, Equatable { case circle(radius: Double), none }
    class Base: Codable { var base = 1 }
    struct Inner: Codable, Equatable { var maybe: Int?; var list: [Double?]; var pairs: [String: [String: Int?]] }
    struct Outer: Codable, Equatable {
      var id: UUID
      var small: UInt8
      var whole: Double
      var large: Double
      var single: Float
      var level: Level
      var shapes: [Shape]
      var inner: [Inner]
      var byLevel: [Level: Int]
      var nothing: String?
      var empty: Empty
      struct Empty: Codable, Equatable {}
    }
    let value = Outer(
      id: UUID(), small: 255, whole: 5, large: 1.5e300, single: 0.1, level: .high, shapes: [.circle(radius: 2.5), .none],
      inner: [Inner(maybe: nil, list: [1, nil, -0.25], pairs: ["someKey": ["a_b": 1, "n": nil]])], byLevel: [.low: 1], nothing: nil, empty: .init())
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // But for ids, which are in lower case.
    let text = String(decoding: try encoder.encode(value), as: UTF8.self).replacing(value.id.uuidString, with: value.id.lowercased)
    #expect(try JSON(encoding: value).description == text)
    #expect(try JSON(parsing: text).decode(Outer.self) == value)
  }

  @Test func `what does not fit says what and where`() throws {
    struct Inner: Codable { var rows: Int }
    struct Outer: Codable { var window: Inner; var names: [String] }
    func problem(_ json: JSON) -> String? { #expect(throws: DecodingError.self) { try json.decode(Outer.self) }?.summary }
    #expect(problem(["window": ["rows": "5"], "names": []]) == "window.rows: expected a whole number, found a text")
    #expect(problem(["window": ["rows": 5.5], "names": []]) == "window.rows: 5.5 is no whole number that fits Int")
    #expect(problem(["window": ["rows": 5], "names": ["a", 1]]) == "names.[1]: expected a text, found a number")
    #expect(problem(["window": ["rows": nil], "names": []]) == "window.rows: a value is missing")
    #expect(problem(["window": [:], "names": []]) == "window.rows: missing")
    #expect(problem([]) == "value: expected an object, found a list")
  }

  @Test func `of many keys the last of duplicates wins`() throws {
    let text = "{" + (0..<40).map { "\"k\($0 % 30)\": \($0)" }.joined(separator: ",") + "}"
    let object = try #require(try JSON(parsing: text).object)
    #expect(object.members.count == 30)
    #expect(object["k9"] == 39 && object["k20"] == 20)
  }
}
