import Foundation
import Logging
import Synchronization
import Telemetry
import Testing
import Values

@Suite struct JSONLogTests {
  private final class Lines: Sendable {
    private let state = Mutex<[String]>([])
    var all: [String] { state.withLock { $0 } }
    func add(_ line: String) { state.withLock { $0.append(line) } }
  }

  private func logger(_ lines: Lines) -> Logger {
    Logger(label: "kedge") { label in JSONLogHandler(label: label) { lines.add($0) } }
  }

  @Test func `a line is an object with its metadata by their own names`() throws {
    let lines = Lines()
    var logger = logger(lines)
    logger[metadataKey: "work"] = "measure x"
    logger.notice("a \"line\"\nof two", metadata: ["correlation": "c", "list": ["a", "b"], "nested": ["n": "1"]])
    let line = try #require(lines.all.first)
    #expect(line.hasSuffix("}\n") && line.split(separator: "\n").count == 1)
    let document = try JSON(parsing: line)
    #expect(document["level"] == "notice")
    #expect(document["logger"] == "kedge")
    #expect(document["message"] == "a \"line\"\nof two")
    #expect(document["work"] == "measure x")
    #expect(document["correlation"] == "c")
    #expect(document["list"] == ["a", "b"])
    #expect(document["nested"] == ["n": "1"])
    #expect(document["time"]?.string.flatMap { Timestamp($0) } != nil)
  }

  @Test func `what a line says of itself cannot be overwritten, and lower levels are silent`() throws {
    let lines = Lines()
    let logger = logger(lines)
    logger.error("m", metadata: ["level": "fine", "message": "other"])
    logger.debug("not this")
    #expect(lines.all.count == 1)
    let document = try JSON(parsing: try #require(lines.all.first))
    #expect(document["level"] == "error")
    #expect(document["message"] == "m")
    #expect(document["metadata.level"] == "fine")
  }
}
