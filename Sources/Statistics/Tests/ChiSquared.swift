internal import Foundation

/// Tests of a 2 × k table of counts: do reference and current draw from the same categories in the same shares?
public enum ChiSquared {
  /// Pearson's two-sample test: Σ (observed − expected)²/expected, k − 1 degrees of freedom, no continuity correction.
  ///
  /// Asymptotic; below about 5 expected in a cell use `permutation`.
  /// - Source: Pearson (1900). Values checked against scipy's `chi2_contingency(correction=False)`.
  public static func test(_ counts: CategoryCounts) throws(NotComputable) -> TestResult {
    try asymptotic(counts) { observed, expected in
      let gap = observed - expected
      return gap * gap / expected
    }
  }

  /// The likelihood-ratio (G) test: 2 Σ observed · ln(observed/expected), k − 1 degrees of freedom.
  /// - Source: Wilks (1938). Values checked against scipy's `chi2_contingency(lambda_="log-likelihood", correction=False)`.
  public static func likelihoodRatio(_ counts: CategoryCounts) throws(NotComputable) -> TestResult {
    try asymptotic(counts) { observed, expected in observed > 0 ? 2 * observed * log(observed / expected) : 0 }
  }

  private static func asymptotic(_ counts: CategoryCounts, _ cell: (Double, Double) -> Double) throws(NotComputable) -> TestResult {
    let (n, m) = try counts.totals()
    var statistic = 0.0
    var categories = 0
    for (a, b) in zip(counts.reference, counts.current) where a + b > 0 {
      let together = Double(a + b)
      statistic += cell(Double(a), together * n / (n + m)) + cell(Double(b), together * m / (n + m))
      categories += 1
    }
    let freedom = Double(categories - 1)
    guard freedom > 0 else { return TestResult(statistic: 0, pValue: 1, degreesOfFreedom: 0) }
    return TestResult(
      statistic: statistic, pValue: ChiSquaredLaw.survival(statistic, degreesOfFreedom: freedom), degreesOfFreedom: freedom)
  }

  /// Pearson's statistic against tables drawn with the same margins: right for any expected count.
  ///
  /// p = (1 + tables at least as extreme)/(1 + tables drawn). The seed is fixed, so the answer is the same every time.
  /// - Parameters:
  ///   - tables: how many are drawn.
  ///   - seed: of the generator.
  /// - Complexity: O(tables · k · standard deviation of a cell).
  public static func permutation(_ counts: CategoryCounts, tables: Int = 1999, seed: UInt64 = 1) throws(NotComputable) -> TestResult {
    let observed = try test(counts)
    let sides = counts.occurring
    guard sides.reference.count > 1 else { return observed }
    let (n, m) = (sides.referenceTotal, sides.currentTotal)
    // With fixed margins Pearson's statistic is N²/(nm) · Σ (a − a_expected)²/together: one sum over the smaller sample.
    let drawnTotal = min(n, m)
    let small = n <= m ? sides.reference : sides.current
    let together = zip(sides.reference, sides.current).map { $0 + $1 }
    let share = Double(drawnTotal) / Double(n + m)
    func spread(_ cells: [Int]) -> Double {
      var sum = 0.0
      for (cell, total) in zip(cells, together) {
        let gap = Double(cell) - Double(total) * share
        sum += gap * gap / Double(total)
      }
      return sum
    }
    let limit = spread(small) * (1 - 1e-12)
    let law = Hypergeometric(upTo: n + m)
    var random = RandomSource(seed: seed)
    var extreme = 0
    var cells = [Int](repeating: 0, count: together.count)
    for _ in 0..<tables {
      var (left, balls) = (drawnTotal, n + m)
      for index in together.indices {
        let cell = left == 0 ? 0 : law.draw(good: together[index], total: balls, drawn: left, &random)
        cells[index] = cell
        left -= cell
        balls -= together[index]
      }
      if spread(cells) >= limit { extreme += 1 }
    }
    return TestResult(
      statistic: observed.statistic, pValue: Double(1 + extreme) / Double(1 + tables), degreesOfFreedom: observed.degreesOfFreedom)
  }

  /// Cramér's V of the 2 × k table, 0...1.
  public static func cramersV(_ counts: CategoryCounts) throws(NotComputable) -> Double {
    let result = try test(counts)
    guard counts.occurring.reference.count > 1 else { throw NotComputable("there is one category only") }
    return (result.statistic / Double(counts.referenceTotal + counts.currentTotal)).squareRoot()
  }
}
