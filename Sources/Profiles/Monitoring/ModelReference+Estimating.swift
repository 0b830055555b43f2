public import Statistics

extension ModelReference {
  /// Performance without labels.
  public struct Estimation: Sendable, Hashable {
    /// `cbpe` or `dle`.
    public let method: String
    /// Three sampling errors around each estimate; empty when nothing can be estimated.
    public let metrics: [QualityMetric: Estimate]
    /// Why nothing can be estimated.
    public let reason: String?
  }

  /// Of more answers, so many evenly spaced ones stand for all where nearest rows are looked for.
  private static let mostNeighboursAsked = 1000

  /// Estimates how right answers are; labels are not looked at.
  /// - Parameter table: whose rows the answers are.
  public func estimate(_ answers: ModelAnswers, in table: DataTable) -> Estimation {
    let method = task == .classification && !usesLoss ? "cbpe" : "dle"
    func none(_ reason: String) -> Estimation { Estimation(method: method, metrics: [:], reason: reason) }
    guard answers.count > 0 else { return none("there are no predictions") }
    switch (estimator, answers.values) {
    case (.none(let reason), _): return none(reason)
    case (.confidence(let estimate), .classes(let predictions, let probabilities?, _)):
      let found = estimate.estimate(predictions: predictions.map { $0 == positive }, scores: probabilities)
      return Estimation(method: method, metrics: found.mapValues { Estimate(value: $0.value, low: $0.low, high: $0.high) }, reason: nil)
    case (.confidenceOfRight(let estimate), .classes(let predictions, let probabilities?, _)):
      guard let found = estimate.estimate(predictions: predictions.map { _ in true }, scores: probabilities)[.accuracy] else {
        return none("there are no predictions")
      }
      return Estimation(method: method, metrics: [.accuracy: Estimate(value: found.value, low: found.low, high: found.high)], reason: nil)
    case (.confidence, _), (.confidenceOfRight, _): return none("there are no probabilities")
    case (.loss(let estimate, let encoding), let values):
      let some = answers.thinned(ModelReference.mostNeighboursAsked)
      let said: [Double]
      switch (values, some.values) {
      case (_, .numbers(let predictions, _)): said = predictions
      case (_, .classes(let predictions, _, _)):
        // A class that the reference lacks is as far as one can be.
        let known = ClassNames(classes, positive: positive)
        said = predictions.map { known.classes.firstIndex(of: $0).map(Double.init) ?? Double(known.classes.count) }
      }
      let found = estimate.estimate(encoding.matrix(table, rows: some.rows, and: [said]), standingFor: answers.count)
      guard task == .classification else {
        return Estimation(method: method, metrics: found.mapValues { Estimate(value: $0.value, low: $0.low, high: $0.high) }, reason: nil)
      }
      guard let wrong = found[.mae] else { return none("there are no predictions") }
      return Estimation(
        method: method, metrics: [.accuracy: Estimate(value: 1 - wrong.value, low: max(0, 1 - wrong.high), high: min(1, 1 - wrong.low))], reason: nil)
    }
  }

  private var usesLoss: Bool {
    if case .loss = estimator { return true }
    return false
  }

  /// What moved, with the evidence.
  /// - Parameters:
  ///   - driftedInputs: how many input columns drifted, and of how many.
  ///   - answers: the window's, with labels if they are known.
  ///   - estimation: of the same answers.
  ///   - quality: accuracy, or of a regression the mean absolute error, that labels gave for them.
  public func driftKind(driftedInputs: (count: Int, of: Int)?, _ answers: ModelAnswers, _ estimation: Estimation, quality: Estimate?) -> DriftKind {
    guard task == .classification else {
      return DriftKind(driftedInputs: driftedInputs, labels: labelTest(answers), estimatedError: estimation.metrics[.mae], error: quality)
    }
    let labels = labelTest(answers)
    return DriftKind(
      driftedInputs: driftedInputs, labels: labels, shift: labels == nil ? labelShift(answers) : nil, estimatedAccuracy: estimation.metrics[.accuracy],
      priorCorrectedAccuracy: priorCorrectedAccuracy(answers), accuracy: quality)
  }

  /// Whether the labels are spread as the reference's are; nil without labels.
  private func labelTest(_ answers: ModelAnswers) -> DriftKind.Moved? {
    switch (labels, answers.values) {
    case (.counts(let before)?, .classes(_, _, let now?)):
      let after = Dictionary(now.map { ($0, 1) }, uniquingKeysWith: +)
      let names = Set(before.keys).union(after.keys).sorted()
      let counts = CategoryCounts(reference: names.map { before[$0] ?? 0 }, current: names.map { after[$0] ?? 0 })
      let test = counts.smallestExpected >= 5 ? try? ChiSquared.test(counts) : try? ChiSquared.permutation(counts)
      let (total, other) = (Double(before.values.reduce(0, +)), Double(now.count))
      let moved = names.reduce(0.0) { $0 + abs(Double(before[$1] ?? 0) / total - Double(after[$1] ?? 0) / other) } / 2
      return test.map { DriftKind.Moved(test: $0, effect: moved) }
    case (.numbers(let before)?, .numbers(_, let now?)):
      return (try? KolmogorovSmirnov.test(Sample(before), Sample(now))).map { DriftKind.Moved(test: $0, effect: $0.statistic) }
    default: return nil
    }
  }

  private func labelShift(_ answers: ModelAnswers) -> LabelShift? {
    guard let confusion, case .classes(let predictions, _, _) = answers.values else { return nil }
    let known = ClassNames(classes, positive: positive)
    guard Set(predictions).isSubset(of: known.classes) else { return nil }
    var (said, truth): ([Int], [Int]) = ([], [])
    for (prediction, row) in confusion.enumerated() {
      for (label, count) in row.enumerated() {
        said += repeatElement(prediction, count: count)
        truth += repeatElement(label, count: count)
      }
    }
    guard let reference = try? ClassifiedRows(classes: classes, positive: nil, labels: truth, predictions: said) else { return nil }
    return try? LabelShift(reference: reference, predictions: known.indices(predictions))
  }

  /// What the reference's recall of each class gives with the shares that the classes have now, less three sampling errors of that recall.
  private func priorCorrectedAccuracy(_ answers: ModelAnswers) -> Double? {
    guard let confusion, case .classes(_, _, let now?) = answers.values, !now.isEmpty else { return nil }
    var (sum, variance) = (0.0, 0.0)
    for (label, count) in Dictionary(now.map { ($0, 1) }, uniquingKeysWith: +) {
      // Of a class that the reference lacks nothing right can be expected.
      guard let index = classes.firstIndex(of: label) else { continue }
      let total = confusion.reduce(0) { $0 + $1[index] }
      guard total > 0 else { continue }
      let share = Double(count) / Double(now.count)
      let recall = Double(confusion[index][index]) / Double(total)
      sum += share * recall
      variance += share * share * recall * (1 - recall) / Double(total)
    }
    return max(0, sum - 3 * variance.squareRoot())
  }
}
