/// How large a binned distance chance alone makes, so that a fixed threshold does not cry wolf on small windows.
public enum BinnedNull {
  /// Whether the observed table counts among the drawn ones: then p is never 0.
  public enum Smallest: Sendable { case zero, counted }

  /// The share of tables with the same margins whose distance is at least the observed one.
  /// - Complexity: O(permutations · k · standard deviation of a cell).
  public static func pValue(
    _ distance: BinnedDistance, _ counts: CategoryCounts, permutations: Int = 999, seed: UInt64 = 1, smallest: Smallest = .counted
  ) throws(NotComputable) -> Double {
    let sides = counts.occurring
    let observed = try distance.distance(sides) * (1 - 1e-12)
    let together = zip(sides.reference, sides.current).map { $0 + $1 }
    let drawnTotal = sides.referenceTotal
    let law = Hypergeometric(upTo: drawnTotal + sides.currentTotal)
    var random = RandomSource(seed: seed)
    var extreme = 0
    for _ in 0..<permutations {
      var (left, balls) = (drawnTotal, drawnTotal + sides.currentTotal)
      var cells: [Int] = []
      cells.reserveCapacity(together.count)
      for total in together {
        let cell = left == 0 ? 0 : law.draw(good: total, total: balls, drawn: left, &random)
        cells.append(cell)
        left -= cell
        balls -= total
      }
      let drawn = CategoryCounts(reference: cells, current: zip(together, cells).map { $0 - $1 })
      if try distance.distance(drawn) >= observed { extreme += 1 }
    }
    switch smallest {
    case .zero: return Double(extreme) / Double(permutations)
    case .counted: return Double(1 + extreme) / Double(1 + permutations)
    }
  }
}
