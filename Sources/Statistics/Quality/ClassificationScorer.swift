internal import Foundation

/// Every classification metric of one set of rows in one pass, for any weights: once for the value, again for each bootstrap resample.
struct ClassificationScorer: Sendable {
  private let classCount: Int
  private let binary: Bool
  private let positive: Int
  /// Rows by falling probability, so that one pass gives the curves.
  private let order: [Int32]
  private let labels: [Int32]
  private let predictions: [Int32]
  private let probabilities: [Double]
  private let confidences: [Double]
  private let entropies: [Double]
  private let logLosses: [Double]
  private let bins: [UInt8]

  /// - Precondition: `rows.labels` is there unless only confidence is asked for.
  init(_ rows: ClassifiedRows) {
    classCount = rows.classes.count
    binary = rows.classes.count <= 2 && rows.positive != nil
    positive = rows.positive ?? -1
    let indices: [Int32]
    if let values = rows.probabilities, binary {
      indices = (0..<Int32(rows.count)).sorted { values[Int($0)] > values[Int($1)] }
    } else {
      indices = Array(0..<Int32(rows.count))
    }
    order = indices
    labels = rows.labels.map { labels in indices.map { Int32(labels[Int($0)]) } } ?? []
    predictions = indices.map { Int32(rows.predictions[Int($0)]) }
    let p = rows.probabilities.map { values in indices.map { values[Int($0)] } } ?? []
    probabilities = p
    let isBinary = binary
    confidences = p.map { isBinary ? max($0, 1 - $0) : $0 }
    func term(_ x: Double) -> Double { x > 0 ? -x * log(x) : 0 }
    entropies = isBinary ? p.map { term($0) + term(1 - $0) } : []
    bins = p.map { UInt8(min(9, Int($0 * 10))) }
    if isBinary, !labels.isEmpty {
      let one = Int32(positive)
      // Clipped as scikit-learn does, so that one certain mistake does not make everything infinite.
      let tiny = Double.ulpOfOne
      logLosses = zip(p, labels).map { -log(max(tiny, min(1 - tiny, $1 == one ? $0 : 1 - $0))) }
    } else {
      logLosses = []
    }
  }

  /// Values by metric; a metric that these weights leave undefined is absent.
  /// - Parameter weights: how often each original row counts; nil: once each.
  func score(_ weights: [UInt32]?) -> [QualityMetric: Double] {
    var result: [QualityMetric: Double] = [:]
    let n = order.count
    var byLabel = [Double](repeating: 0, count: classCount)
    var byPrediction = byLabel
    var hits = byLabel
    var total = 0.0
    var (confidence, entropy, margin, low, logLoss, brier) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    var (auc, averagePrecision) = (0.0, 0.0)
    var (truePositives, falsePositives, groupTrue, groupFalse) = (0.0, 0.0, 0.0, 0.0)
    var binSum = [Double](repeating: 0, count: 10)
    var binHits = binSum
    let labelled = labels.count == n
    let hasProbability = probabilities.count == n && n > 0
    for i in 0..<n {
      let weight = weights.map { Double($0[Int(order[i])]) } ?? 1
      if weight > 0 {
        total += weight
        let predicted = Int(predictions[i])
        if labelled {
          let label = Int(labels[i])
          byLabel[label] += weight
          byPrediction[predicted] += weight
          if label == predicted { hits[label] += weight }
        }
        if hasProbability {
          let p = probabilities[i]
          confidence += weight * confidences[i]
          if confidences[i] < 0.6 { low += weight }
          if binary {
            entropy += weight * entropies[i]
            margin += weight * abs(2 * p - 1)
            if labelled {
              let isPositive = Int(labels[i]) == positive
              logLoss += weight * logLosses[i]
              let gap = p - (isPositive ? 1 : 0)
              brier += weight * gap * gap
              let bin = Int(bins[i])
              binSum[bin] += weight * p
              if isPositive {
                binHits[bin] += weight
                groupTrue += weight
              } else {
                groupFalse += weight
              }
            }
          }
        }
      }
      if hasProbability, binary, labelled, i + 1 == n || probabilities[i + 1] != probabilities[i], groupTrue + groupFalse > 0 {
        auc += groupFalse * (truePositives + groupTrue / 2)
        truePositives += groupTrue
        falsePositives += groupFalse
        averagePrecision += groupTrue * truePositives / (truePositives + falsePositives)
        groupTrue = 0
        groupFalse = 0
      }
    }
    guard total > 0 else { return result }
    if labelled {
      result[.accuracy] = hits.reduce(0, +) / total
      let present = byLabel.indices.filter { byLabel[$0] > 0 }
      result[.balancedAccuracy] = present.reduce(0.0) { $0 + hits[$1] / byLabel[$1] } / Double(present.count)
      if binary {
        if byPrediction[positive] > 0 { result[.precision] = hits[positive] / byPrediction[positive] }
        if byLabel[positive] > 0 { result[.recall] = hits[positive] / byLabel[positive] }
        let both = byPrediction[positive] + byLabel[positive]
        if both > 0 { result[.f1] = 2 * hits[positive] / both }
      } else {
        let known = byLabel.indices.filter { byLabel[$0] + byPrediction[$0] > 0 }
        let count = Double(known.count)
        result[.precision] = known.reduce(0.0) { $0 + (byPrediction[$1] > 0 ? hits[$1] / byPrediction[$1] : 0) } / count
        result[.recall] = known.reduce(0.0) { $0 + (byLabel[$1] > 0 ? hits[$1] / byLabel[$1] : 0) } / count
        result[.f1] = known.reduce(0.0) { $0 + 2 * hits[$1] / (byLabel[$1] + byPrediction[$1]) } / count
      }
    }
    guard hasProbability else { return result }
    result[.meanConfidence] = confidence / total
    result[.lowConfidenceShare] = low / total
    guard binary else { return result }
    result[.meanEntropy] = entropy / total
    result[.meanMargin] = margin / total
    guard labelled else { return result }
    result[.logLoss] = logLoss / total
    result[.brier] = brier / total
    result[.expectedCalibrationError] = (0..<10).reduce(0.0) { $0 + abs(binSum[$1] - binHits[$1]) } / total
    if truePositives > 0, falsePositives > 0 { result[.rocAUC] = auc / (truePositives * falsePositives) }
    if truePositives > 0 { result[.prAUC] = averagePrecision / truePositives }
    return result
  }
}
