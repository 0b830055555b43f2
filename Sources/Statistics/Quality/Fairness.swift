/// How differently a classifier treats groups, by Fairlearn's definitions.
public struct Fairness: Sendable, Hashable {
  /// What happened to one group.
  public struct Group: Sendable, Hashable, Codable {
    /// Rows of the group; ratios over few of them say little.
    public let count: Int
    /// Share predicted positive.
    public let selectionRate: Double
    /// Share of the truly positive predicted positive; nil when there are none.
    public let truePositiveRate: Double?
    /// Share of the truly negative predicted positive; nil when there are none.
    public let falsePositiveRate: Double?
    /// Share predicted right.
    public let accuracy: Double
  }

  /// By the group's name.
  public let groups: [String: Group]
  /// Largest selection rate less the smallest.
  public let demographicParityDifference: Double
  /// Smallest selection rate over the largest; nil when nobody was selected.
  public let demographicParityRatio: Double?
  /// The larger of the spreads of true and of false positive rates; nil when a group lacks a class.
  public let equalizedOddsDifference: Double?
  /// The smaller of the ratios of true and of false positive rates; nil when a group lacks a class.
  public let equalizedOddsRatio: Double?
  /// Spread of the true positive rates; nil when a group has no positive label.
  public let equalOpportunityDifference: Double?

  /// - Parameters:
  ///   - rows: with labels, of two classes.
  ///   - group: the group of each row.
  /// - Throws: when there are no rows or labels, or more than two classes.
  /// - Source: Fairlearn 0.15, `agg="worst_case"`.
  public init(_ rows: ClassifiedRows, group: [String]) throws(NotComputable) {
    guard let labels = rows.labels else { throw NotComputable("there are no labels") }
    guard let positive = rows.positive else { throw NotComputable("no class is known to be the positive one") }
    guard rows.count > 0, group.count == rows.count else { throw NotComputable("there are no rows") }
    var tallies: [String: Tally] = [:]
    for row in 0..<rows.count {
      tallies[group[row], default: Tally()].add(label: labels[row] == positive, prediction: rows.predictions[row] == positive)
    }
    let groups = tallies.mapValues(\.group)
    let selection = groups.values.map(\.selectionRate)
    self.groups = groups
    demographicParityDifference = Fairness.spread(selection) ?? 0
    demographicParityRatio = Fairness.ratio(selection)
    let truths = groups.values.map(\.truePositiveRate)
    let falses = groups.values.map(\.falsePositiveRate)
    let known = !truths.contains(nil) && !falses.contains(nil)
    equalOpportunityDifference = truths.contains(nil) ? nil : Fairness.spread(truths.compactMap { $0 })
    equalizedOddsDifference = known ? max(Fairness.spread(truths.compactMap { $0 }) ?? 0, Fairness.spread(falses.compactMap { $0 }) ?? 0) : nil
    let ratios = [Fairness.ratio(truths.compactMap { $0 }), Fairness.ratio(falses.compactMap { $0 })].compactMap { $0 }
    equalizedOddsRatio = known ? ratios.min() : nil
  }

  private static func spread(_ values: [Double]) -> Double? { values.max().flatMap { high in values.min().map { high - $0 } } }

  private static func ratio(_ values: [Double]) -> Double? {
    guard let high = values.max(), let low = values.min(), high > 0 else { return nil }
    return low / high
  }

  private struct Tally {
    var (truePositive, falsePositive, trueNegative, falseNegative) = (0, 0, 0, 0)

    mutating func add(label: Bool, prediction: Bool) {
      switch (label, prediction) {
      case (true, true): truePositive += 1
      case (false, true): falsePositive += 1
      case (false, false): trueNegative += 1
      case (true, false): falseNegative += 1
      }
    }

    var group: Group {
      let positives = truePositive + falseNegative
      let negatives = falsePositive + trueNegative
      let count = Double(positives + negatives)
      return Group(
        count: positives + negatives, selectionRate: Double(truePositive + falsePositive) / count,
        truePositiveRate: positives > 0 ? Double(truePositive) / Double(positives) : nil,
        falsePositiveRate: negatives > 0 ? Double(falsePositive) / Double(negatives) : nil,
        accuracy: Double(truePositive + trueNegative) / count)
    }
  }
}
