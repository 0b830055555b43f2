internal import Statistics

/// How rows of a table become rows of numbers: numbers and times as they are, categories by how frequent they are in the reference. Texts are left out.
struct FeatureEncoding: Sendable, Hashable, Codable {
  private struct Feature: Sendable, Hashable, Codable {
    let name: String
    /// Of categories, by their names; nil for numbers.
    let frequencies: [String: Double]?
    /// Stands for what is missing.
    let mean: Double
  }

  private let features: [Feature]

  /// - Parameter excluded: columns that are no inputs.
  init(_ reference: DataTable, excluding excluded: Set<String>) {
    features = reference.columns.filter { !excluded.contains($0.name) && $0.type != .text }.map { column in
      guard column.type != .numeric, column.type != .datetime else {
        let present = column.numbers.filter(\.isFinite)
        return Feature(name: column.name, frequencies: nil, mean: present.isEmpty ? 0 : present.reduce(0, +) / Double(present.count))
      }
      var counts: [String: Int] = [:]
      for row in 0..<column.count { if let text = column.string(at: row) { counts[text, default: 0] += 1 } }
      let total = Double(max(1, counts.values.reduce(0, +)))
      let frequencies = counts.mapValues { Double($0) / total }
      return Feature(name: column.name, frequencies: frequencies, mean: frequencies.values.reduce(0.0) { $0 + $1 * $1 })
    }
  }

  /// Rows of numbers, with further columns behind; a column that the table lacks is missing in every row.
  func matrix(_ table: DataTable, rows: [Int], and more: [[Double]]) -> FeatureMatrix {
    let columns = features.map { feature in
      guard let column = table[feature.name] else { return [Double](repeating: feature.mean, count: rows.count) }
      let values: [Double]
      if let frequencies = feature.frequencies {
        values = rows.map { row in column.string(at: row).map { frequencies[$0] ?? 0 } ?? .nan }
      } else {
        let numbers = column.numbers
        values = rows.map { numbers[$0] }
      }
      return values.map { $0.isFinite ? $0 : feature.mean }
    }
    return FeatureMatrix(columns: columns + more)
  }
}
