import Foundation
import Statistics
import Testing
import Values

/// The golden numbers: made by `golden/make.py` with numpy, scipy, Evidently, scikit-learn, River, Fairlearn and NannyML.
enum Golden {
  static let folder = Bundle.module.resourceURL!.appendingPathComponent("Golden")

  static func json(_ path: String) throws -> JSON {
    try JSON(parsing: Array(Data(contentsOf: folder.appendingPathComponent(path))))
  }

  /// Rows of a plain comma-separated file, header first.
  static func rows(_ path: String) throws -> [[Substring]] {
    try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
  }

  /// One column of such a file by name.
  static func column(_ path: String, _ name: String) throws -> [Double] {
    let rows = try rows(path)
    let index = rows[0].firstIndex { $0 == name }!
    return rows.dropFirst().map { Double($0[index])! }
  }

  static func texts(_ path: String, _ name: String) throws -> [String] {
    let rows = try rows(path)
    let index = rows[0].firstIndex { $0 == name }!
    return rows.dropFirst().map { String($0[index]) }
  }

  /// The cases with these kinds of columns.
  static func cases(_ kinds: String...) -> [String] {
    let index = try! json("index.json").object!
    return index.members.filter { kinds.contains($0.value["kind"]!.string!) }.map(\.key).sorted()
  }

  /// A case's columns.
  static func samples(_ name: String) throws -> (reference: [String], current: [String]) {
    let rows = try rows("cases/\(name).csv").dropFirst()
    return (rows.filter { $0[0] == "ref" }.map { String($0[1]) }, rows.filter { $0[0] == "cur" }.map { String($0[1]) })
  }

  /// A case's finite numbers, sorted; times in seconds since 1970.
  static func numbers(_ name: String) throws -> (reference: Sample, current: Sample) {
    let (a, b) = try samples(name)
    func parse(_ texts: [String]) -> Sample {
      Sample(texts.compactMap { Double($0) ?? Timestamp($0).map { Double($0.microseconds) / 1e6 } }.filter(\.isFinite))
    }
    return (parse(a), parse(b))
  }

  /// A case's categories counted, in sorted order.
  static func counts(_ name: String) throws -> CategoryCounts {
    let (a, b) = try samples(name)
    let keys = Set(a + b).filter { !$0.isEmpty }.sorted()
    var (x, y): ([String: Int], [String: Int]) = ([:], [:])
    for key in a { x[key, default: 0] += 1 }
    for key in b { y[key, default: 0] += 1 }
    return CategoryCounts(reference: keys.map { x[$0] ?? 0 }, current: keys.map { y[$0] ?? 0 })
  }

  static func number(_ json: JSON?) -> Double? {
    if let value = json?.double { return value }
    switch json?.string {
    case "nan": return .nan
    case "inf": return .infinity
    case "-inf": return -.infinity
    default: return nil
    }
  }
}

/// Equal to 1e-9 relative (1e-6 for p-values below 1e-12); what a library could not compute must be not computable.
func expectGolden(
  _ label: String, _ expected: JSON?, tolerance: Double = 1e-9, absolute: Double = 1e-15, isPValue: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ compute: () throws -> Double
) {
  let wanted = Golden.number(expected)
  do {
    let got = try compute()
    guard let wanted else {
      Issue.record("\(label): got \(got), expected \(expected.map { "\($0)" } ?? "nothing")", sourceLocation: sourceLocation)
      return
    }
    if wanted.isNaN || got.isNaN {
      #expect(wanted.isNaN && got.isNaN, "\(label): got \(got), expected \(wanted)", sourceLocation: sourceLocation)
      return
    }
    if wanted == got { return }
    let limit = isPValue && wanted < 1e-12 ? max(tolerance, 1e-6) : tolerance
    let error = abs(got - wanted) / max(abs(wanted), 1e-300)
    #expect(
      error <= limit || abs(got - wanted) <= absolute, "\(label): got \(got), expected \(wanted), relative error \(error)", sourceLocation: sourceLocation)
  } catch {
    if let wanted, !wanted.isNaN { Issue.record("\(label): \(error), expected \(wanted)", sourceLocation: sourceLocation) }
  }
}
