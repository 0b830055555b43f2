import Testing
import Values

@Suite struct JSONTests {
  @Test(arguments: ["null", "true", "[1,2.5,-3e-07]", #"{"b":1,"a":[{}],"c":"é\n\"\\"}"#, "9223372036854775807", #""😀""#])
  func `prints what it read`(text: String) throws { #expect(try JSON(parsing: text).description == text) }

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
}
