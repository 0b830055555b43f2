internal import Foundation

/// A number with the interval in which the true one lies with a stated confidence (95 % unless said otherwise).
public struct Estimate: Hashable, Sendable, Codable {
  /// The number itself.
  public var value: Double
  /// Lower end.
  public var low: Double
  /// Upper end.
  public var high: Double

  /// Checks nothing: `low` ≤ `value` ≤ `high` is the caller's to see to.
  public init(value: Double, low: Double, high: Double) {
    self.value = value
    self.low = low
    self.high = high
  }
}

/// An estimate, or the reason why there is none.
///
/// As JSON `{"value", "low", "high"}` or `{"value": null, "reason"}`.
public enum Measured: Hashable, Sendable {
  case estimate(Estimate)
  case notComputable(NotComputable)

  /// The number, if there is one.
  public var value: Double? { estimate?.value }

  /// The number with its interval, if there is one.
  public var estimate: Estimate? {
    guard case .estimate(let estimate) = self else { return nil }
    return estimate
  }

  /// Why there is none.
  public var reason: String? {
    guard case .notComputable(let reason) = self else { return nil }
    return reason.reason
  }
}

extension Measured: Codable {
  private enum Key: String, CodingKey { case value, low, high, reason }

  /// Reads `{"value", "low", "high"}` or `{"value": null, "reason"}`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let value = try container.decodeIfPresent(Double.self, forKey: .value) {
      self = .estimate(
        Estimate(value: value, low: try container.decode(Double.self, forKey: .low), high: try container.decode(Double.self, forKey: .high)))
    } else {
      self = .notComputable(NotComputable(try container.decodeIfPresent(String.self, forKey: .reason) ?? "unknown"))
    }
  }

  /// Writes `{"value", "low", "high"}` or `{"value": null, "reason"}`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .estimate(let estimate):
      try container.encode(estimate.value, forKey: .value)
      try container.encode(estimate.low, forKey: .low)
      try container.encode(estimate.high, forKey: .high)
    case .notComputable(let reason):
      try container.encodeNil(forKey: .value)
      try container.encode(reason.reason, forKey: .reason)
    }
  }
}

/// Intervals for shares.
public enum Proportion {
  /// The share with Wilson's score interval.
  /// - Source: Wilson (1927), J. Am. Stat. Assoc. 22, 209. Values checked against scipy's `proportion_ci("wilson")`.
  public static func wilson(_ successes: Int, of n: Int, level: Double = 0.95) throws(NotComputable) -> Estimate {
    guard n > 0 else { throw NotComputable("there are no rows") }
    let z = Normal.quantile(0.5 + level / 2)
    let count = Double(n)
    let p = Double(successes) / count
    let z2 = z * z
    let centre = (p + z2 / (2 * count)) / (1 + z2 / count)
    let half = z / (1 + z2 / count) * (p * (1 - p) / count + z2 / (4 * count * count)).squareRoot()
    return Estimate(value: p, low: successes == 0 ? 0 : max(0, centre - half), high: successes == n ? 1 : min(1, centre + half))
  }

  /// The share with the exact (Clopper-Pearson) interval.
  /// - Source: Clopper and Pearson (1934). Values checked against scipy's `proportion_ci("exact")`.
  public static func clopperPearson(_ successes: Int, of n: Int, level: Double = 0.95) throws(NotComputable) -> Estimate {
    guard n > 0 else { throw NotComputable("there are no rows") }
    let tail = (1 - level) / 2
    let (k, count) = (Double(successes), Double(n))
    let low = successes == 0 ? 0 : bisect { Beta.regularized(k, count - k + 1, x: $0) < tail }
    let high = successes == n ? 1 : bisect { Beta.regularized(k + 1, count - k, x: $0) < 1 - tail }
    return Estimate(value: k / count, low: low, high: high)
  }

  private static func bisect(_ isBelow: (Double) -> Bool) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if middle == low || middle == high { break }
      if isBelow(middle) { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The difference p2 − p1 of the shares of two independent samples, with Newcombe's hybrid score interval.
  ///
  /// For two versions that serve side by side, each its own rows.
  /// - Source: Newcombe (1998), Statistics in Medicine 17, 873, method 10.
  public static func difference(_ successes1: Int, of n1: Int, _ successes2: Int, of n2: Int, level: Double = 0.95) throws(NotComputable) -> Estimate {
    let first = try wilson(successes1, of: n1, level: level)
    let second = try wilson(successes2, of: n2, level: level)
    let value = second.value - first.value
    func root(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
    return Estimate(
      value: value, low: max(-1, value - root(second.value - second.low, first.high - first.value)),
      high: min(1, value + root(second.high - second.value, first.value - first.low)))
  }
}
