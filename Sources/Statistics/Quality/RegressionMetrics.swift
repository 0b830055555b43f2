internal import Foundation

/// The quality of numeric predictions, each number with its bootstrap interval.
public struct RegressionMetrics: Sendable, Hashable {
  /// How many rows it rests on.
  public let rows: Int
  /// The metrics in `QualityMetric.regression`; all are there, some as "not computable".
  public let values: [QualityMetric: Measured]

  /// - Parameters:
  ///   - labels: the true values, finite.
  ///   - predictions: as many, finite.
  public init(labels: [Double], predictions: [Double], bootstrap: Bootstrap = Bootstrap()) {
    rows = min(labels.count, predictions.count)
    let scorer = RegressionScorer(labels: labels, predictions: predictions)
    let point = scorer.score(nil)
    var replicates: [QualityMetric: [Double]] = [:]
    if rows > 0 {
      bootstrap.forEachResample(strata: Array(repeating: 0, count: rows)) { weights in
        for (metric, value) in scorer.score(weights) { replicates[metric, default: []].append(value) }
      }
    }
    var values: [QualityMetric: Measured] = [:]
    for metric in QualityMetric.regression {
      if let value = point[metric] {
        values[metric] = .estimate(bootstrap.interval(around: value, replicates[metric] ?? []))
      } else {
        values[metric] = .notComputable(NotComputable(rows == 0 ? "there are no rows" : "the labels do not vary"))
      }
    }
    self.values = values
  }

  /// A metric by name; nil when it is none of a regression's.
  public subscript(metric: QualityMetric) -> Measured? { values[metric] }
}

/// Every regression metric in one pass, for any weights.
struct RegressionScorer: Sendable {
  private let errors: [Double]
  /// Labels less their mean, so that squares keep their digits.
  private let centred: [Double]

  init(labels: [Double], predictions: [Double]) {
    errors = zip(labels, predictions).map { $1 - $0 }
    let mean = Summation.mean(labels)
    centred = labels.map { $0 - mean }
  }

  func score(_ weights: [UInt32]?) -> [QualityMetric: Double] {
    var (total, absolute, squares, sum, labelSum, labelSquares) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for i in errors.indices {
      let weight = weights.map { Double($0[i]) } ?? 1
      let error = errors[i]
      total += weight
      absolute += weight * abs(error)
      squares += weight * error * error
      sum += weight * error
      labelSum += weight * centred[i]
      labelSquares += weight * centred[i] * centred[i]
    }
    guard total > 0 else { return [:] }
    var result: [QualityMetric: Double] = [
      .mae: absolute / total, .mse: squares / total, .rmse: (squares / total).squareRoot(), .meanError: sum / total,
    ]
    let variation = labelSquares - labelSum * labelSum / total
    if variation > 0 { result[.r2] = 1 - squares / variation }
    return result
  }
}
