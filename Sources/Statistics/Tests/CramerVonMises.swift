internal import Foundation

/// The two-sample Cramér-von Mises test.
public enum CramerVonMises {
  /// T of midranks; the p-value exact if both samples have at most 20 values, else by the limiting law.
  /// - Source: Anderson (1962); Csörgő and Faraway (1996). Values checked against scipy's `cramervonmises_2samp`.
  public static func test(_ reference: Sample, _ current: Sample) throws(NotComputable) -> TestResult {
    try Sample.check(reference, current, minimum: 2)
    let (n, m) = (Double(reference.count), Double(current.count))
    let total = n + m
    var (sumA, sumB) = (0.0, 0.0)
    var (seenA, seenB) = (0, 0)
    TieGroups.forEach(reference, current) { _, a, b in
      let rank = Double(seenA + seenB) + Double(a + b + 1) / 2
      for i in 0..<a {
        let gap = rank - Double(seenA + i + 1)
        sumA += gap * gap
      }
      for i in 0..<b {
        let gap = rank - Double(seenB + i + 1)
        sumB += gap * gap
      }
      seenA += a
      seenB += b
    }
    let u = n * sumA + m * sumB
    let product = n * m
    let t = u / (product * total) - (4 * product - 1) / (6 * total)
    if max(reference.count, current.count) <= 20 {
      return TestResult(statistic: t, pValue: exact(u, reference.count, current.count))
    }
    let expected = (1 + 1 / total) / 6
    let variance = (total + 1) * (4 * product * total - 3 * (n * n + m * m) - 2 * product) / (45 * total * total * 4 * product)
    let normed = 1.0 / 6 + (t - expected) / (45 * variance).squareRoot()
    return TestResult(statistic: t, pValue: normed < 0.003 ? 1 : max(0, 1 - limit(normed)))
  }

  /// The limiting law's distribution function. Inaccurate beyond x = 4, where it is 1 but for 1e-8.
  static func limit(_ x: Double) -> Double {
    var sum = 0.0
    for k in 0..<1000 {
      let index = Double(k)
      let front = exp(lgamma(index + 0.5) - lgamma(index + 1)) / (pow(Double.pi, 1.5) * x.squareRoot())
      let y = 4 * index + 1
      let term = front * y.squareRoot() * Bessel.scaledByDecay(0.25, y * y / (16 * x))
      sum += term
      if abs(term) < 1e-7 { break }
    }
    return sum
  }

  /// Counts arrangements by the recursion of Xiao, Gordon and Yakovlev (2006).
  private static func exact(_ u: Double, _ m: Int, _ n: Int) -> Double {
    let lcm = m / KolmogorovSmirnov.greatestCommonDivisor(m, n) * n
    let (a, b) = (lcm / m, lcm / n)
    let mn = Double(m * n)
    let scale = Double(lcm * lcm * (m + n))
    let zeta = Int((scale * (6 * u - mn * (4 * mn - 1)) / (6 * mn * mn)).rounded(.down))
    var tables: [[Int: Double]] = [[0: 1]] + Array(repeating: [:], count: m)
    for i in 0...n {
      var next: [[Int: Double]] = []
      var running: [Int: Double] = [:]
      for (v, table) in tables.enumerated() {
        running.merge(table, uniquingKeysWith: +)
        let gap = (a * v - b * i) * (a * v - b * i)
        running = Dictionary(uniqueKeysWithValues: running.map { ($0.key + gap, $0.value) })
        next.append(running)
      }
      tables = next
    }
    let all = tables[m].values.reduce(0, +)
    return tables[m].reduce(0.0) { $1.key >= zeta ? $0 + $1.value : $0 } / all
  }
}
