internal import Foundation

/// The gamma function and its relatives, in double precision.
enum Gamma {
  /// ln Γ(x) for x > 0.
  static func log(_ x: Double) -> Double { lgamma(x) }

  /// ln B(a, b) for a, b > 0, without the cancellation that three log-gammas bring when one argument is large.
  static func logBeta(_ a: Double, _ b: Double) -> Double {
    let (small, large) = a < b ? (a, b) : (b, a)
    guard large > 50 else { return lgamma(small) + lgamma(large) - lgamma(small + large) }
    let sum = small + large
    let difference = -(large - 0.5) * log1p(small / large) - small * Foundation.log(sum) + small + stirlingError(large) - stirlingError(sum)
    return lgamma(small) + difference
  }

  /// ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π), for x ≥ 15 to 1e-16, else by subtraction.
  static func stirlingError(_ x: Double) -> Double {
    guard x >= 15 else { return lgamma(x) - ((x - 0.5) * Foundation.log(x) - x + 0.918938533204672741780329736406) }
    let square = x * x
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - (1.0 / 1188 - 691.0 / 360360 / square) / square) / square) / square) / square) / x
  }

  /// The upper regularised incomplete gamma function Q(a, x) = Γ(a, x)/Γ(a), for a > 0 and x ≥ 0.
  ///
  /// Series below x = a + 1, Lentz's continued fraction above.
  /// - Complexity: O(√a) steps near x = a.
  /// - Source: Press et al., Numerical Recipes, 6.2. Values checked against scipy's `gammaincc`.
  static func upperRegularized(_ a: Double, _ x: Double) -> Double {
    guard x > 0 else { return 1 }
    guard x.isFinite else { return 0 }
    let front = exp(-x + a * Foundation.log(x) - lgamma(a))
    if x < a + 1 {
      var term = 1 / a
      var sum = term
      var n = a
      for _ in 0..<1_000_000 {
        n += 1
        term *= x / n
        sum += term
        if abs(term) < abs(sum) * 1e-17 { break }
      }
      return max(0, 1 - sum * front)
    }
    var b = x + 1 - a
    var c = 1e300
    var d = 1 / b
    var h = d
    for i in 1..<1_000_000 {
      let step = Double(i)
      let an = -step * (step - a)
      b += 2
      d = guardZero(an * d + b)
      c = guardZero(b + an / c)
      d = 1 / d
      let delta = d * c
      h *= delta
      if abs(delta - 1) < 1e-16 { break }
    }
    return front * h
  }

  static func guardZero(_ x: Double) -> Double { abs(x) < 1e-300 ? 1e-300 : x }
}
