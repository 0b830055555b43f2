internal import Foundation

/// The two-sample Anderson-Darling test.
public enum AndersonDarling {
  /// Midrank A², standardised as Scholz and Stephens do; the p-value read off a quadratic through their critical values, clamped to 0.001...0.25.
  /// - Source: Scholz and Stephens (1987), J. Am. Stat. Assoc. 82, 918. Values checked against scipy's `anderson_ksamp(variant="midrank")`.
  public static func test(_ reference: Sample, _ current: Sample) throws(NotComputable) -> TestResult {
    try Sample.check(reference, current)
    let (n, m) = (Double(reference.count), Double(current.count))
    let total = n + m
    guard total > 3 else { throw NotComputable("there are only \(Int(total)) values, and it takes 4") }
    var (sumA, sumB) = (0.0, 0.0)
    var (seenA, seenB) = (0.0, 0.0)
    var distinct = 0
    TieGroups.forEach(reference, current) { _, a, b in
      let (countA, countB) = (Double(a), Double(b))
      let size = countA + countB
      let below = seenA + seenB + size / 2
      let spread = below * (total - below) - total * size / 4
      let (midA, midB) = (seenA + countA / 2, seenB + countB / 2)
      if spread > 0 {
        let (gapA, gapB) = (total * midA - below * n, total * midB - below * m)
        sumA += size / total * gapA * gapA / spread
        sumB += size / total * gapB * gapB / spread
      }
      seenA += countA
      seenB += countB
      distinct += 1
    }
    guard distinct > 1 else { throw NotComputable("all values are the same") }
    let a2 = (sumA / n + sumB / m) * (total - 1) / total
    let statistic = (a2 - 1) / deviation(n, m)
    return TestResult(statistic: statistic, pValue: pValue(statistic))
  }

  private static func deviation(_ n: Double, _ m: Double) -> Double {
    let total = n + m
    let count = Int(total)
    let inverse = 1 / n + 1 / m
    var harmonic = 0.0
    var g = 0.0
    // g = Σ_{i=1}^{N−2} Σ_{j=i+1}^{N−1} 1/((N−i) j), by partial harmonic sums.
    for i in stride(from: count - 1, to: 1, by: -1) {
      harmonic += 1 / Double(i)
      g += harmonic / Double(count - i + 1)
    }
    let h = harmonic + 1
    let a = (4 * g - 6) + (10 - 6 * g) * inverse
    let b = (2 * g - 4) * 4 + 16 * h + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6
    let c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * inverse + 4 * h
    let d = (2 * h + 6) * 4 - 8 * h
    let variance = (a * total * total * total + b * total * total + c * total + d) / ((total - 1) * (total - 2) * (total - 3))
    return variance.squareRoot()
  }

  /// Critical values at 25, 10, 5, 2.5, 1, 0.5 and 0.1 % for two samples lie between these.
  private static let critical = 0.325...6.546

  /// The least-squares parabola of ln(significance) over the critical values b0 + b1 + b2 of Scholz and Stephens' table.
  private static func pValue(_ x: Double) -> Double {
    if x < critical.lowerBound { return 0.25 }
    if x > critical.upperBound { return 0.001 }
    return exp((quadratic * x + linear) * x + constant)
  }

  private static let (quadratic, linear, constant): (Double, Double, Double) = {
    let points = zip(
      [
        0.675 - 0.245 - 0.105, 1.281 + 0.25 - 0.305, 1.645 + 0.678 - 0.362, 1.96 + 1.149 - 0.391, 2.326 + 1.822 - 0.396, 2.573 + 2.364 - 0.345,
        3.085 + 3.615 - 0.154,
      ],
      [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001].map { log($0) })
    // Orthogonal polynomials over the points: no normal equations, no lost digits.
    let x = points.map(\.0)
    let y = points.map(\.1)
    let count = Double(x.count)
    let mean = x.reduce(0, +) / count
    let p1 = x.map { $0 - mean }
    let n1 = p1.reduce(0.0) { $0 + $1 * $1 }
    let alpha = zip(x, p1).reduce(0.0) { $0 + $1.0 * $1.1 * $1.1 } / n1
    let beta = n1 / count
    let p2 = zip(x, p1).map { ($0 - alpha) * $1 - beta }
    let n2 = p2.reduce(0.0) { $0 + $1 * $1 }
    let c0 = y.reduce(0, +) / count
    let c1 = zip(y, p1).reduce(0.0) { $0 + $1.0 * $1.1 } / n1
    let c2 = zip(y, p2).reduce(0.0) { $0 + $1.0 * $1.1 } / n2
    return (c2, c1 - c2 * (alpha + mean), c0 - c1 * mean + c2 * (alpha * mean - beta))
  }()
}
