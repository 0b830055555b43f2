internal import Foundation

/// The Mann-Whitney (Wilcoxon rank-sum) test.
public enum MannWhitney {
  /// Which change counts.
  public enum Alternative: Sendable { case twoSided, referenceIsLess }

  /// U of the reference, normal approximation with tie correction and a continuity correction of ½.
  /// - Parameter exactWhenSmall: count arrangements instead, if either sample has at most 8 values and none are tied, as scipy's `method="auto"`.
  /// - Source: Mann and Whitney (1947). Values checked against scipy's `mannwhitneyu`.
  public static func test(
    _ reference: Sample, _ current: Sample, alternative: Alternative = .twoSided, exactWhenSmall: Bool = false
  ) throws(NotComputable) -> TestResult {
    try Sample.check(reference, current)
    let (n, m) = (Double(reference.count), Double(current.count))
    let total = n + m
    var rankSum = 0.0
    var ties = 0.0
    var seen = 0.0
    TieGroups.forEach(reference, current) { _, a, b in
      let size = Double(a + b)
      rankSum += Double(a) * (seen + (size + 1) / 2)
      ties += size * size * size - size
      seen += size
    }
    let u = rankSum - n * (n + 1) / 2
    let tested = alternative == .twoSided ? max(u, n * m - u) : n * m - u
    let sides = alternative == .twoSided ? 2.0 : 1.0
    if exactWhenSmall, ties == 0, min(reference.count, current.count) <= 8 {
      return TestResult(statistic: u, pValue: sides * exactSurvival(Int(tested), reference.count, current.count))
    }
    let deviation = (n * m / 12 * ((total + 1) - ties / (total * (total - 1)))).squareRoot()
    guard deviation > 0 else { return TestResult(statistic: u, pValue: 1) }
    return TestResult(statistic: u, pValue: sides * Normal.survival((tested - n * m / 2 - 0.5) / deviation))
  }

  /// P(U ≥ u) without ties: arrangements counted as shares, one sample after another.
  private static func exactSurvival(_ u: Int, _ n: Int, _ m: Int) -> Double {
    let (small, large) = (min(n, m), max(n, m))
    // ways[k][s]: subsets of k of the ranks so far with rank excess s; ranks are added one by one.
    let most = small * large
    var ways = [[Double]](repeating: [Double](repeating: 0, count: most + 1), count: small + 1)
    ways[0][0] = 1
    for rank in 0..<(small + large) {
      for k in stride(from: min(small, rank + 1), to: 0, by: -1) {
        let excess = rank - (k - 1)
        if excess < 0 || excess > large { continue }
        for s in stride(from: most, through: excess, by: -1) { ways[k][s] += ways[k - 1][s - excess] }
      }
    }
    let all = ways[small].reduce(0, +)
    return u > most ? 0 : ways[small][max(0, u)...].reduce(0, +) / all
  }
}
