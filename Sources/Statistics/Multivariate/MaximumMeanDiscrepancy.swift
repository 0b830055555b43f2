internal import Foundation

/// The maximum mean discrepancy of two samples of rows, with a Gaussian kernel as wide as the median distance.
public enum MaximumMeanDiscrepancy {
  /// Most rows taken from a side by `test`; of more, this many drawn.
  public static let largestSide = 400

  /// The unbiased estimate of MMD², and the kernel's width: the median distance of the pooled rows, which are standardised by the reference.
  /// - Complexity: O(N² · columns).
  /// - Throws: with fewer than two rows a side, or when all rows are the same.
  /// - Source: Gretton et al. (2012). Values checked against scikit-learn's `rbf_kernel`.
  public static func squared(_ reference: FeatureMatrix, _ current: FeatureMatrix) throws(NotComputable) -> (value: Double, width: Double) {
    let kernel = try Kernel(reference, current)
    return (kernel.discrepancy((0..<kernel.count).map { $0 < reference.rowCount }), kernel.width)
  }

  /// The same with a permutation p-value: (1 + partings at least as far)/(1 + partings), seeded.
  public static func test(_ reference: FeatureMatrix, _ current: FeatureMatrix, permutations: Int = 199, seed: UInt64 = 1) throws(NotComputable) -> TestResult {
    var random = RandomSource(seed: seed)
    let (a, b) = (reference.drawn(largestSide, &random), current.drawn(largestSide, &random))
    let kernel = try Kernel(a, b)
    var isReference = (0..<kernel.count).map { $0 < a.rowCount }
    let observed = kernel.discrepancy(isReference)
    var extreme = 0
    for _ in 0..<permutations {
      random.shuffle(&isReference)
      if kernel.discrepancy(isReference) >= observed { extreme += 1 }
    }
    return TestResult(statistic: observed, pValue: Double(1 + extreme) / Double(1 + permutations))
  }

  private struct Kernel {
    let count: Int
    let width: Double
    private let cells: [Double]
    private let rowSums: [Double]
    private let total: Double

    init(_ reference: FeatureMatrix, _ current: FeatureMatrix) throws(NotComputable) {
      guard reference.rowCount > 1, current.rowCount > 1 else { throw NotComputable("it takes two rows a side") }
      let scale = Standardisation(reference)
      let (a, b) = (scale(reference), scale(current))
      let rows = (0..<a.rowCount).map { Array(a.row($0)) } + (0..<b.rowCount).map { Array(b.row($0)) }
      let n = rows.count
      var squares = [Double](repeating: 0, count: n * n)
      var distances: [Double] = []
      distances.reserveCapacity(n * (n - 1) / 2)
      for i in 0..<n {
        for j in (i + 1)..<max(n, i + 1) {
          var sum = 0.0
          for k in rows[i].indices {
            let gap = rows[i][k] - rows[j][k]
            sum += gap * gap
          }
          squares[i * n + j] = sum
          distances.append(sum.squareRoot())
        }
      }
      let width = Sample(distances).quantile(0.5)
      guard width > 0, width.isFinite else { throw NotComputable("more than half of the rows are the same") }
      let factor = -1 / (2 * width * width)
      for i in 0..<n {
        for j in (i + 1)..<max(n, i + 1) {
          let value = exp(squares[i * n + j] * factor)
          squares[i * n + j] = value
          squares[j * n + i] = value
        }
      }
      // The diagonal stays 0: the unbiased estimate leaves it out.
      count = n
      self.width = width
      let cells = squares
      self.cells = cells
      let sums = (0..<n).map { i in cells[(i * n)..<((i + 1) * n)].reduce(0, +) }
      rowSums = sums
      total = sums.reduce(0, +)
    }

    func discrepancy(_ isReference: [Bool]) -> Double {
      let members = isReference.indices.filter { isReference[$0] }
      var within = 0.0
      for i in members {
        let start = i * count
        for j in members { within += cells[start + j] }
      }
      let reach = members.reduce(0.0) { $0 + rowSums[$1] }
      let across = reach - within
      let others = total - within - 2 * across
      let (n, m) = (Double(members.count), Double(count - members.count))
      return within / (n * (n - 1)) + others / (m * (m - 1)) - 2 * across / (n * m)
    }
  }
}
