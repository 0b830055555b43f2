internal import Foundation

/// Drift of all columns together: can a classifier tell current rows from reference rows that it has not seen?
public enum DomainClassifier {
  /// Most rows taken from a side; of more, this many drawn.
  public static let largestSide = 4000
  private static let epochs = 12

  /// The AUC, on held-out rows, of a logistic regression over standardised columns, their squares, and the products of pairs (up to 12 columns);
  /// p from the Mann-Whitney law of that AUC when nothing changed. One-sided: only an AUC above ½ is drift. Seeded.
  /// - Throws: with fewer than 20 rows a side.
  public static func test(_ reference: FeatureMatrix, _ current: FeatureMatrix, seed: UInt64 = 1) throws(NotComputable) -> TestResult {
    guard reference.rowCount >= 20 else { throw NotComputable("the reference has \(reference.rowCount) rows, and it takes 20") }
    guard current.rowCount >= 20 else { throw NotComputable("the current data have \(current.rowCount) rows, and it takes 20") }
    var random = RandomSource(seed: seed)
    let scale = Standardisation(reference)
    func shuffled(_ matrix: FeatureMatrix) -> [[Double]] {
      let some = matrix.drawn(largestSide, &random)
      var rows = (0..<some.rowCount).map { Array(some.row($0)) }
      random.shuffle(&rows)
      return rows
    }
    let a = expanded(shuffled(scale(reference)))
    let b = expanded(shuffled(scale(current)))
    let (halfA, halfB) = (a.count / 2, b.count / 2)
    var training = a[..<halfA].map { ($0, false) } + b[..<halfB].map { ($0, true) }
    let weightA = Double(training.count) / (2 * Double(halfA))
    let weightB = Double(training.count) / (2 * Double(halfB))
    let size = a[0].count
    var weights = [Double](repeating: 0, count: size)
    var average = weights
    var bias = 0.0
    var steps = 0.0
    for epoch in 0..<epochs {
      random.shuffle(&training)
      let step = 0.3 / (Double(size) * (1 + Double(epoch)))
      for (row, isCurrent) in training {
        var score = bias
        for k in 0..<size { score += weights[k] * row[k] }
        let gap = ((isCurrent ? 1 : 0) - 1 / (1 + exp(-max(-40, min(40, score))))) * (isCurrent ? weightB : weightA) * step
        for k in 0..<size { weights[k] += gap * row[k] - weights[k] * step * 1e-3 }
        bias += gap
      }
      // The average of the last epochs' weights is steadier than the last.
      if epoch >= epochs / 2 {
        steps += 1
        for k in 0..<size { average[k] += weights[k] }
      }
    }
    func scores(_ rows: ArraySlice<[Double]>) -> Sample {
      Sample(rows.map { row in (0..<size).reduce(0.0) { $0 + average[$1] / steps * row[$1] } })
    }
    let (before, after) = (scores(a[halfA...]), scores(b[halfB...]))
    let result = try MannWhitney.test(before, after, alternative: .referenceIsLess)
    return TestResult(statistic: 1 - result.statistic / (Double(before.count) * Double(after.count)), pValue: result.pValue)
  }

  /// Columns clipped to ±4, their squares, and products of pairs.
  private static func expanded(_ rows: [[Double]]) -> [[Double]] {
    rows.map { row in
      let x = row.map { max(-4, min(4, $0)) }
      var cells = x + x.map { $0 * $0 - 1 }
      if x.count <= 12 {
        for i in x.indices {
          for j in (i + 1)..<max(x.count, i + 1) { cells.append(x[i] * x[j]) }
        }
      }
      return cells
    }
  }
}
