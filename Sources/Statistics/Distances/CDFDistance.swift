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

  /// Step by step through the pooled values; among ties a step has no width, so that they need no care.
  @inline(__always)
  private static func integral(_ reference: Sample, _ current: Sample, _ gap: (Double) -> Double) throws(NotComputable) -> Double {
    try Sample.check(reference, current)
    let (shareA, shareB) = (1 / Double(reference.count), 1 / Double(current.count))
    // Blocks of steps are summed plainly, the blocks with Kahan's compensation, so that a million thin slices lose nothing.
    var (sum, lost) = (0.0, 0.0)
    reference.values.withUnsafeBufferPointer { a in
      current.values.withUnsafeBufferPointer { b in
        let (n, m) = (a.count, b.count)
        var (i, j) = (0, 0)
        var x = min(a[0], b[0])
        while i < n || j < m {
          var block = 0.0
          var steps = 0
          while steps < blockLength, i < n, j < m {
            let next = a[i] <= b[j] ? a[i] : b[j]
            block += gap(Double(i) * shareA - Double(j) * shareB) * (next - x)
            let isA = a[i] <= b[j] ? 1 : 0
            i &+= isA
            j &+= 1 &- isA
            x = next
            steps &+= 1
          }
          while steps < blockLength, i == n || j == m, i < n || j < m {
            let next = i < n ? a[i] : b[j]
            block += gap(Double(i) * shareA - Double(j) * shareB) * (next - x)
            if i < n { i &+= 1 } else { j &+= 1 }
            x = next
            steps &+= 1
          }
          let part = block - lost
          let total = sum + part
          lost = (total - sum) - part
          sum = total
        }
      }
    }
    guard sum.isFinite else { throw NotComputable("the values are infinite, or so large that their differences are") }
    return sum
  }

  /// Steps between two compensations.
  private static let blockLength = 64
}
