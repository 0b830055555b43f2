internal import Foundation

/// Tests of means and of spread.
public enum MeanTests {
  /// Student's t with pooled variance, two-sided; the statistic is (mean of reference − mean of current)/error.
  /// - Source: values checked against scipy's `ttest_ind(equal_var=True)`.
  public static func student(_ reference: Sample, _ current: Sample) throws(NotComputable) -> TestResult {
    let (n, m) = (Double(reference.count), Double(current.count))
    try Sample.check(reference, current)
    guard n + m > 2 else { throw NotComputable("it takes three values") }
    let freedom = n + m - 2
    let (a, b) = (spread(reference), spread(current))
    let pooled = (a * (n - 1) + b * (m - 1)) / freedom
    return try result(reference, current, error: (pooled * (1 / n + 1 / m)).squareRoot(), freedom)
  }

  /// Welch's t, for unequal variances, two-sided.
  /// - Source: Welch (1947). Values checked against scipy's `ttest_ind(equal_var=False)`.
  public static func welch(_ reference: Sample, _ current: Sample) throws(NotComputable) -> TestResult {
    try Sample.check(reference, current, minimum: 2)
    let (n, m) = (Double(reference.count), Double(current.count))
    let a = reference.variance(degreesLost: 1) / n
    let b = current.variance(degreesLost: 1) / m
    let share = a + b > 0 ? a / (a + b) : 0.5
    let freedom = 1 / (share * share / (n - 1) + (1 - share) * (1 - share) / (m - 1))
    return try result(reference, current, error: (a + b).squareRoot(), freedom)
  }

  /// Brown and Forsythe's variant of Levene's test: an F test of the distances from each sample's median.
  /// - Source: Brown and Forsythe (1974). Values checked against scipy's `levene(center="median")`.
  public static func levene(_ reference: Sample, _ current: Sample) throws(NotComputable) -> TestResult {
    try Sample.check(reference, current)
    let (n, m) = (Double(reference.count), Double(current.count))
    guard n + m > 2 else { throw NotComputable("it takes three values") }
    func distances(_ sample: Sample) -> [Double] {
      let median = sample.quantile(0.5)
      return sample.values.map { abs($0 - median) }
    }
    let (a, b) = (distances(reference), distances(current))
    let (meanA, meanB) = (Summation.mean(a), Summation.mean(b))
    let mean = (n * meanA + m * meanB) / (n + m)
    let between = n * (meanA - mean) * (meanA - mean) + m * (meanB - mean) * (meanB - mean)
    let within = Summation.sum(a) { ($0 - meanA) * ($0 - meanA) } + Summation.sum(b) { ($0 - meanB) * ($0 - meanB) }
    guard within > 0, within.isFinite, between.isFinite else {
      throw NotComputable(within == 0 ? "the values do not vary" : "the values are infinite, or too large to square")
    }
    let f = (n + m - 2) * between / within
    return TestResult(statistic: f, pValue: FisherLaw.survival(f, 1, n + m - 2), degreesOfFreedom: n + m - 2)
  }

  private static func spread(_ sample: Sample) -> Double { sample.count > 1 ? sample.variance(degreesLost: 1) : 0 }

  private static func result(_ reference: Sample, _ current: Sample, error: Double, _ freedom: Double) throws(NotComputable) -> TestResult {
    guard error.isFinite else { throw NotComputable("the values are infinite, or too large to square") }
    let difference = reference.mean - current.mean
    guard error > 0 || difference != 0 else { throw NotComputable("the values do not vary") }
    guard error > 0 else { return TestResult(statistic: difference > 0 ? .infinity : -.infinity, pValue: 0, degreesOfFreedom: freedom) }
    let t = difference / error
    return TestResult(statistic: t, pValue: StudentLaw.twoSided(t, degreesOfFreedom: freedom), degreesOfFreedom: freedom)
  }
}
