import Foundation
import Lifecycle
import Testing
import Values

@testable import Workers

@Suite final class WindowFinderTests {
  private let directory = NSTemporaryDirectory() + "kedge-windows-\(UUID().uuidString)"
  private let monitor = MonitorSpecification(
    name: "m", model: "m", window: MonitorWindow(source: .files("*.csv")), columns: MonitorColumns(id: "id", time: "at", label: "y"))

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  private func write(_ name: String, _ text: String) throws -> String {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try text.write(toFile: "\(directory)/\(name)", atomically: false, encoding: .utf8)
    return "\(directory)/\(name)"
  }

  @Test func `a name that begins with a dot is never a window`() throws {
    _ = try write(".hidden.csv", "id\n")
    _ = try write("b.csv", "id\n")
    _ = try write("a.csv", "id\n")
    #expect(try WindowFinder.files(matching: "\(directory)/*.csv").map { $0.path.split(separator: "/").last } == ["a.csv", "b.csv"])
  }

  @Test func `a window lasts from the first to the last value of its time column, whatever their order`() throws {
    let path = try write("w.csv", "id,at\n1,2026-01-02T00:00:00Z\n2,2026-01-01T00:00:00Z\n3,2026-01-03T12:00:00Z\n")
    let window = try WindowFinder(monitor).window(at: path)
    #expect(window.startAt == Timestamp("2026-01-01"))
    #expect(window.endAt == Timestamp("2026-01-03T12:00:00Z"))
    #expect(try WindowFinder(monitor).window(at: path) == window, "the same file is the same window")
  }

  @Test func `a file without times is a window at its modification time`() throws {
    let path = try write("broken.csv", "id,at\n1,yesterday\n")
    let window = try WindowFinder(monitor).window(at: path)
    #expect(window.startAt == window.endAt)
    #expect(Timestamp.now() - window.endAt < .seconds(3600))
  }

  @Test func `labels join by id, and the file written later is right`() throws {
    var monitor = monitor
    _ = try write("labels-1.txt", "id,y\nb,0\na,0\n")
    let later = try write("labels-2.txt", "y,id\n1,a\n,b\n")
    try FileManager.default.setAttributes([.modificationDate: Date().addingTimeInterval(60)], ofItemAtPath: later)
    monitor.window.labels = "\(directory)/labels-*.txt"
    let book = try LabelBook(monitor, nil)
    #expect(book["a"] == "1")
    #expect(book["b"] == "0", "an empty label is none")
    let window = try write("w.csv", "id,x\na,\"1,5\"\nc,2\n")
    #expect(try book.write(rowsOf: window, to: directory + "/rows.csv") == 1)
    #expect(try String(contentsOfFile: directory + "/rows.csv", encoding: .utf8) == "id,x,y\na,\"1,5\",1\n")
  }
}
