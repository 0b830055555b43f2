/// How p-values are adjusted when many columns are judged at once.
public enum Correction: String, Sendable, Hashable, Codable, CaseIterable {
  /// As they are.
  case none
  /// False discovery rate, under independence or positive dependence. Benjamini and Hochberg (1995).
  case benjaminiHochberg = "benjamini-hochberg"
  /// False discovery rate under any dependence. Benjamini and Yekutieli (2001).
  case benjaminiYekutieli = "benjamini-yekutieli"
  /// Family-wise error, step-down. Holm (1979).
  case holm
  /// Family-wise error: p · k.
  case bonferroni

  /// Adjusted p-values in the order given; a value at most α is significant at α.
  ///
  /// Values checked against statsmodels' `multipletests`.
  /// - Complexity: O(k log k).
  public func adjust(_ p: [Double]) -> [Double] {
    let k = p.count
    guard k > 0 else { return [] }
    switch self {
    case .none: return p
    case .bonferroni: return p.map { min(1, $0 * Double(k)) }
    case .holm:
      var adjusted = p
      var largest = 0.0
      for (rank, index) in order(p).enumerated() {
        largest = max(largest, min(1, p[index] * Double(k - rank)))
        adjusted[index] = largest
      }
      return adjusted
    case .benjaminiHochberg, .benjaminiYekutieli:
      let penalty = self == .benjaminiHochberg ? 1 : (1...k).reduce(0.0) { $0 + 1 / Double($1) }
      var adjusted = p
      var smallest = 1.0
      for (rank, index) in order(p).enumerated().reversed() {
        smallest = min(smallest, p[index] * Double(k) / Double(rank + 1) * penalty)
        adjusted[index] = smallest
      }
      return adjusted
    }
  }

  private func order(_ p: [Double]) -> [Int] { p.indices.sorted { p[$0] < p[$1] } }
}
