/// The rising step curve that maps scores to probabilities with the least squared error, linear between its points and flat beyond them.
public struct IsotonicCalibration: Sendable, Hashable, Codable {
  /// Ascending, different.
  public let scores: [Double]
  /// The probability at each score, never falling.
  public let probabilities: [Double]

  /// Pools adjacent violators.
  /// - Complexity: O(n log n).
  /// - Throws: when there are no rows or their numbers differ.
  /// - Source: Barlow et al. (1972). Values checked against NannyML 0.13's calibrator (scikit-learn's `IsotonicRegression`).
  public init(scores: [Double], outcomes: [Bool]) throws(NotComputable) {
    guard !scores.isEmpty, scores.count == outcomes.count else { throw NotComputable("there are no rows to calibrate on") }
    var points: [(score: Double, sum: Double, weight: Double)] = []
    for index in scores.indices.sorted(by: { scores[$0] < scores[$1] }) {
      let hit = outcomes[index] ? 1.0 : 0
      if let last = points.last, last.score == scores[index] {
        points[points.count - 1].sum += hit
        points[points.count - 1].weight += 1
      } else {
        points.append((scores[index], hit, 1))
      }
    }
    var blocks: [(sum: Double, weight: Double, count: Int)] = []
    for point in points {
      blocks.append((point.sum, point.weight, 1))
      while blocks.count > 1, blocks[blocks.count - 2].sum * blocks[blocks.count - 1].weight >= blocks[blocks.count - 1].sum * blocks[blocks.count - 2].weight {
        let last = blocks.removeLast()
        blocks[blocks.count - 1].sum += last.sum
        blocks[blocks.count - 1].weight += last.weight
        blocks[blocks.count - 1].count += last.count
      }
    }
    // Only the ends of flat stretches are kept: the line between them is the same.
    var (x, y): ([Double], [Double]) = ([], [])
    var start = 0
    for block in blocks {
      let level = block.sum / block.weight
      x.append(points[start].score)
      y.append(level)
      if block.count > 1 {
        x.append(points[start + block.count - 1].score)
        y.append(level)
      }
      start += block.count
    }
    self.scores = x
    probabilities = y
  }

  /// The probability at a score.
  public func callAsFunction(_ score: Double) -> Double {
    let upper = Search.lowerBound(scores, score)
    if upper == scores.count { return probabilities[scores.count - 1] }
    if upper == 0 || scores[upper] == score { return probabilities[upper] }
    let share = (score - scores[upper - 1]) / (scores[upper] - scores[upper - 1])
    return probabilities[upper - 1] + share * (probabilities[upper] - probabilities[upper - 1])
  }
}
