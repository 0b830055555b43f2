internal import Foundation

/// Tests that two samples have the same share of successes.
public enum TwoProportions {
  /// Pooled z = (p1 − p2)/√(p(1−p)(1/n1 + 1/n2)), two-sided; p-value 1 when neither sample varies.
  /// - Source: checked against Evidently 0.7.23 `z`, whose p-value is 2(1 − Φ(|z|)).
  public static func z(_ successes1: Int, of n1: Int, _ successes2: Int, of n2: Int) throws(NotComputable) -> TestResult {
    guard n1 > 0 else { throw NotComputable("the reference has no values") }
    guard n2 > 0 else { throw NotComputable("the current data have no values") }
    let pooled = Double(successes1 + successes2) / Double(n1 + n2)
    let p1 = Double(successes1) / Double(n1)
    let p2 = Double(successes2) / Double(n2)
    let error = (pooled * (1 - pooled) * (1 / Double(n1) + 1 / Double(n2))).squareRoot()
    guard error > 0 else { return TestResult(statistic: 0, pValue: 1) }
    let z = (p1 - p2) / error
    return TestResult(statistic: z, pValue: 2 * Normal.survival(abs(z)))
  }

  /// Fisher's exact test of the 2 × 2 table, two-sided: the tables no likelier than the one seen. The statistic is the odds ratio.
  /// - Complexity: O(smallest margin).
  /// - Source: Fisher (1922). Values checked against scipy's `fisher_exact`.
  public static func fisher(_ a: Int, _ b: Int, _ c: Int, _ d: Int) throws(NotComputable) -> TestResult {
    guard a + b > 0, c + d > 0 else { throw NotComputable("a row of the table is empty") }
    let total = a + b + c + d
    let good = a + c
    let drawn = a + b
    let odds = b * c == 0 ? (a * d == 0 ? Double.nan : .infinity) : Double(a) * Double(d) / (Double(b) * Double(c))
    guard good > 0, good < total else { return TestResult(statistic: odds, pValue: 1) }
    let lowest = max(0, drawn - (total - good))
    let highest = min(good, drawn)
    // Masses relative to the one seen, by the ratio of neighbours, each side until it vanishes.
    func ratioUp(_ k: Int) -> Double {
      Double(good - k) * Double(drawn - k) / (Double(k + 1) * Double(total - good - drawn + k + 1))
    }
    let limit = 1 + 1e-10
    var (all, extreme) = (1.0, 1.0)
    var mass = 1.0
    for k in stride(from: a, to: highest, by: 1) {
      mass *= ratioUp(k)
      all += mass
      if mass <= limit { extreme += mass }
      if mass < 1e-300 { break }
    }
    mass = 1
    for k in stride(from: a - 1, through: lowest, by: -1) {
      mass /= ratioUp(k)
      all += mass
      if mass <= limit { extreme += mass }
      if mass < 1e-300 { break }
    }
    guard all.isFinite else {
      let logMass = lgammaMass(a, good, total, drawn)
      return TestResult(statistic: odds, pValue: sumBelow(logMass, good, total, drawn, lowest, highest))
    }
    return TestResult(statistic: odds, pValue: extreme / all)
  }

  private static func lgammaMass(_ k: Int, _ good: Int, _ total: Int, _ drawn: Int) -> Double {
    func choose(_ n: Int, _ k: Int) -> Double { lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1)) }
    return choose(good, k) + choose(total - good, drawn - k) - choose(total, drawn)
  }

  private static func sumBelow(_ limit: Double, _ good: Int, _ total: Int, _ drawn: Int, _ lowest: Int, _ highest: Int) -> Double {
    (lowest...highest).reduce(0.0) { sum, k in
      let mass = lgammaMass(k, good, total, drawn)
      return mass <= limit + 1e-8 ? sum + exp(mass) : sum
    }
  }
}
