internal import Foundation

/// Rows of numbers, without missing values.
public struct FeatureMatrix: Sendable, Hashable {
  /// How many rows; may be 0.
  public let rowCount: Int
  /// How many values each row has.
  public let columnCount: Int
  /// Row after row.
  public private(set) var values: [Double]

  /// - Precondition: `values` has rowCount · columnCount elements, all finite.
  public init(rowCount: Int, columnCount: Int, values: [Double]) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.values = values
  }

  /// From columns of equal length; what is not finite becomes the column's mean, 0 when it has none.
  public init(columns: [[Double]]) {
    let rows = columns.first?.count ?? 0
    var values = [Double](repeating: 0, count: rows * columns.count)
    for (j, column) in columns.enumerated() {
      let present = column.filter(\.isFinite)
      let fill = present.isEmpty ? 0 : Summation.mean(present)
      for i in 0..<rows { values[i * columns.count + j] = column[i].isFinite ? column[i] : fill }
    }
    self.init(rowCount: rows, columnCount: columns.count, values: values)
  }

  subscript(row: Int, column: Int) -> Double { values[row * columnCount + column] }

  /// One row.
  func row(_ index: Int) -> ArraySlice<Double> { values[(index * columnCount)..<((index + 1) * columnCount)] }

  /// The rows at these positions.
  public func selecting(_ rows: [Int]) -> FeatureMatrix {
    FeatureMatrix(rowCount: rows.count, columnCount: columnCount, values: rows.flatMap { row($0) })
  }

  /// At most so many rows, drawn at random.
  func drawn(_ most: Int, _ random: inout RandomSource) -> FeatureMatrix {
    guard rowCount > most else { return self }
    var rows = Array(0..<rowCount)
    random.shuffle(&rows)
    return selecting(Array(rows.prefix(most)))
  }
}

/// Moves every column to mean 0 and deviation 1 by a reference.
public struct Standardisation: Sendable, Hashable, Codable {
  /// The reference's, one a column.
  public let means: [Double]
  /// Population's; 1 where a column does not vary.
  public let deviations: [Double]

  /// Learns means and deviations; 0 and 1 from a reference without rows.
  public init(_ reference: FeatureMatrix) {
    var (means, deviations): ([Double], [Double]) = ([], [])
    for column in 0..<reference.columnCount {
      let values = (0..<reference.rowCount).map { reference[$0, column] }
      let mean = values.isEmpty ? 0 : Summation.mean(values)
      let variance = values.isEmpty ? 0 : Summation.sum(values) { ($0 - mean) * ($0 - mean) } / Double(values.count)
      means.append(mean)
      deviations.append(variance > 0 && variance.isFinite ? variance.squareRoot() : 1)
    }
    self.means = means
    self.deviations = deviations
  }

  /// The matrix, column by column less the reference's mean, over its deviation. Columns must be the reference's.
  public func callAsFunction(_ matrix: FeatureMatrix) -> FeatureMatrix {
    var values = matrix.values
    for i in values.indices {
      let column = i % matrix.columnCount
      values[i] = (values[i] - means[column]) / deviations[column]
    }
    return FeatureMatrix(rowCount: matrix.rowCount, columnCount: matrix.columnCount, values: values)
  }
}
