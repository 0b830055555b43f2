internal import Foundation

/// Distances between two distributions over the same bins or categories.
///
/// With p the reference's shares and q the current ones.
public enum BinnedDistance: String, Sendable, Hashable, Codable, CaseIterable {
  /// Population stability index: Σ (p − q) ln(p/q), shares floored at 1e-4.
  case psi
  /// Kullback-Leibler divergence of the reference from the current data, in nats; shares floored at 1e-4, then normalised.
  case kl
  /// The square root of the Jensen-Shannon divergence, natural logarithm; 0...√ln 2.
  case jensenShannon = "jensen_shannon"
  /// √(1 − Σ √(pq)); 0...1.
  case hellinger
  /// ½ Σ |p − q|: the share of the mass that moved; 0...1.
  case totalVariation = "total_variation"
  /// max |p − q|; 0...1.
  case lInfinity = "l_infinity"

  /// The floor under a share in `psi` and `kl`, so that an empty cell gives a large number and not infinity.
  public static let floor = 1e-4

  /// The distance between the two sides of a table.
  /// - Source: checked against numpy and scipy (`jensenshannon`, `entropy`) on the reference's deciles and on categories.
  public func distance(_ counts: CategoryCounts) throws(NotComputable) -> Double {
    let (n, m) = try counts.totals()
    return between(counts.reference.map { Double($0) / n }, counts.current.map { Double($0) / m })
  }

  /// The distance between two lists of shares.
  public func between(_ p: [Double], _ q: [Double]) -> Double {
    switch self {
    case .psi: return BinnedDistance.stabilityIndex(p.map { max($0, Self.floor) }, q.map { max($0, Self.floor) })
    case .kl: return BinnedDistance.divergence(normalised(p.map { max($0, Self.floor) }), normalised(q.map { max($0, Self.floor) }))
    case .jensenShannon:
      var sum = 0.0
      for (x, y) in zip(p, q) {
        let middle = (x + y) / 2
        if x > 0 { sum += x * log(x / middle) }
        if y > 0 { sum += y * log(y / middle) }
      }
      return max(0, sum / 2).squareRoot()
    case .hellinger: return max(0, 1 - zip(p, q).reduce(0.0) { $0 + ($1.0 * $1.1).squareRoot() }).squareRoot()
    case .totalVariation: return zip(p, q).reduce(0.0) { $0 + abs($1.0 - $1.1) } / 2
    case .lInfinity: return zip(p, q).reduce(0.0) { max($0, abs($1.0 - $1.1)) }
    }
  }

  /// Σ (p − q) ln(p/q) of positive shares.
  static func stabilityIndex(_ p: [Double], _ q: [Double]) -> Double { zip(p, q).reduce(0.0) { $0 + ($1.0 - $1.1) * log($1.0 / $1.1) } }

  /// Σ p ln(p/q) of positive shares.
  static func divergence(_ p: [Double], _ q: [Double]) -> Double { zip(p, q).reduce(0.0) { $0 + $1.0 * log($1.0 / $1.1) } }

  private func normalised(_ shares: [Double]) -> [Double] {
    let total = shares.reduce(0, +)
    return shares.map { $0 / total }
  }
}
