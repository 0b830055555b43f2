internal import Foundation

/// Evidently 0.7.23's drift tests under its own names, with its thresholds, directions and numbers, also where they err: so that people can
/// move over and see that nothing changed.
///
/// What errs, and is kept: `chisquare` takes the reference for the true law; `mannw` is one-sided and blind to a decrease; `psi` and `kl_div`
/// fill empty bins so that the shares no longer add up; the distances have fixed thresholds whatever the sample sizes.
public enum EvidentlyTest: String, Sendable, Hashable, Codable, CaseIterable {
  case anderson
  case chisquare
  case cramerVonMises = "cramer_von_mises"
  case energy = "ed"
  case eppsSingleton = "es"
  case fisherExact = "fisher_exact"
  case gTest = "g_test"
  case hellinger
  case jensenShannon = "jensenshannon"
  case klDivergence = "kl_div"
  case ks
  case mannWhitney = "mannw"
  case psi
  case tTest = "t_test"
  case totalVariation = "TVD"
  case wasserstein
  case z

  /// Its default threshold.
  public var threshold: Double {
    switch self {
    case .anderson, .cramerVonMises, .energy, .fisherExact, .gTest, .hellinger, .jensenShannon, .klDivergence, .psi, .totalVariation, .wasserstein: 0.1
    case .chisquare, .eppsSingleton, .ks, .mannWhitney, .tTest, .z: 0.05
    }
  }

  /// Whether the score is a distance; else it is a p-value.
  public var isDistance: Bool {
    switch self {
    case .energy, .hellinger, .jensenShannon, .klDivergence, .psi, .wasserstein: true
    default: false
    }
  }

  /// Whether a score means drift.
  public func isDrift(_ score: Double, threshold: Double) -> Bool {
    switch self {
    case .energy: score > threshold
    case .hellinger, .jensenShannon, .klDivergence, .psi, .wasserstein: score >= threshold
    case .ks, .cramerVonMises: score <= threshold
    default: score < threshold
    }
  }

  /// Whether it takes numbers.
  public var takesNumbers: Bool {
    switch self {
    case .chisquare, .fisherExact, .gTest, .totalVariation, .z: false
    default: true
    }
  }

  /// Whether it takes categories.
  public var takesCategories: Bool {
    switch self {
    case .chisquare, .fisherExact, .gTest, .hellinger, .jensenShannon, .klDivergence, .psi, .totalVariation, .z: true
    default: false
    }
  }

  /// The score of two samples of numbers.
  /// - Parameter isInteger: whether the columns are int64, where numpy's bins are never narrower than 1.
  /// - Throws: what Evidently answers with an exception or NaN.
  public func score(_ reference: Sample, _ current: Sample, isInteger: Bool) throws(NotComputable) -> TestResult {
    try Sample.check(reference, current)
    switch self {
    case .ks: return try KolmogorovSmirnov.test(reference, current)
    case .anderson: return try AndersonDarling.test(reference, current)
    case .cramerVonMises:
      var result = try CramerVonMises.test(reference, current)
      if max(reference.count, current.count) <= 20 { result.pValue = narrowed(result.pValue, reference.count, current.count) }
      return result
    case .eppsSingleton: return try EppsSingleton.test(reference, current)
    case .mannWhitney: return try MannWhitney.test(reference, current, alternative: .referenceIsLess, exactWhenSmall: true)
    case .tTest: return try MeanTests.student(reference, current)
    case .energy: return distance(try CDFDistance.energy(reference, current))
    case .wasserstein:
      let deviation = reference.standardDeviation(degreesLost: 0)
      return distance(try CDFDistance.wasserstein(reference, current) / max(deviation, 0.001))
    case .hellinger:
      let counts = try EvidentlyBins.hellinger(reference, current, isInteger: isInteger)
      return distance(try BinnedDistance.hellinger.distance(counts))
    case .psi, .klDivergence, .jensenShannon:
      return try binned(try EvidentlyBins.counts(reference, current, isInteger: isInteger))
    case .chisquare, .fisherExact, .gTest, .totalVariation, .z:
      var (a, b): ([Int], [Int]) = ([], [])
      TieGroups.forEach(reference, current) { _, inReference, inCurrent in
        a.append(inReference)
        b.append(inCurrent)
      }
      return try score(CategoryCounts(reference: a, current: b))
    }
  }

  /// The score of two samples of categories, in sorted order of the categories.
  /// - Throws: what Evidently answers with an exception or NaN.
  public func score(_ counts: CategoryCounts) throws(NotComputable) -> TestResult {
    let (n, m) = try counts.totals()
    let occurring = counts.occurring
    switch self {
    case .chisquare: return try oneSample(occurring, ratio: m / n)
    case .gTest:
      guard abs(n - m) <= 1.4901161193847656e-08 * min(n, m) else { throw NotComputable("Evidently's g_test takes samples of equal size only") }
      var g = 0.0
      for (expected, observed) in zip(occurring.reference, occurring.current) where observed > 0 {
        g += expected == 0 ? .infinity : 2 * Double(observed) * log(Double(observed) / Double(expected))
      }
      return try oneSided(g, occurring)
    case .z:
      guard occurring.reference.count > 1 else { return TestResult(statistic: 0, pValue: 1) }
      let (a, b) = (occurring.reference[0], occurring.current[0])
      let result = try TwoProportions.z(Int(n) - a, of: Int(n), Int(m) - b, of: Int(m))
      // 2(1 − Φ(|z|)) as Evidently has it: nothing is left of it beyond |z| = 8.3.
      return TestResult(statistic: result.statistic, pValue: 2 * (1 - (1 - Normal.survival(abs(result.statistic)))))
    case .fisherExact:
      guard occurring.reference.count <= 2 || (occurring.reference.count { $0 > 0 } <= 2 && occurring.current.count { $0 > 0 } <= 2) else {
        throw NotComputable("Evidently's fisher_exact takes two categories only")
      }
      guard n == m else { throw NotComputable("Evidently's fisher_exact takes samples of equal size only") }
      guard occurring.reference.count <= 2 else { throw NotComputable("Evidently's fisher_exact takes two categories only") }
      guard occurring.reference.count == 2 else { return TestResult(statistic: .nan, pValue: 1) }
      return try TwoProportions.fisher(occurring.current[1], occurring.current[0], occurring.reference[1], occurring.reference[0])
    case .totalVariation:
      let observed = try BinnedDistance.totalVariation.distance(occurring)
      return TestResult(statistic: observed, pValue: try BinnedNull.pValue(.totalVariation, occurring, permutations: 1000, smallest: .zero))
    case .hellinger: return distance(try BinnedDistance.hellinger.distance(occurring))
    case .psi, .klDivergence, .jensenShannon: return try binned(occurring)
    default: throw NotComputable("Evidently's \(rawValue) takes numbers only")
    }
  }

  /// Evidently's own copy of scipy's exact count keeps it in the smallest float that holds the number of arrangements.
  private func narrowed(_ p: Double, _ n: Int, _ m: Int) -> Double {
    let arrangements = exp(Gamma.log(Double(n + m + 1)) - Gamma.log(Double(n + 1)) - Gamma.log(Double(m + 1)))
    let lcm = n / KolmogorovSmirnov.greatestCommonDivisor(n, m) * m
    return max(arrangements, Double(lcm * lcm * (n + m))) <= 65504 ? Double(Float16(p)) : Double(Float(p))
  }

  private func distance(_ value: Double) -> TestResult { TestResult(statistic: value, pValue: 1) }

  private func binned(_ counts: CategoryCounts) throws(NotComputable) -> TestResult {
    let (n, m) = try counts.totals()
    let p = counts.reference.map { Double($0) / n }
    let q = counts.current.map { Double($0) / m }
    switch self {
    case .jensenShannon: return distance(BinnedDistance.jensenShannon.between(p, q))
    case .klDivergence:
      let (a, b) = (EvidentlyBins.filled(p), EvidentlyBins.filled(q))
      let (sumA, sumB) = (a.reduce(0, +), b.reduce(0, +))
      return distance(BinnedDistance.divergence(a.map { $0 / sumA }, b.map { $0 / sumB }))
    default: return distance(BinnedDistance.stabilityIndex(EvidentlyBins.filled(p), EvidentlyBins.filled(q)))
    }
  }

  private func oneSample(_ counts: CategoryCounts, ratio: Double) throws(NotComputable) -> TestResult {
    var sum = 0.0
    for (a, b) in zip(counts.reference, counts.current) {
      let expected = Double(a) * ratio
      let gap = Double(b) - expected
      sum += expected == 0 ? .infinity : gap * gap / expected
    }
    return try oneSided(sum, counts)
  }

  private func oneSided(_ statistic: Double, _ counts: CategoryCounts) throws(NotComputable) -> TestResult {
    let freedom = Double(counts.reference.count - 1)
    guard freedom > 0 else { throw NotComputable("there is one category only, so there are no degrees of freedom") }
    return TestResult(
      statistic: statistic, pValue: ChiSquaredLaw.survival(statistic, degreesOfFreedom: freedom), degreesOfFreedom: freedom)
  }
}
