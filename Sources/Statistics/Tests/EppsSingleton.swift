internal import Foundation

/// The Epps-Singleton test, of the empirical characteristic functions.
public enum EppsSingleton {
  /// W at t = 0.4 and 0.8 semi-interquartile ranges, chi-squared with as many degrees of freedom as the covariance has rank.
  /// - Source: Epps and Singleton (1986); Goerg and Kaiser (2009). Values checked against scipy's `epps_singleton_2samp`.
  public static func test(_ reference: Sample, _ current: Sample) throws(NotComputable) -> TestResult {
    try Sample.check(reference, current, minimum: 5)
    let (n, m) = (Double(reference.count), Double(current.count))
    let total = n + m
    var pooled: [Double] = []
    pooled.reserveCapacity(reference.count + current.count)
    TieGroups.forEach(reference, current) { value, a, b in pooled.append(contentsOf: repeatElement(value, count: a + b)) }
    let both = Sample(ascending: pooled)
    let range = both.quantile(0.75) - both.quantile(0.25)
    guard range > 0 else { throw NotComputable("the middle half of the values is one value, so there is no scale") }
    guard range.isFinite, pooled[0].isFinite, pooled[pooled.count - 1].isFinite else { throw NotComputable("the values are infinite") }
    let times = [0.4, 0.8].map { $0 / (range / 2) }
    let (meanA, covarianceA) = moments(reference, times)
    let (meanB, covarianceB) = moments(current, times)
    let size = meanA.count
    let covariance = (0..<size).map { i in (0..<size).map { total / n * covarianceA[i][$0] + total / m * covarianceB[i][$0] } }
    let (values, vectors) = SymmetricMatrix.eigen(covariance)
    let largest = values.map { abs($0) }.max() ?? 0
    var statistic = 0.0
    var rank = 0
    for (value, vector) in zip(values, vectors) where abs(value) > largest * 1e-13 {
      let projected = (0..<size).reduce(0.0) { $0 + vector[$1] * (meanA[$1] - meanB[$1]) }
      statistic += projected * projected / value
      rank += 1
    }
    guard rank > 0 else { throw NotComputable("the values do not vary") }
    statistic *= total
    if max(n, m) < 25 { statistic *= 1 / (1 + pow(total, -0.45) + 10.1 * (pow(n, -1.7) + pow(m, -1.7))) }
    return TestResult(
      statistic: statistic, pValue: ChiSquaredLaw.survival(statistic, degreesOfFreedom: Double(rank)), degreesOfFreedom: Double(rank))
  }

  /// Means and biased covariances of (cos tx …, sin tx …).
  private static func moments(_ sample: Sample, _ times: [Double]) -> (mean: [Double], covariance: [[Double]]) {
    let waves = times.map { t in sample.values.map { cos(t * $0) } } + times.map { t in sample.values.map { sin(t * $0) } }
    let mean = waves.map { Summation.mean($0) }
    let count = Double(sample.count)
    let covariance = waves.indices.map { i in
      waves.indices.map { j in
        var sum = 0.0
        for row in 0..<sample.count { sum += (waves[i][row] - mean[i]) * (waves[j][row] - mean[j]) }
        return sum / count
      }
    }
    return (mean, covariance)
  }
}
