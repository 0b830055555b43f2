internal import Foundation

/// A smooth curve through a sample: Gaussian kernels on a grid, mass that would leave the sample's range folded back into it.
///
/// The bandwidth is Silverman's rule of thumb, 0.9 · min(s, IQR / 1.34) · n^(−1/5), and never more than an eighth of the stretch that is looked at,
/// so that a far outlier does not flatten the picture. It is a picture, not a test.
/// - Source: Silverman (1986), Density Estimation, eq. 3.31; reflection at the ends 2.10; binning as Wand (1994). Values checked against the plain sum
///   over all values and their mirror images.
public enum KernelDensity {
  private static let cells = 512

  /// The density at `points` places that are equally far apart, the first at `low`, the last at `high`; empty where there is no spread or no value.
  /// - Parameters:
  ///   - sample: ascending and finite.
  ///   - deviation: the sample's standard deviation (n − 1), if it is known already.
  /// - Complexity: O(n) for the deviation where it is not given, else independent of n but for binary searches.
  public static func estimate(_ sample: Sample, deviation: Double? = nil, from low: Double, to high: Double, points: Int) -> [Double] {
    guard let bandwidth = bandwidth(sample, deviation, over: high - low), let first = sample.values.first, let last = sample.values.last else { return [] }
    // Kernels beyond four bandwidths add nothing that shows.
    let (start, end) = (max(first, low - 4 * bandwidth), min(last, high + 4 * bandwidth))
    guard start < end else { return [] }
    let width = (end - start) / Double(cells)
    let bins = Bins(innerEdges: [start.nextDown] + (1..<cells).map { start + width * Double($0) } + [end])
    // What lies before and behind the grid is too far away to be seen.
    let mass = bins.counts(sample).dropFirst().dropLast().map(Double.init)
    let norm = 1 / (Double(sample.count) * bandwidth * (2 * Double.pi).squareRoot())
    return (0..<points).map { index in
      let x = points == 1 ? low : low + (high - low) * Double(index) / Double(points - 1)
      guard x >= first, x <= last else { return 0 }
      var sum = 0.0
      for (cell, weight) in mass.enumerated() where weight > 0 {
        let centre = start + width * (Double(cell) + 0.5)
        for mirrored in [centre, 2 * first - centre, 2 * last - centre] {
          let z = (x - mirrored) / bandwidth
          if abs(z) < 4 { sum += weight * exp(-0.5 * z * z) }
        }
      }
      return sum * norm
    }
  }

  /// Nil where all values are one.
  private static func bandwidth(_ sample: Sample, _ known: Double?, over range: Double) -> Double? {
    guard sample.count > 1, range > 0, range.isFinite else { return nil }
    let deviation = known ?? sample.standardDeviation(degreesLost: 1)
    let quartiles = (sample.quantile(0.75) - sample.quantile(0.25)) / 1.34
    let spread = quartiles > 0 ? min(deviation, quartiles) : deviation
    guard spread > 0, spread.isFinite else { return nil }
    return min(0.9 * spread * pow(Double(sample.count), -0.2), range / 8)
  }
}
