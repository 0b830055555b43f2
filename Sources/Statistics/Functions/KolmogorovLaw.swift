internal import Foundation

/// The law of the one-sample Kolmogorov-Smirnov statistic of n observations, finite n.
///
/// The method is chosen as Simard and L'Ecuyer do: Durbin's matrix, Pomeranz' recursion, Pelz and Good's expansion,
/// twice the one-sided law in the tail.
/// - Source: Simard and L'Ecuyer (2011), J. Stat. Software 39(11). Values checked against scipy's `kstwo.sf`.
public enum KolmogorovLaw {
  /// P(D > d) for n ≥ 1 observations.
  /// - Complexity: at most O(n) in the tail; elsewhere bounded by the matrix of 2⌈nd⌉ − 1 rows.
  public static func survival(_ d: Double, n: Int) -> Double {
    guard n > 0, d > 0 else { return 1 }
    guard d < 1 else { return 0 }
    let count = Double(n)
    let t = count * d
    if t <= 0.5 { return 1 }
    if t <= 1 {
      let log2t1 = log(2 * t - 1)
      let logFactorial = lgamma(count + 1) - count * log(count)
      return clamp(1 - exp(logFactorial + count * log2t1))
    }
    if t >= count - 1 { return clamp(2 * pow(1 - d, count)) }
    if d >= 0.5 { return clamp(2 * oneSided(d, n: n)) }
    let square = t * d
    if n <= 140 {
      if square <= 0.754693 { return clamp(1 - durbin(d, n: n)) }
      if square <= 4 { return clamp(1 - pomeranz(d, n: n)) }
      return clamp(2 * oneSided(d, n: n))
    }
    if square >= 370 { return 0 }
    if square >= 2.2 { return clamp(2 * oneSided(d, n: n)) }
    if n <= 100_000, count * pow(d, 1.5) <= 1.4 { return clamp(1 - durbin(d, n: n)) }
    return clamp(1 - pelzGood(d, n: n))
  }

  private static func clamp(_ p: Double) -> Double { min(1, max(0, p)) }

  /// P(D⁺ > d): d Σ C(n, j) (d + j/n)^(j−1) (1 − d − j/n)^(n−j) over j ≤ n(1 − d), each term a binomial probability.
  static func oneSided(_ d: Double, n: Int) -> Double {
    let count = Double(n)
    let last = Int((count * (1 - d)).rounded(.down))
    func term(_ j: Int) -> Double {
      let p = d + Double(j) / count
      return Binomial.mass(Double(j), count, p, 1 - p) / p
    }
    guard n > 1000 else { return d * (0...last).reduce(0.0) { $0 + term($1) } }
    let middle = last / 2
    var sum = 0.0
    for j in stride(from: middle, through: 0, by: -1) {
      let value = term(j)
      sum += value
      if value < sum * 1e-19 { break }
    }
    for j in (middle + 1)..<max(middle + 2, last + 1) where j <= last {
      let value = term(j)
      sum += value
      if value < sum * 1e-19 { break }
    }
    return d * sum
  }

  /// P(D ≤ d) by Durbin's matrix, as Marsaglia, Tsang and Wang (2003) compute it.
  static func durbin(_ d: Double, n: Int) -> Double {
    let nd = Double(n) * d
    let k = Int(nd.rounded(.up))
    let h = Double(k) - nd
    let m = 2 * k - 1
    var matrix = [Double](repeating: 0, count: m * m)
    var inverseFactorial = [Double](repeating: 0, count: m)
    var edge = [Double](repeating: 0, count: m)
    var factor = 1.0
    for j in 1...m {
      inverseFactorial[j - 1] = factor
      factor /= Double(j)
      edge[j - 1] = (1 - pow(h, Double(j))) * factor
    }
    edge[m - 1] = (1 + pow(max(2 * h - 1, 0), Double(m)) - 2 * pow(h, Double(m))) * factor
    for column in 1..<max(m, 1) where column < m {
      for row in (column - 1)..<m { matrix[row * m + column] = inverseFactorial[row - column + 1] }
    }
    for row in 0..<m { matrix[row * m] = edge[row] }
    for column in 0..<m { matrix[(m - 1) * m + column] = edge[m - 1 - column] }
    var power = [Double](repeating: 0, count: m * m)
    for i in 0..<m { power[i * m + i] = 1 }
    var powerExponent = 0
    var exponent = 0
    var remaining = n
    while remaining > 0 {
      if remaining & 1 == 1 {
        power = multiply(power, matrix, m)
        powerExponent += exponent
      }
      matrix = multiply(matrix, matrix, m)
      exponent *= 2
      if abs(matrix[(k - 1) * m + k - 1]) > 0x1p128 {
        for i in matrix.indices { matrix[i] *= 0x1p-128 }
        exponent += 128
      }
      remaining >>= 1
    }
    var p = power[(k - 1) * m + k - 1]
    for i in 1...n {
      p = Double(i) * p / Double(n)
      if abs(p) < 0x1p-128 {
        p *= 0x1p128
        powerExponent -= 128
      }
    }
    return scalbn(p, powerExponent)
  }

  private static func multiply(_ a: [Double], _ b: [Double], _ m: Int) -> [Double] {
    var c = [Double](repeating: 0, count: m * m)
    for i in 0..<m {
      for l in 0..<m {
        let factor = a[i * m + l]
        if factor == 0 { continue }
        for j in 0..<m { c[i * m + j] += factor * b[l * m + j] }
      }
    }
    return c
  }

  /// P(D ≤ d) by Pomeranz' recursion (1974).
  static func pomeranz(_ d: Double, n: Int) -> Double {
    let t = Double(n) * d
    let whole = Int(t.rounded(.down))
    let fraction = t - Double(whole)
    let g = min(fraction, 1 - fraction)
    let up = fraction > 0 ? 1 : 0
    let round = fraction > 0.5 ? 1 : 0
    let length = 2 * (whole + 1)
    func powers(_ base: Double) -> [Double] {
      var values = [Double](repeating: 1, count: length)
      for m in 1..<length { values[m] = values[m - 1] * base / Double(m) }
      return values
    }
    let count = Double(n)
    let ends = powers(g / count)
    let odd = powers(2 * g / count)
    let even = powers((1 - 2 * g) / count)
    func bounds(_ i: Int) -> (Int, Int) {
      let j1: Int
      let j2: Int
      if i == 0 {
        (j1, j2) = (-whole - up - 1, whole + up - 1)
      } else {
        let half = (i + 1) / 2
        if (i + 1) % 2 == 0 {
          if half == n + 1 {
            (j1, j2) = (n - whole - up - 1, n + whole + up - 1)
          } else {
            (j1, j2) = (half - 1 - whole - round - 1, half + whole - 1 + up - 1)
          }
        } else {
          (j1, j2) = (half - 1 - whole - 1, half + whole + round - 1)
        }
      }
      return (max(j1 + 2, 0), min(j2, n))
    }
    var previous = [Double](repeating: 0, count: length)
    var row = [Double](repeating: 0, count: length)
    row[0] = 1
    var previousStart = 0
    var start = 0
    var exponent = 0
    var (j1, j2) = bounds(0)
    for i in 1...(2 * n + 1) {
      let k1 = j1
      swap(&previous, &row)
      swap(&previousStart, &start)
      for index in row.indices { row[index] = 0 }
      (j1, j2) = bounds(i)
      let weights = i == 1 || i == 2 * n + 1 ? ends : i % 2 == 1 ? odd : even
      let span = j2 - k1 + 1
      guard span > 0 else { continue }
      var largest = 0.0
      let offset = k1 - previousStart
      for index in 0..<max(0, j2 - j1 + 1) {
        let target = j1 - k1 + index
        var sum = 0.0
        for s in max(0, target - span + 1)...min(target, span - 1) {
          let from = offset + s
          if from < length, target - s < length { sum += previous[from] * weights[target - s] }
        }
        row[index] = sum
        largest = max(largest, sum)
      }
      if largest > 0, largest < 0x1p-128 {
        for index in row.indices { row[index] *= 0x1p128 }
        exponent -= 128
      }
      start = previousStart + j1 - k1
    }
    var answer = row[n - start]
    for m in 1...n {
      if abs(answer) > 0x1p128 {
        answer *= 0x1p-128
        exponent += 128
      }
      answer *= Double(m)
    }
    return scalbn(answer, exponent)
  }

  /// P(D ≤ d) by Pelz and Good's expansion (1976).
  static func pelzGood(_ d: Double, n: Int) -> Double {
    let pi2 = Double.pi * Double.pi
    let pi4 = pi2 * pi2
    let pi6 = pi4 * pi2
    let root2pi = (2 * Double.pi).squareRoot()
    let z = Double(n).squareRoot() * d
    let z2 = z * z
    let z3 = z2 * z
    let z4 = z2 * z2
    let z6 = z4 * z2
    let z7 = z6 * z
    let z8 = z4 * z4
    let z10 = z8 * z2
    let logQ = -pi2 / 8 / z2
    if logQ < -708 { return 0 }
    let q = exp(logQ)
    let k1a = -z2
    let k1b = pi2 / 4
    let k2a = 6 * z6 + 2 * z4
    let k2b = (2 * z4 - 5 * z2) * pi2 / 4
    let k2c = pi4 * (1 - 2 * z2) / 16
    let k3d = pi6 * (5 - 30 * z2) / 64
    let k3c = pi4 * (-60 * z2 + 212 * z4) / 16
    let k3b = pi2 * (135 * z4 - 96 * z6) / 4
    let k3a = -30 * z6 - 90 * z8
    var k0 = 0.0
    var k1 = 0.0
    var k2 = 0.0
    var k3 = 0.0
    let last = Int((16 * z / Double.pi).rounded(.up))
    for k in stride(from: last, to: 0, by: -1) {
      let m = Double(2 * k - 1)
      let m2 = m * m
      let m4 = m2 * m2
      let m6 = m4 * m2
      let weight = pow(q, Double(8 * k))
      k0 = k0 * weight + 1
      k1 = k1 * weight + k1a + k1b * m2
      k2 = k2 * weight + k2a + k2b * m2 + k2c * m4
      k3 = k3 * weight + k3a + k3b * m2 + k3c * m4 + k3d * m6
    }
    let scale = q * root2pi
    k0 *= scale / z
    k1 *= scale / (6 * z4)
    k2 *= scale / (72 * z7)
    k3 *= scale / (6480 * z10)
    let decay = exp(-pi2 / 2 / z2)
    let root3z = 3.0.squareRoot() * z
    var extra2 = 0.0
    var extra3 = 0.0
    for k in stride(from: last, to: 0, by: -1) {
      let index = Double(k)
      let square = index * index
      let weight = pow(decay, square)
      extra2 += square * weight
      extra3 += (root3z + Double.pi * index) * (root3z - Double.pi * index) * square * weight
    }
    k2 += extra2 * pi2 * root2pi / (-36 * z3)
    k3 += extra3 * pi2 * root2pi / (216 * z6)
    let count = Double(n)
    return k0 + k1 / count.squareRoot() + k2 / count + k3 / (count * count.squareRoot())
  }
}
