import Foundation
import Profiles
import Statistics
import Testing
import Values

/// The golden data of the statistics' tests.
enum GoldenFiles {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("StatisticsTests/Golden")

  static func json(_ path: String) throws -> JSON { try JSON(parsing: Array(Data(contentsOf: folder.appendingPathComponent(path)))) }

  static func table(_ path: String) throws -> DataTable { try TableReader.read(path: folder.appendingPathComponent(path).path) }

  static func cases(_ kinds: String...) -> [String] {
    let index = try! json("index.json").object!
    return index.members.filter { kinds.contains($0.value["kind"]!.string!) }.map(\.key).sorted()
  }

  /// A case's two samples as tables with the columns row and value.
  static func tables(_ name: String) throws -> (reference: DataTable, current: DataTable) {
    let lines = try String(contentsOf: folder.appendingPathComponent("cases/\(name).csv"), encoding: .utf8).split(separator: "\n").dropFirst()
    func table(_ tag: String) throws -> DataTable {
      let cells = lines.filter { $0.hasPrefix(tag) }.map { $0.dropFirst(tag.count + 1) }
      let text = "row,value\n" + cells.enumerated().map { "\($0.offset),\($0.element)\n" }.joined()
      return try TableReader().read(bytes: Array(text.utf8), source: tag)
    }
    return (try table("ref"), try table("cur"))
  }

  static func parse(_ text: String, source: String = "test.csv", options: TableReader.Options = .init()) throws -> DataTable {
    try TableReader(options: options).read(bytes: Array(text.utf8), source: source)
  }
}

func isClose(_ a: Double?, _ b: Double?, _ tolerance: Double = 1e-9) -> Bool {
  switch (a, b) {
  case (nil, nil): true
  case (let a?, let b?): a == b || abs(a - b) <= tolerance * max(abs(a), abs(b)) || abs(a - b) < 1e-14
  default: false
  }
}
