import Foundation
import Profiles
import Statistics
import Values

@testable import Reports

/// Data that reports are made of.
enum Fixtures {
  /// Names that would be markup, end a script, turn the text around or break a line, if they were not escaped.
  static let hostile = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>", "'; alert(3); '", "</title></style></script>", "a\u{202E}b\u{0}c", "&lt;b&gt;",
  ]

  /// As many numeric columns as asked for, then one of each other kind, the hostile names among the columns and among the categories.
  static func tables(numeric: Int = 6, rows: Int = 300) throws -> (reference: DataTable, current: DataTable) {
    (try table("reference <b>.csv", numeric, rows, shift: 0), try table("current.csv", numeric, rows, shift: 1))
  }

  private static func table(_ source: String, _ numeric: Int, _ rows: Int, shift: Double) throws -> DataTable {
    var random = SplitMix(state: shift == 0 ? 7 : 8)
    var columns: [Column] = []
    for index in 0..<numeric {
      let moved = index % 5 == 2 ? shift : 0
      let values = (0..<rows).map { _ in random.normal() * Double(index + 1) + moved * Double(index + 1) }
      columns.append(Column(name: index < hostile.count ? hostile[index] : "feature \(index)", values: .numbers(values)))
    }
    func categories(_ names: [String], _ weights: [Double]) -> StringColumn {
      StringColumn(
        (0..<rows).map { _ in
          var left = random.uniform() * weights.reduce(0, +)
          for (name, weight) in zip(names, weights) {
            left -= weight
            if left < 0 { return name }
          }
          return names[0]
        })
    }
    columns.append(Column(name: "kind", values: .strings(categories(hostile, [5, 4, 3 + 8 * shift, 2, 1, 1])), type: .categorical))
    columns.append(Column(name: "member", values: .strings(categories(["true", "false"], [1, 2])), type: .boolean))
    let start = 1_767_225_600 + shift * 86_400 * 90
    columns.append(
      Column(name: "at", values: .times((0..<rows).map { Int64((start + Double($0) * 3600) * 1e6) })))
    columns.append(Column(name: "note", values: .strings(StringColumn((0..<rows).map { "text \($0) of \(shift)" })), type: .text))
    columns.append(Column(name: "constant", values: .numbers(Array(repeating: 7.5, count: rows))))
    columns.append(Column(name: "nothing", values: .numbers(Array(repeating: .nan, count: rows))))
    let scores = (0..<rows).map { _ in random.uniform() }
    columns.append(Column(name: "score", values: .numbers(scores)))
    columns.append(Column(name: "predicted", values: .strings(StringColumn(scores.map { $0 > 0.5 ? "yes" : "no" }))))
    columns.append(Column(name: "truth", values: .strings(StringColumn(scores.map { random.uniform() < $0 ? "yes" : "no" }))))
    if shift == 0 { columns.append(Column(name: "gone <i>", values: .numbers((0..<rows).map(Double.init)))) }
    return DataTable(source: source, rowCount: rows, columns: columns)
  }

  /// Made once for all tests.
  static let standard = try! report()

  /// A report with all that a report can have.
  static func report(numeric: Int = 6, rows: Int = 300, windows: Int = 12) throws -> DriftReport {
    let (reference, current) = try tables(numeric: numeric, rows: rows)
    var options = ComparisonOptions()
    options.exclude = ["truth"]
    options.optional = ["score", "predicted"]
    let (result, distributions) = try Comparison.runWithDistributions(reference: .table(reference), current: .table(current), options: options)
    return DriftReport(
      result: result, distributions: distributions, options: options, sources: (reference.source, current.source),
      model: .init(
        prediction: "predicted", probability: "score", label: "truth", reference: .table(reference), current: .table(current), excluded: ["truth"],
        inputs: result.columns),
      history: MeasurementHistory(json: history(of: result.columns.map(\.name), windows: windows)))
  }

  /// As `kedge get measurements MONITOR -o json` prints it.
  static func history(of columns: [String], windows: Int) -> JSON {
    let items = (0..<windows).flatMap { index -> [JSON] in
      let end = JSON(Timestamp(seconds: 1_767_225_600 + Int64(index) * 86_400))
      let measured = columns.enumerated().map { position, name in
        ["name": .string(name), "effect": JSON(0.01 * Double((index + position) % 9)), "verdict": .string(index > 8 ? "drifted" : "stable")] as JSON
      }
      return [
        [
          "window": ["end_at": end], "part": "input", "drift": ["detected": .bool(index > 8), "share": JSON(0.02 * Double(index))],
          "columns": .array(measured), "superseded": false, "failure": nil,
        ],
        [
          "window": ["end_at": end], "part": "quality", "drift": nil, "metrics": ["accuracy": JSON(0.9 - 0.01 * Double(index))],
          "intervals": ["accuracy": [JSON(0.85 - 0.01 * Double(index)), JSON(0.95 - 0.01 * Double(index))]], "superseded": false, "failure": nil,
        ],
      ]
    }
    return ["items": .array(items)]
  }
}

/// Numbers that are the same in every run.
struct SplitMix {
  var state: UInt64

  mutating func uniform() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Double((z ^ (z >> 31)) >> 11) / 9_007_199_254_740_992
  }

  mutating func normal() -> Double {
    let radius = (-2 * log(max(uniform(), 1e-300))).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }
}
