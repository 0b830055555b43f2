internal import Lifecycle
internal import Profiles
internal import Statistics

/// The quality of predictions against labels, whatever the model's task.
struct QualityFigures: Sendable {
  var metrics: [String: Double] = [:]
  /// 95 % confidence intervals: low and high.
  var intervals: [String: [Double]] = [:]

  /// Resamples of a bootstrap: enough for two digits of an interval, and done in a second for a hundred thousand rows.
  static let bootstrap: Bootstrap = {
    var bootstrap = Bootstrap()
    bootstrap.resamples = 400
    return bootstrap
  }()

  /// Predictions and, where they are known, labels of the same rows.
  enum Rows: Sendable {
    case classes(ClassifiedRows)
    case numbers(labels: [Double], predictions: [Double])

    /// - Throws: `NotComputable` when a number is none, or a probability is not in 0...1.
    init(_ task: ModelSpecification.Task, labels: [String]?, predictions: [String], probabilities: [Double]?) throws(NotComputable) {
      switch task {
      case .classification: self = .classes(try ClassifiedRows(labels: labels, predictions: predictions, probabilities: probabilities))
      case .regression:
        self = .numbers(labels: try Rows.numbers(labels ?? []), predictions: try Rows.numbers(predictions))
      }
    }

    private static func numbers(_ texts: [String]) throws(NotComputable) -> [Double] {
      var numbers: [Double] = []
      for text in texts {
        guard let number = Double(text), number.isFinite else { throw NotComputable("a label or prediction is not a number") }
        numbers.append(number)
      }
      return numbers
    }

    var count: Int {
      switch self {
      case .classes(let rows): rows.count
      case .numbers(_, let predictions): predictions.count
      }
    }
  }

  init(_ rows: Rows, group: [String]? = nil) {
    switch rows {
    case .classes(let rows):
      take(ClassificationMetrics(rows, bootstrap: QualityFigures.bootstrap).values)
      if let group, let fairness = try? Fairness(rows, group: group) {
        metrics["demographic_parity_difference"] = fairness.demographicParityDifference
        metrics["demographic_parity_ratio"] = fairness.demographicParityRatio
        metrics["equalized_odds_difference"] = fairness.equalizedOddsDifference
        metrics["equalized_odds_ratio"] = fairness.equalizedOddsRatio
      }
    case .numbers(let labels, let predictions):
      if labels.count == predictions.count {
        take(RegressionMetrics(labels: labels, predictions: predictions, bootstrap: QualityFigures.bootstrap).values)
      }
    }
  }

  /// What labels, or without them the probabilities alone, say of answers.
  init(_ answers: ModelAnswers, _ reference: ModelReference, group: [String]? = nil) {
    self.init(metrics: [:], intervals: [:])
    switch answers.values {
    case .classes(_, let probabilities, let labels):
      guard answers.count > 0, labels != nil || probabilities != nil, let rows = reference.classified(answers) else { return }
      self = QualityFigures(.classes(rows), group: group)
    case .numbers(let predictions, let labels):
      if answers.count > 0, let labels { self = QualityFigures(.numbers(labels: labels, predictions: predictions)) }
    }
  }

  /// Of measured metrics, those that could be computed.
  init(_ values: [QualityMetric: Measured]) { take(values) }

  /// Takes the values as they are.
  init(metrics: [String: Double], intervals: [String: [Double]]) {
    self.metrics = metrics
    self.intervals = intervals
  }

  /// A metric with its interval.
  subscript(metric: QualityMetric) -> Estimate? {
    guard let value = metrics[metric.rawValue], let interval = intervals[metric.rawValue], interval.count == 2 else { return nil }
    return Estimate(value: value, low: interval[0], high: interval[1])
  }

  /// The few that are kept of each group of rows.
  var summary: QualityFigures {
    let kept = Set(MetricName.segmentMetrics)
    return QualityFigures(metrics: metrics.filter { kept.contains($0.key) }, intervals: intervals.filter { kept.contains($0.key) })
  }

  private mutating func take(_ values: [QualityMetric: Measured]) {
    for (metric, measured) in values {
      guard let estimate = measured.estimate, estimate.value.isFinite else { continue }
      metrics[metric.rawValue] = estimate.value
      if estimate.low.isFinite, estimate.high.isFinite { intervals[metric.rawValue] = [estimate.low, estimate.high] }
    }
  }
}
