/// How large a distance between distribution functions chance alone makes.
public enum CDFNull {
  /// Above this many values together the permutations are left to the KS test's law.
  public static let largestPermuted = 4000

  /// The share of random partings of the pooled values, in the same sizes, whose distance is at least the observed one; for larger samples the
  /// p-value of the KS test, which asks the same question of the same curves.
  /// - Parameters:
  ///   - squared: the energy distance; else Wasserstein's.
  ///   - permutations: how many partings; the seed is fixed.
  public static func pValue(_ reference: Sample, _ current: Sample, squared: Bool, permutations: Int = 499, seed: UInt64 = 1) throws(NotComputable) -> Double {
    let total = reference.count + current.count
    guard total <= largestPermuted else { return try KolmogorovSmirnov.test(reference, current).pValue }
    try Sample.check(reference, current)
    var values: [Double] = []
    var labels: [Bool] = []
    TieGroups.forEach(reference, current) { value, a, b in
      values.append(contentsOf: repeatElement(value, count: a + b))
      labels.append(contentsOf: repeatElement(true, count: a))
      labels.append(contentsOf: repeatElement(false, count: b))
    }
    let (stepA, stepB) = (1 / Double(reference.count), 1 / Double(current.count))
    func distance(_ labels: [Bool]) -> Double {
      var gap = 0.0
      var sum = 0.0
      for i in 0..<(total - 1) {
        gap += labels[i] ? stepA : -stepB
        let width = values[i + 1] - values[i]
        if width > 0 { sum += (squared ? gap * gap : abs(gap)) * width }
      }
      return sum
    }
    let limit = distance(labels) * (1 - 1e-12)
    guard limit.isFinite else { throw NotComputable("the values are infinite, or so large that their differences are") }
    var random = RandomSource(seed: seed)
    var extreme = 0
    for _ in 0..<permutations {
      random.shuffle(&labels)
      if distance(labels) >= limit { extreme += 1 }
    }
    return Double(1 + extreme) / Double(1 + permutations)
  }
}
