internal import Foundation

/// A classifier's performance without labels, from how sure it is: confidence-based performance estimation (CBPE) for two classes.
///
/// Fitted on a reference with labels. It assumes that P(label | score) has not changed: concept drift is invisible to it, which is what makes its gap
/// to the performance that labels show later the evidence for concept drift.
/// - Source: NannyML 0.13, against whose estimates and sampling errors it is checked; whether calibration helps is judged on our own ten splits.
public struct ConfidenceBasedEstimate: Sendable, Hashable, Codable {
  /// An estimated metric.
  public struct Metric: Sendable, Hashable, Codable {
    /// The estimate, 0...1.
    public let value: Double
    /// One standard deviation of the estimate for as many rows.
    public let samplingError: Double
    /// value ∓ three sampling errors, within 0...1.
    public let low: Double
    /// Upper end of the same interval.
    public let high: Double
  }

  /// What can be estimated.
  public static let metrics: [QualityMetric] = [.accuracy, .precision, .recall, .f1, .rocAUC]

  /// Nil when the reference's scores are calibrated already.
  public let calibration: IsotonicCalibration?
  /// By the metric's name: the deviation of one relevant row, and the share of rows that are relevant.
  private let errors: [String: Component]

  private struct Component: Sendable, Hashable, Codable {
    let deviation: Double
    let share: Double
  }

  /// - Parameters:
  ///   - labels: of the reference, whether positive.
  ///   - predictions: whether predicted positive.
  ///   - scores: P(positive) as the model says.
  /// - Throws: when there are fewer than 20 rows, or all labels are of one class.
  public init(labels: [Bool], predictions: [Bool], scores: [Double]) throws(NotComputable) {
    guard labels.count >= 20, labels.count == predictions.count, labels.count == scores.count else { throw NotComputable("it takes 20 rows with labels") }
    guard labels.contains(true), labels.contains(false) else { throw NotComputable("all labels of the reference are of one class") }
    calibration = try ConfidenceBasedEstimate.needsCalibration(labels, scores) ? IsotonicCalibration(scores: scores, outcomes: labels) : nil
    let components = ConfidenceBasedEstimate.components(labels, predictions, scores)
    errors = Dictionary(uniqueKeysWithValues: components.map { ($0.key.rawValue, $0.value) })
  }

  /// The probability that the reference's labels gave a score.
  public func calibrated(_ score: Double) -> Double { calibration?(score) ?? score }

  /// Estimates for rows without labels.
  /// - Returns: the metrics that the rows define: precision is absent when nothing was predicted positive.
  public func estimate(predictions: [Bool], scores: [Double]) -> [QualityMetric: Metric] {
    let n = Double(scores.count)
    guard n > 0 else { return [:] }
    let p = scores.map { calibrated($0) }
    var (truePositive, falsePositive, trueNegative, falseNegative) = (0.0, 0.0, 0.0, 0.0)
    for (predicted, probability) in zip(predictions, p) {
      if predicted {
        truePositive += probability
        falsePositive += 1 - probability
      } else {
        falseNegative += probability
        trueNegative += 1 - probability
      }
    }
    var values: [QualityMetric: Double] = [.accuracy: (truePositive + trueNegative) / n]
    if truePositive + falsePositive > 0 { values[.precision] = truePositive / (truePositive + falsePositive) }
    if truePositive + falseNegative > 0 { values[.recall] = truePositive / (truePositive + falseNegative) }
    if truePositive + (falsePositive + falseNegative) / 2 > 0 { values[.f1] = truePositive / (truePositive + (falsePositive + falseNegative) / 2) }
    values[.rocAUC] = ConfidenceBasedEstimate.area(scores, p)
    var result: [QualityMetric: Metric] = [:]
    for (metric, value) in values {
      guard let component = errors[metric.rawValue] else { continue }
      let error = component.share > 0 ? component.deviation / (n * component.share).squareRoot() : 0
      result[metric] = Metric(value: value, samplingError: error, low: max(0, value - 3 * error), high: min(1, value + 3 * error))
    }
    return result
  }

  /// Expected true and false positives by falling raw score, trapezoids between them; sums rounded to five places as NannyML rounds them.
  private static func area(_ scores: [Double], _ p: [Double]) -> Double? {
    let order = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 > $1 }
    func rounded(_ x: Double) -> Double { (x * 1e5).rounded(.toNearestOrEven) / 1e5 }
    var (hits, lastHits, lastMisses, sum) = (0.0, 0.0, 0.0, 0.0)
    for (position, index) in order.enumerated() {
      hits += p[index]
      let (a, b) = (rounded(hits), rounded(Double(position + 1) - hits))
      sum += (b - lastMisses) * (a + lastHits) / 2
      (lastHits, lastMisses) = (a, b)
    }
    return lastHits > 0 && lastMisses > 0 ? sum / (lastHits * lastMisses) : nil
  }

  /// Whether isotonic calibration, fitted on nine tenths, lowers the calibration error on the other tenth: ten seeded stratified splits, errors over ten
  /// bins of equal count.
  private static func needsCalibration(_ labels: [Bool], _ scores: [Double]) throws(NotComputable) -> Bool {
    var random = RandomSource(seed: 42)
    var (before, after, truths): ([Double], [Double], [Bool]) = ([], [], [])
    var classes = [labels.indices.filter { labels[$0] }, labels.indices.filter { !labels[$0] }]
    for _ in 0..<10 {
      var isTest = [Bool](repeating: false, count: labels.count)
      for side in classes.indices {
        random.shuffle(&classes[side])
        for index in classes[side].prefix(max(1, classes[side].count / 10)) { isTest[index] = true }
      }
      let training = labels.indices.filter { !isTest[$0] }
      let calibration = try IsotonicCalibration(scores: training.map { scores[$0] }, outcomes: training.map { labels[$0] })
      for index in labels.indices where isTest[index] {
        before.append(scores[index])
        after.append(calibration(scores[index]))
        truths.append(labels[index])
      }
    }
    return calibrationError(before, truths) > calibrationError(after, truths)
  }

  private static func calibrationError(_ scores: [Double], _ labels: [Bool]) -> Double {
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    let bins = min(10, max(1, order.count / 2))
    var error = 0.0
    for bin in 0..<bins {
      let rows = order[(bin * order.count / bins)..<((bin + 1) * order.count / bins)]
      error += abs(rows.reduce(0.0) { $0 + scores[$1] - (labels[$1] ? 1 : 0) })
    }
    return error / Double(order.count)
  }

  private static func components(_ labels: [Bool], _ predictions: [Bool], _ scores: [Double]) -> [QualityMetric: Component] {
    let n = Double(labels.count)
    var (truePositive, falsePositive, trueNegative, falseNegative) = (0.0, 0.0, 0.0, 0.0)
    for (label, prediction) in zip(labels, predictions) {
      switch (label, prediction) {
      case (true, true): truePositive += 1
      case (false, true): falsePositive += 1
      case (false, false): trueNegative += 1
      case (true, false): falseNegative += 1
      }
    }
    func deviation(_ share: Double) -> Double { (share * (1 - share)).squareRoot() }
    var result: [QualityMetric: Component] = [.accuracy: Component(deviation: deviation((truePositive + trueNegative) / n), share: 1)]
    let selected = truePositive + falsePositive
    if selected > 0 { result[.precision] = Component(deviation: deviation(truePositive / selected), share: selected / n) }
    let positives = truePositive + falseNegative
    result[.recall] = Component(deviation: deviation(truePositive / positives), share: positives / n)
    let relevant = truePositive + falsePositive + falseNegative
    if relevant > 0 {
      let scale = relevant / ((falsePositive + falseNegative) / 2 + truePositive)
      result[.f1] = Component(deviation: deviation(truePositive / relevant) * scale, share: relevant / n)
    }
    result[.rocAUC] = areaComponent(labels, scores)
    return result
  }

  /// The spread of the shares of the other class that rows of the rarer class outrank.
  private static func areaComponent(_ labels: [Bool], _ scores: [Double]) -> Component {
    let turned = labels.count { $0 } * 2 > labels.count
    let positive = turned ? labels.map { !$0 } : labels
    let order = scores.indices.sorted { turned ? scores[$0] > scores[$1] : scores[$0] < scores[$1] }
    let count = positive.count { $0 }
    let others = Double(positive.count - count)
    var ranks: [Double] = []
    for (rank, index) in order.enumerated() where positive[index] { ranks.append(Double(rank - ranks.count) / others) }
    // NannyML loses a positive of rank 0.
    if let first = order.first, positive[first] { ranks.removeFirst() }
    let deviation = Sample(ranks).standardDeviation(degreesLost: 0)
    return Component(deviation: deviation, share: Double(count) / Double(positive.count))
  }
}
