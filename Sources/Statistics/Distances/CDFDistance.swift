internal import Foundation

/// Distances between two empirical distribution functions F (reference) and G (current).
public enum CDFDistance {
  /// Wasserstein-1 (earth mover's): ∫|F − G|, in the column's unit.
  /// - Complexity: O(n + m) on sorted samples.
  /// - Source: values checked against scipy's `wasserstein_distance`.
  public static func wasserstein(_ reference: Sample, _ current: Sample) throws(NotComputable) -> Double {
    try integral(reference, current) { abs($0) }
  }

  /// Wasserstein-1 over the reference's standard deviation (population's); over nothing when that is 0.
  public static func normedWasserstein(_ reference: Sample, _ current: Sample) throws(NotComputable) -> Double {
    let distance = try wasserstein(reference, current)
    let deviation = reference.standardDeviation(degreesLost: 0)
    return deviation > 0 ? distance / deviation : distance
  }

  /// Energy distance: √(2 ∫ (F − G)²), in the root of the column's unit.
  /// - Complexity: O(n + m) on sorted samples.
  /// - Source: Székely and Rizzo (2013). Values checked against scipy's `energy_distance`.
  public static func energy(_ reference: Sample, _ current: Sample) throws(NotComputable) -> Double {
    (2 * (try integral(reference, current) { $0 * $0 })).squareRoot()
  }

  private static func integral(_ reference: Sample, _ current: Sample, _ gap: (Double) -> Double) throws(NotComputable) -> Double {
    try Sample.check(reference, current)
    let (n, m) = (Double(reference.count), Double(current.count))
    var (seenA, seenB) = (0, 0)
    var last = 0.0
    var started = false
    var sum = 0.0
    // Kahan's compensation, so that a million thin slices lose nothing.
    var lost = 0.0
    TieGroups.forEach(reference, current) { value, a, b in
      if started {
        let slice = gap(Double(seenA) / n - Double(seenB) / m) * (value - last) - lost
        let next = sum + slice
        lost = (next - sum) - slice
        sum = next
      }
      started = true
      last = value
      seenA += a
      seenB += b
    }
    guard sum.isFinite else { throw NotComputable("the values are infinite, or so large that their differences are") }
    return sum
  }
}
