/// The quality of a classifier's predictions, each number with its interval.
public struct ClassificationMetrics: Sendable, Hashable {
  /// How many rows it rests on.
  public let rows: Int
  /// The metrics in `QualityMetric.classification`; all are there, some as "not computable".
  public let values: [QualityMetric: Measured]

  /// Measures. Wilson intervals for shares (accuracy, precision and recall of two classes), bootstrap stratified by label otherwise.
  ///
  /// Without labels only the confidence metrics are computable.
  /// - Complexity: O(rows · resamples).
  public init(_ rows: ClassifiedRows, bootstrap: Bootstrap = Bootstrap()) {
    self.rows = rows.count
    let scorer = ClassificationScorer(rows)
    let point = scorer.score(nil)
    var replicates: [QualityMetric: [Double]] = [:]
    if rows.count > 0 {
      bootstrap.forEachResample(strata: rows.labels ?? Array(repeating: 0, count: rows.count)) { weights in
        for (metric, value) in scorer.score(weights) { replicates[metric, default: []].append(value) }
      }
    }
    var values: [QualityMetric: Measured] = [:]
    for metric in QualityMetric.classification {
      if let value = point[metric] {
        let share = ClassificationMetrics.share(metric, rows)
        let exact = share.flatMap { try? Proportion.wilson($0.successes, of: $0.total, level: bootstrap.level) }
        values[metric] = .estimate(exact ?? bootstrap.interval(around: value, replicates[metric] ?? []))
      } else {
        values[metric] = .notComputable(ClassificationMetrics.reason(metric, rows))
      }
    }
    self.values = values
  }

  /// A metric by name; nil when it is none of a classifier's.
  public subscript(metric: QualityMetric) -> Measured? { values[metric] }

  /// The counts behind a metric that is a share of rows.
  private static func share(_ metric: QualityMetric, _ rows: ClassifiedRows) -> (successes: Int, total: Int)? {
    guard let labels = rows.labels else { return nil }
    let pairs = zip(labels, rows.predictions)
    if metric == .accuracy { return (pairs.count { $0 == $1 }, rows.count) }
    guard let positive = rows.positive, rows.classes.count <= 2 else { return nil }
    switch metric {
    case .precision: return (pairs.count { $0 == positive && $1 == positive }, rows.predictions.count { $0 == positive })
    case .recall: return (pairs.count { $0 == positive && $1 == positive }, labels.count { $0 == positive })
    default: return nil
    }
  }

  private static func reason(_ metric: QualityMetric, _ rows: ClassifiedRows) -> NotComputable {
    if rows.count == 0 { return NotComputable("there are no rows") }
    let probabilistic: Set<QualityMetric> = [
      .rocAUC, .prAUC, .logLoss, .brier, .expectedCalibrationError, .meanConfidence, .meanEntropy, .meanMargin, .lowConfidenceShare,
    ]
    if probabilistic.contains(metric), rows.probabilities == nil { return NotComputable("there are no probabilities") }
    if ![.meanConfidence, .meanEntropy, .meanMargin, .lowConfidenceShare].contains(metric), rows.labels == nil { return NotComputable("there are no labels") }
    if probabilistic.contains(metric), rows.classes.count > 2 {
      return NotComputable("it needs the probability of two classes, and there are \(rows.classes.count)")
    }
    switch metric {
    case .precision: return NotComputable("nothing was predicted positive")
    case .recall, .prAUC: return NotComputable("no label is positive")
    case .rocAUC: return NotComputable("all labels are of one class")
    default: return NotComputable("no class is known to be the positive one")
    }
  }
}
