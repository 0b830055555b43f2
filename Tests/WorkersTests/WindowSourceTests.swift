import Foundation
import Lifecycle
import Testing
import Values

@testable import Workers

@Suite struct WindowSourceTests {
  @Test(arguments: [
    ("/data/date=2026-11-23", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"), ("/data/2026-11-23/", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
    ("/data/dt=20261123/hour=05", "2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z"),
    ("/data/year=2026/month=2/day=3", "2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z"),
    ("/2020-01-01/2026/11/23/23", "2026-11-23T23:00:00Z", "2026-11-24T00:00:00Z"),
  ])
  func `a directory is named after a day or an hour`(path: String, start: String, end: String) {
    let date = PartitionDate(path)
    #expect(date?.start.description == start)
    #expect(date?.end.description == end)
  }

  @Test(arguments: ["/data/incoming", "/data/2026-13-01", "/data/year=2026/month=11", "/data/12345678"])
  func `a directory without a date has none`(path: String) { #expect(PartitionDate(path) == nil) }

  private let monitor = MonitorSpecification(
    name: "m", model: "m",
    window: MonitorWindow(source: .sql(SQLSource(connection: CredentialReference("env:URL")!, query: "select 1 where now() >= :from and now() < :to"))))

  @Test func `of a new monitor with a query the last whole stretch is due, later ones one after another`() throws {
    let finder = WindowFinder(monitor)
    let now = Timestamp("2026-11-23T10:20:00Z")!
    #expect(finder.due(after: nil, at: now).map(\.source) == ["sql:2026-11-23T09:00:00Z/2026-11-23T10:00:00Z"])
    #expect(finder.due(after: Timestamp("2026-11-23T10:00:00Z"), at: now).isEmpty)
    #expect(finder.due(after: Timestamp("2026-11-23T07:00:00Z"), at: now).count == 3)
    #expect(finder.due(after: Timestamp("2020-01-01"), at: now).count == 100)
    let window = try finder.window(QueriedWindow("sql:2026-11-23T09:00:00Z/2026-11-23T10:00:00Z")!)
    #expect(window == (try finder.window(QueriedWindow(from: window.startAt, to: window.endAt))), "the same stretch is the same window")
    #expect(QueriedWindow("/data/x.csv") == nil)
  }

  @Test func `a directory is a window when its day is over, or it says that it is whole`() throws {
    let root = NSTemporaryDirectory() + "kedge-partitions-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    func write(_ path: String) throws {
      let file = URL(fileURLWithPath: "\(root)/\(path)")
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("x\n1\n".utf8).write(to: file)
    }
    for path in ["date=2026-01-01/a.csv", "date=2026-01-02/a.csv", "date=2026-01-02/_SUCCESS", "date=2026-01-03/a.csv", "date=2025-01-01/notes.txt"] {
      try write(path)
    }
    let found = try WindowFinder.windows(matching: "\(root)/date=*", at: Timestamp("2026-01-02T12:00:00Z")!).map { $0.path.split(separator: "/").last ?? "" }
    #expect(found == ["date=2026-01-01", "date=2026-01-02"])
    let finder = WindowFinder(MonitorSpecification(name: "m", model: "m", window: MonitorWindow(source: .files("\(root)/date=*"))))
    let window = try finder.window(at: "\(root)/date=2026-01-01")
    #expect(window.startAt == Timestamp("2026-01-01"))
    #expect(window.endAt == Timestamp("2026-01-02"))
    try write("date=2026-01-01/b.csv")
    #expect(try finder.window(at: "\(root)/date=2026-01-01").window != window.window, "other content is another window")
  }
}
