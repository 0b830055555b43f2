internal import Foundation

/// The regularised incomplete beta function.
enum Beta {
  /// Iₓ(a, b) for a, b > 0; `y` is 1 − x, handed in so that neither end loses digits.
  ///
  /// Lentz's continued fraction, reflected where it converges slowly.
  /// - Source: Press et al., Numerical Recipes, 6.4. Values checked against scipy's `betainc`.
  static func regularized(_ a: Double, _ b: Double, x: Double, y: Double) -> Double {
    guard x > 0 else { return 0 }
    guard y > 0 else { return 1 }
    let front = exp(a * logOf(x, complement: y) + b * logOf(y, complement: x) - Gamma.logBeta(a, b))
    if x < (a + 1) / (a + b + 2) { return front * fraction(a, b, x) / a }
    return 1 - front * fraction(b, a, y) / b
  }

  /// The same, where x alone is known.
  static func regularized(_ a: Double, _ b: Double, x: Double) -> Double { regularized(a, b, x: x, y: 1 - x) }

  private static func logOf(_ x: Double, complement: Double) -> Double { x < 0.5 ? log(x) : log1p(-complement) }

  private static func fraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    var c = 1.0
    var d = 1 / Gamma.guardZero(1 - (a + b) * x / (a + 1))
    var h = d
    for i in 1..<100_000 {
      let m = Double(i)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / Gamma.guardZero(1 + even * d)
      c = Gamma.guardZero(1 + even / c)
      h *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / Gamma.guardZero(1 + odd * d)
      c = Gamma.guardZero(1 + odd / c)
      let delta = d * c
      h *= delta
      if abs(delta - 1) < 1e-16 { break }
    }
    return h
  }
}
