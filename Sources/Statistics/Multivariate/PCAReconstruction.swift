internal import Foundation

/// How well rows fit the directions in which the reference varies: the length of what is left after projecting a standardised row on the principal
/// components that explain 65 % of the reference's variance.
///
/// It sees a change of how columns go together, which no test of one column sees.
/// - Source: NannyML's data reconstruction drift. Values checked against numpy's and NannyML 0.13's.
public struct PCAReconstruction: Sendable, Hashable, Codable {
  private let standardisation: Standardisation
  /// Unit vectors, by falling variance.
  public let components: [[Double]]
  /// The share of the variance that they explain.
  public let explained: Double

  /// - Parameter share: of the variance to explain at least.
  /// - Throws: with fewer than two rows or columns, or when nothing varies.
  /// - Complexity: O(rows · columns² + columns³).
  public init(_ reference: FeatureMatrix, share: Double = 0.65) throws(NotComputable) {
    guard reference.rowCount > 1, reference.columnCount > 1 else { throw NotComputable("it takes two rows and two columns") }
    standardisation = Standardisation(reference)
    let z = standardisation(reference)
    let k = z.columnCount
    var covariance = [[Double]](repeating: [Double](repeating: 0, count: k), count: k)
    for row in 0..<z.rowCount {
      let values = Array(z.row(row))
      for i in 0..<k {
        let x = values[i]
        for j in i..<k { covariance[i][j] += x * values[j] }
      }
    }
    for i in 0..<k {
      for j in i..<k {
        covariance[i][j] /= Double(z.rowCount)
        covariance[j][i] = covariance[i][j]
      }
    }
    let (values, vectors) = SymmetricMatrix.eigen(covariance)
    let total = values.reduce(0, +)
    guard total > 0 else { throw NotComputable("nothing varies") }
    var kept = 0
    var sum = 0.0
    while kept < k, sum / total < share {
      sum += values[kept]
      kept += 1
    }
    components = Array(vectors[..<kept])
    explained = sum / total
  }

  /// The error of each row.
  public func errors(_ matrix: FeatureMatrix) -> [Double] {
    let z = standardisation(matrix)
    return (0..<z.rowCount).map { row in
      let values = Array(z.row(row))
      var rest = values
      for component in components {
        var score = 0.0
        for j in values.indices { score += component[j] * values[j] }
        for j in values.indices { rest[j] -= score * component[j] }
      }
      return rest.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
    }
  }

  /// Drift of all columns together: fitted on one half of the reference, the errors of the other half against those of the current rows by a KS test.
  /// The statistic is the ratio of the mean errors, current over reference.
  /// - Throws: with fewer than 20 reference rows or no current ones.
  public static func test(_ reference: FeatureMatrix, _ current: FeatureMatrix, seed: UInt64 = 1) throws(NotComputable) -> (result: TestResult, effect: Double)
  {
    guard reference.rowCount >= 20 else { throw NotComputable("the reference has \(reference.rowCount) rows, and it takes 20") }
    guard current.rowCount > 0 else { throw NotComputable("the current data have no rows") }
    var random = RandomSource(seed: seed)
    var rows = Array(0..<reference.rowCount)
    random.shuffle(&rows)
    let half = rows.count / 2
    let fitted = try PCAReconstruction(reference.selecting(Array(rows[..<half])))
    let before = Sample(fitted.errors(reference.selecting(Array(rows[half...]))))
    let after = Sample(fitted.errors(current))
    let ks = try KolmogorovSmirnov.test(before, after)
    return (TestResult(statistic: before.mean > 0 ? after.mean / before.mean : 1, pValue: ks.pValue), ks.statistic)
  }
}
