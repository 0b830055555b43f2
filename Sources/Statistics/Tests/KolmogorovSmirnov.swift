internal import Foundation

/// The two-sample Kolmogorov-Smirnov test.
public enum KolmogorovSmirnov {
  /// How the p-value is computed.
  public enum Method: Sendable { case automatic, exact, asymptotic }

  /// Above this many values in the larger sample `automatic` is asymptotic.
  public static let largestExact = 10_000

  /// sup |F(x) − G(x)| over the pooled points, in 0...1, and its two-sided p-value.
  ///
  /// Exact by counting lattice paths; asymptotic by the finite-n one-sample law at round(nm/(n+m)), not by Kolmogorov's limit.
  /// - Complexity: O(n + m) on sorted samples; the exact p-value O(max(n, m)·band) for unequal sizes, O(n) for equal ones.
  /// - Source: Smirnov (1948), Ann. Math. Statist. 19, 279; Hodges (1958). Values checked against scipy 1.17 `ks_2samp`.
  public static func test(_ reference: Sample, _ current: Sample, method: Method = .automatic) throws(NotComputable) -> TestResult {
    let d = try distance(reference, current)
    let (n, m) = (reference.count, current.count)
    let exact = method == .exact || method == .automatic && max(n, m) <= largestExact
    if exact {
      let g = greatestCommonDivisor(n, m)
      let lcm = Double(n / g) * Double(m)
      let h = (d * lcm).rounded()
      let rounded = h / lcm
      let p = h == 0 ? 1 : n == m ? outsideSquare(n, Int(h)) : outside(n, m, g, Int(h))
      if p.isFinite, p >= 0 { return TestResult(statistic: rounded, pValue: p) }
    }
    // One value a side is no evidence; the asymptotic law of n = ½ does not exist.
    guard n > 1 || m > 1 else { return TestResult(statistic: d, pValue: 1) }
    return TestResult(statistic: d, pValue: asymptotic(d, n, m))
  }

  /// The p-value of distance d for samples of n and m, by the finite-n one-sample law.
  public static func asymptotic(_ d: Double, _ n: Int, _ m: Int) -> Double {
    guard n > 0, m > 0 else { return 1 }
    let effective = Double(n) * Double(m) / (Double(n) + Double(m))
    return KolmogorovLaw.survival(d, n: max(1, Int(effective.rounded(.toNearestOrEven))))
  }

  /// sup |F(x) − G(x)| over the pooled points.
  public static func distance(_ reference: Sample, _ current: Sample) throws(NotComputable) -> Double {
    guard !reference.isEmpty else { throw NotComputable("the reference has no values") }
    guard !current.isEmpty else { throw NotComputable("the current data have no values") }
    return reference.values.withUnsafeBufferPointer { a in current.values.withUnsafeBufferPointer { b in largestGap(a, b) } }
  }

  /// In whole numbers, gap · n · m, and without branches that the values decide: the two curves cross in no order that a processor could learn.
  private static func largestGap(_ a: UnsafeBufferPointer<Double>, _ b: UnsafeBufferPointer<Double>) -> Double {
    let (n, m) = (a.count, b.count)
    var (i, j) = (0, 0)
    var (high, low) = (0, 0)
    var x = min(a[0], b[0])
    while true {
      let (stepA, stepB) = (a[i] == x ? 1 : 0, b[j] == x ? 1 : 0)
      i &+= stepA
      j &+= stepB
      if i == n || j == m { break }
      let next = a[i] < b[j] ? a[i] : b[j]
      // Among ties the curves are not there yet.
      let gap = next == x ? 0 : i &* m &- j &* n
      high = gap > high ? gap : high
      low = gap < low ? gap : low
      x = next
    }
    while i < n, a[i] == x { i &+= 1 }
    while j < m, b[j] == x { j &+= 1 }
    let last = i * m - j * n
    return Double(max(high, -low, abs(last))) / (Double(n) * Double(m))
  }

  /// Paths of n right and n up steps that leave the band |x − y| < h, as a share of all.
  private static func outsideSquare(_ n: Int, _ h: Int) -> Double {
    var p = 0.0
    for k in stride(from: n / h, through: 0, by: -1) {
      var term = 1.0
      for j in 0..<h { term = Double(n - k * h - j) * term / Double(n + k * h + j + 1) }
      p = term * (1 - p)
    }
    return 2 * p
  }

  /// Paths from (0, 0) to (n, m) that leave the band |x·m/g − y·n/g| < h, as a share of all, by columns of a sliding window.
  private static func outside(_ n: Int, _ m: Int, _ g: Int, _ h: Int) -> Double {
    let (long, short) = n >= m ? (n, m) : (m, n)
    let (longG, shortG) = (long / g, short / g)
    var first = 0
    var last = min((h + longG - 1) / longG, short + 1)
    var length = last - first
    let capacity = min(2 * last + 2, short + 1)
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: capacity + 1) { column in
      column.initialize(repeating: 1)
      for j in first..<last { column[j] = 0 }
      for i in 1...long {
        let (oldFirst, oldLength) = (first, length)
        first = min(max(floorDivide(shortG * i - h, longG) + 1, 0), short)
        last = min(-floorDivide(-(shortG * i + h), longG), short + 1)
        if last <= first { return 1 }
        var value = first == 0 ? 0.0 : 1.0
        let x = Double(i)
        for k in 0..<(last - first) {
          let y = Double(k + first)
          value = (column[k + first - oldFirst] * x + value * y) / (x + y)
          column[k] = value
        }
        length = last - first
        if oldLength > length {
          for k in length..<oldLength { column[k] = 1 }
        }
      }
      return column[last - first - 1]
    }
  }

  private static func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((-a + b - 1) / b) }

  static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    return x
  }
}
