internal import Foundation

/// Numbers in ascending order, without NaN: what every test on one numeric column starts from. Sorted once, used by all of them.
public struct Sample: Sendable, Hashable {
  /// Ascending; may hold infinities, never NaN.
  public let values: [Double]

  /// Sorts; NaN (a missing value) is left out, infinities stay.
  /// - Complexity: O(n) above 4096 values (radix sort), else O(n log n).
  public init(_ unsorted: [Double]) {
    var kept = unsorted
    // In place: a list that grows would for a while be held twice.
    kept.removeAll(where: \.isNaN)
    RadixSort.ascending(&kept)
    values = kept
  }

  /// Takes values that are ascending and free of NaN already.
  public init(ascending: [Double]) { values = ascending }

  /// How many values.
  public var count: Int { values.count }

  /// Without values most statistics are not computable.
  public var isEmpty: Bool { values.isEmpty }

  /// The same without infinities.
  public var finite: Sample {
    guard let first = values.first, let last = values.last, first == -.infinity || last == .infinity else { return self }
    let lower = values.firstIndex { $0 > -.infinity } ?? values.count
    let upper = values.lastIndex { $0 < .infinity } ?? -1
    return lower <= upper ? Sample(ascending: Array(values[lower...upper])) : Sample(ascending: [])
  }

  /// How many values differ.
  public var distinctCount: Int {
    var count = values.isEmpty ? 0 : 1
    values.withUnsafeBufferPointer { v in
      for i in stride(from: 1, to: v.count, by: 1) where v[i] != v[i - 1] { count += 1 }
    }
    return count
  }

  /// How many values differ, counted no further than `limit` + 1.
  public func distinctCount(upTo limit: Int) -> Int {
    var count = values.isEmpty ? 0 : 1
    for i in stride(from: 1, to: values.count, by: 1) where values[i] != values[i - 1] {
      count += 1
      if count > limit { break }
    }
    return count
  }

  /// The value below which lies the share q, linear between neighbours (numpy's default).
  /// - Precondition: not empty; q in 0...1.
  public func quantile(_ q: Double) -> Double {
    let position = q * Double(count - 1)
    let lower = Int(position.rounded(.down))
    let fraction = position - Double(lower)
    guard fraction > 0, lower + 1 < count else { return values[lower] }
    let low = values[lower]
    let high = values[lower + 1]
    // numpy's lerp: from the nearer end, so that the ends are met exactly.
    return fraction < 0.5 ? low + (high - low) * fraction : high - (high - low) * (1 - fraction)
  }

  /// Mean, by pairwise-like compensated summation; NaN when empty.
  public var mean: Double { Summation.mean(values) }

  /// Standard deviation; `degreesLost` is 0 for the population's, 1 for the sample's. NaN when there are too few values.
  public func standardDeviation(degreesLost: Int) -> Double { variance(degreesLost: degreesLost).squareRoot() }

  /// Variance; NaN when there are too few values.
  public func variance(degreesLost: Int) -> Double {
    guard count > degreesLost else { return .nan }
    let mean = self.mean
    let scale = max(abs(values[0] - mean), abs(values[count - 1] - mean))
    guard scale > 0, scale.isFinite else { return scale == 0 ? 0 : .nan }
    // Scaled where squares would overflow or vanish.
    let unit = scale > 1e100 || scale < 1e-100 ? scale : 1
    return Summation.sum(values) {
      let d = ($0 - mean) / unit; return d * d
    } / Double(count - degreesLost) * unit * unit
  }
}

/// Sums that keep their digits.
enum Summation {
  static func mean(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let total = sum(values) { $0 }
    guard total.isFinite || values[0].isInfinite || values[values.count - 1].isInfinite else {
      return sum(values) { $0 / Double(values.count) }
    }
    return total / Double(values.count)
  }

  /// Σ term(x), in blocks of 128 with four accumulators, then pairwise over the blocks, so that the error grows with log n.
  static func sum(_ values: [Double], _ term: (Double) -> Double) -> Double {
    values.withUnsafeBufferPointer { pairwise($0[...], term) }
  }

  private static func pairwise(_ v: Slice<UnsafeBufferPointer<Double>>, _ term: (Double) -> Double) -> Double {
    if v.count <= 128 {
      var a = 0.0
      var b = 0.0
      var c = 0.0
      var d = 0.0
      var i = v.startIndex
      while i + 4 <= v.endIndex {
        a += term(v[i])
        b += term(v[i + 1])
        c += term(v[i + 2])
        d += term(v[i + 3])
        i += 4
      }
      while i < v.endIndex {
        a += term(v[i])
        i += 1
      }
      return (a + b) + (c + d)
    }
    let half = v.startIndex + (v.count / 2 + 3) / 4 * 4
    return pairwise(v[v.startIndex..<half], term) + pairwise(v[half..<v.endIndex], term)
  }
}
