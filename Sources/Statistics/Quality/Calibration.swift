/// Whether probabilities mean what they say.
public enum Calibration {
  /// Rows whose P(positive) lies in one of equal-width bins.
  public struct Bin: Sendable, Hashable, Codable {
    /// From this probability …
    public let low: Double
    /// … to this one.
    public let high: Double
    /// Rows in the bin.
    public let count: Int
    /// What was promised; nil for an empty bin.
    public let meanProbability: Double?
    /// What came; nil for an empty bin.
    public let positiveShare: Double?
  }

  /// The reliability diagram's bins.
  /// - Throws: without labels or probabilities, or with more than two classes.
  public static func bins(_ rows: ClassifiedRows, count: Int = 10) throws(NotComputable) -> [Bin] {
    guard let labels = rows.labels else { throw NotComputable("there are no labels") }
    guard let probabilities = rows.probabilities else { throw NotComputable("there are no probabilities") }
    guard let positive = rows.positive, rows.classes.count <= 2 else { throw NotComputable("it takes two classes") }
    var (counts, sums, hits) = ([Int](repeating: 0, count: count), [Double](repeating: 0, count: count), [Int](repeating: 0, count: count))
    for (label, p) in zip(labels, probabilities) {
      let bin = min(count - 1, Int(p * Double(count)))
      counts[bin] += 1
      sums[bin] += p
      if label == positive { hits[bin] += 1 }
    }
    return (0..<count).map { bin in
      let n = counts[bin]
      return Bin(
        low: Double(bin) / Double(count), high: Double(bin + 1) / Double(count), count: n,
        meanProbability: n == 0 ? nil : sums[bin] / Double(n), positiveShare: n == 0 ? nil : Double(hits[bin]) / Double(n))
    }
  }
}
