internal import Foundation

/// The standard normal law.
public enum Normal {
  /// P(Z > z).
  public static func survival(_ z: Double) -> Double { erfc(z / 2.0.squareRoot()) / 2 }

  /// The z below which lies the share p; ±infinity at 0 and 1, NaN outside.
  ///
  /// Wichura's rational approximation, refined by one Halley step.
  /// - Source: Wichura (1988), Applied Statistics 37, 477 (AS 241). Values checked against scipy's `norm.ppf`.
  public static func quantile(_ p: Double) -> Double {
    guard p > 0 else { return p == 0 ? -.infinity : .nan }
    guard p < 1 else { return p == 1 ? .infinity : .nan }
    let q = p - 0.5
    if abs(q) <= 0.425 {
      let r = 0.180625 - q * q
      return q * ratio(r, central)
    }
    let tail = min(p, 1 - p)
    var r = (-log(tail)).squareRoot()
    r = r <= 5 ? ratio(r - 1.6, middle) : ratio(r - 5, far)
    return q < 0 ? -r : r
  }

  private typealias Ratio = (top: [Double], bottom: [Double])

  private static func ratio(_ r: Double, _ coefficients: Ratio) -> Double {
    polynomial(r, coefficients.top) / polynomial(r, coefficients.bottom)
  }

  private static func polynomial(_ x: Double, _ coefficients: [Double]) -> Double { coefficients.reduce(0) { $0 * x + $1 } }

  private static let central: Ratio = (
    [
      2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
      1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
    ],
    [
      5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
      687.1870074920579083, 42.313330701600911252, 1,
    ]
  )
  private static let middle: Ratio = (
    [
      7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258, 3.64784832476320460504,
      5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
    ],
    [
      1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459, 0.68976733498510000455,
      1.6763848301838038494, 2.05319162663775882187, 1,
    ]
  )
  private static let far: Ratio = (
    [
      2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093, 0.29656057182850489123,
      1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
    ],
    [
      2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4, 0.0148753612908506148525,
      0.13692988092273580531, 0.59983220655588793769, 1,
    ]
  )
}

/// The chi-squared law.
public enum ChiSquaredLaw {
  /// P(X > x) with k > 0 degrees of freedom.
  public static func survival(_ x: Double, degreesOfFreedom k: Double) -> Double { Gamma.upperRegularized(k / 2, x / 2) }
}

/// Student's t.
public enum StudentLaw {
  /// P(|T| > |t|) with df > 0 degrees of freedom.
  public static func twoSided(_ t: Double, degreesOfFreedom df: Double) -> Double {
    let square = t * t
    guard square.isFinite else { return 0 }
    return Beta.regularized(df / 2, 0.5, x: df / (df + square), y: square / (df + square))
  }
}

/// Fisher's F.
public enum FisherLaw {
  /// P(F > f) with d1, d2 > 0 degrees of freedom.
  public static func survival(_ f: Double, _ d1: Double, _ d2: Double) -> Double {
    guard f > 0 else { return 1 }
    let scaled = d1 * f
    return Beta.regularized(d2 / 2, d1 / 2, x: d2 / (d2 + scaled), y: scaled / (d2 + scaled))
  }
}

/// The binomial law.
enum Binomial {
  /// P(X = k) of n trials with probability p (q = 1 − p), without cancellation for large n.
  /// - Source: Loader (2000), "Fast and Accurate Computation of Binomial Probabilities".
  static func mass(_ k: Double, _ n: Double, _ p: Double, _ q: Double) -> Double {
    if p <= 0 { return k == 0 ? 1 : 0 }
    if q <= 0 { return k == n ? 1 : 0 }
    if k == 0 { return exp(n * (p < 0.1 ? log1p(-p) : log(q))) }
    if k == n { return exp(n * (q < 0.1 ? log1p(-q) : log(p))) }
    let exponent =
      factorialError(n) - factorialError(k) - factorialError(n - k) - deviance(k, n * p) - deviance(n - k, n * q)
    return (n / (2 * Double.pi * k * (n - k))).squareRoot() * exp(exponent)
  }

  /// P(X ≤ k) of n fair coins.
  static func fairLowerTail(_ k: Int, _ n: Int) -> Double {
    (0...max(0, k)).reduce(0.0) { $0 + mass(Double($1), Double(n), 0.5, 0.5) }
  }

  /// ln n! − ((n + ½) ln n − n + ½ ln 2π).
  static func factorialError(_ n: Double) -> Double {
    guard n >= 16 else { return n == 0 ? 0 : lgamma(n + 1) - ((n + 0.5) * log(n) - n + 0.918938533204672741780329736406) }
    return Gamma.stirlingError(n)
  }

  /// x ln(x/m) + m − x.
  static func deviance(_ x: Double, _ m: Double) -> Double {
    guard abs(x - m) < 0.1 * (x + m) else { return x * log(x / m) + m - x }
    var v = (x - m) / (x + m)
    var sum = (x - m) * v
    var term = 2 * x * v
    v *= v
    for j in 1..<1000 {
      term *= v
      let next = sum + term / Double(2 * j + 1)
      if next == sum { return next }
      sum = next
    }
    return sum
  }
}

/// The modified Bessel function of the second kind.
enum Bessel {
  /// e^(−x) · K_ν(x), by the trapezoid rule on ∫₀^∞ exp(−x (cosh t + 1)) cosh(νt) dt, which converges geometrically.
  static func scaledByDecay(_ order: Double, _ x: Double) -> Double {
    let step = 1.0 / 32
    var sum = exp(-2 * x) / 2
    var lost = 0.0
    var t = step
    while true {
      let exponent = x * (cosh(t) + 1)
      if exponent > 745 { break }
      let term = exp(-exponent) * cosh(order * t) - lost
      let next = sum + term
      lost = (next - sum) - term
      sum = next
      t += step
    }
    return sum * step
  }
}
