/// Whether a series rises or falls, and how fast.
public struct MannKendall: Sendable, Hashable, Codable {
  /// Pairs that rise less pairs that fall.
  public let s: Double
  /// Two-sided, normal approximation with tie correction and continuity correction.
  public let pValue: Double
  /// Sen's slope: the median of all pairwise slopes, per step.
  public let slope: Double
  /// The slope's 95 % interval.
  public let slopeLow: Double
  /// Upper end of the same interval.
  public let slopeHigh: Double

  /// - Parameter values: at equal steps, oldest first.
  /// - Throws: with fewer than four values.
  /// - Complexity: O(n² log n).
  /// - Source: Mann (1945), Kendall (1975), Sen (1968).
  public init(_ values: [Double]) throws(NotComputable) {
    let n = values.count
    guard n >= 4 else { throw NotComputable("a trend takes four values, and there are \(n)") }
    guard values.allSatisfy(\.isFinite) else { throw NotComputable("a value is missing or infinite") }
    var sum = 0
    var slopes: [Double] = []
    for i in 0..<n {
      for j in (i + 1)..<max(n, i + 1) {
        let gap = values[j] - values[i]
        sum += gap > 0 ? 1 : gap < 0 ? -1 : 0
        slopes.append(gap / Double(j - i))
      }
    }
    var counts: [Double: Int] = [:]
    for value in values { counts[value, default: 0] += 1 }
    func term(_ t: Int) -> Double { Double(t * (t - 1) * (2 * t + 5)) }
    let variance = (term(n) - counts.values.reduce(0.0) { $0 + term($1) }) / 18
    s = Double(sum)
    let z = variance > 0 ? (s - (s > 0 ? 1 : s < 0 ? -1 : 0)) / variance.squareRoot() : 0
    pValue = min(1, 2 * Normal.survival(abs(z)))
    let ordered = Sample(slopes)
    slope = ordered.quantile(0.5)
    let reach = 1.959963984540054 * max(0, variance).squareRoot()
    let count = Double(ordered.count)
    let low = max(0, ((count - reach) / 2).rounded(.down) - 1)
    let high = min(count - 1, ((count + reach) / 2).rounded(.up))
    slopeLow = ordered.values[Int(low)]
    slopeHigh = ordered.values[Int(high)]
  }
}
