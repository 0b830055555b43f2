public import Statistics

/// What a reference says of its model: how right and how sure it was there, how often each class occurred, and what its performance can be estimated
/// from where labels are not known yet.
///
/// A reference without labels or predictions says less; what it cannot say is "not computable", with the reason.
public struct ModelReference: Sendable, Hashable, Codable {
  /// What the model predicts.
  public let task: PredictionTask
  /// All metrics of the task on the reference's rows; without labels those of confidence alone.
  public var metrics: [QualityMetric: Measured] {
    Dictionary(uniqueKeysWithValues: figures.compactMap { name, measured in QualityMetric(rawValue: name).map { ($0, measured) } })
  }

  /// The metrics by name.
  private let figures: [String: Measured]
  /// The classes of predictions and labels, in order; empty for a regression.
  let classes: [String]
  let positive: String?
  /// Rows by prediction and label, as indices of classes; nil without both.
  let confusion: [[Int]]?
  let labels: Labels?
  let estimator: Estimator

  /// How labels are spread.
  enum Labels: Sendable, Hashable, Codable {
    case counts([String: Int])
    /// Ascending; of many, evenly spaced ones.
    case numbers([Double])
  }

  /// What performance is estimated with.
  enum Estimator: Sendable, Hashable, Codable {
    case confidence(ConfidenceBasedEstimate)
    /// Of more than two classes: whether the predicted class is right, by its probability.
    case confidenceOfRight(ConfidenceBasedEstimate)
    case loss(DirectLossEstimate, FeatureEncoding)
    case none(String)
  }

  /// Of more rows with labels, so many evenly spaced ones are used.
  static let mostRows = 50_000

  /// Which columns of the reference mean what.
  public struct Columns: Sendable, Hashable {
    /// What the model said.
    public var prediction: String?
    /// P(positive) for two classes, P(predicted class) for more.
    public var probability: String?
    /// What was true.
    public var label: String?
    /// Columns that are no inputs: identifiers, versions, times; the three above need not be among them.
    public var excluded: Set<String>

    /// Columns need not be there.
    public init(prediction: String?, probability: String?, label: String?, excluded: Set<String>) {
      self.prediction = prediction
      self.probability = probability
      self.label = label
      self.excluded = excluded
    }
  }

  /// Of a reference that cannot be looked into, and why.
  public init(task: PredictionTask, unknown reason: String) {
    self.task = task
    (figures, classes, positive, confusion, labels, estimator) = ([:], [], nil, nil, nil, .none(reason))
  }

  /// - Throws: `TableError` when a cell of the columns makes no sense.
  public init(_ table: DataTable, task: PredictionTask, columns: Columns, bootstrap: Bootstrap = Bootstrap()) throws(TableError) {
    self.task = task
    let truths = try columns.label.flatMap { name in table[name] == nil ? nil : name }.map { name throws(TableError) in try table.strings(name) }
    labels = truths.flatMap { ModelReference.labels($0, task) }
    guard let prediction = columns.prediction, table[prediction] != nil else {
      let names = truths.map { Set($0.compactMap { $0 }.map(LabelledRows.className)) } ?? []
      let chosen = ClassNames(task == .classification ? Array(names) : [], positive: nil)
      (classes, positive) = (chosen.classes, chosen.positive.map { chosen.classes[$0] })
      (figures, confusion, estimator) = ([:], nil, .none("the reference has no predictions"))
      return
    }
    let answers = try ModelAnswers(table, task: task, prediction: prediction, probability: columns.probability, labels: truths)
      .thinned(ModelReference.mostRows)
    switch answers.values {
    case .classes(let predictions, let probabilities, let labels):
      let names = ClassNames(predictions + (labels ?? []), positive: nil)
      (classes, positive) = (names.classes, names.positive.map { names.classes[$0] })
      let rows = ModelReference.classified(answers, names)
      figures = ModelReference.named(rows.map { ClassificationMetrics($0, bootstrap: bootstrap).values } ?? [:])
      confusion = labels.map { ModelReference.confusion(names.indices(predictions), names.indices($0), names.classes.count) }
      let encoding = { FeatureEncoding(table, excluding: columns.excluded.union([prediction, columns.probability, columns.label].compactMap { $0 })) }
      estimator = ModelReference.estimator(answers, names, probabilities, labels, table, encoding)
    case .numbers(let predictions, let labels):
      (classes, positive, confusion) = ([], nil, nil)
      guard let labels else {
        (figures, estimator) = ([:], .none("the reference has no labels"))
        return
      }
      figures = ModelReference.named(RegressionMetrics(labels: labels, predictions: predictions, bootstrap: bootstrap).values)
      let encoding = FeatureEncoding(table, excluding: columns.excluded.union([prediction, columns.label].compactMap { $0 }))
      estimator = ModelReference.lossEstimator(answers, [predictions], table, encoding)
    }
  }

  /// The answers as classes of these names; nil for numbers.
  public func classified(_ answers: ModelAnswers) -> ClassifiedRows? { ModelReference.classified(answers, names(of: answers)) }

  /// The reference's classes and those that only the answers have, in order.
  func names(of answers: ModelAnswers) -> ClassNames {
    guard case .classes(let predictions, _, let labels) = answers.values else { return ClassNames([], positive: nil) }
    return ClassNames(classes + predictions + (labels ?? []), positive: positive)
  }

  private static func classified(_ answers: ModelAnswers, _ names: ClassNames) -> ClassifiedRows? {
    guard case .classes(let predictions, let probabilities, let labels) = answers.values else { return nil }
    // A window in which one class alone was predicted still has the probabilities of two.
    let positive = names.classes.count > 2 ? nil : names.positive ?? (names.classes.isEmpty ? nil : 0)
    return try? ClassifiedRows(
      classes: names.classes, positive: positive, labels: labels.map(names.indices), predictions: names.indices(predictions), probabilities: probabilities)
  }

  private static func named(_ metrics: [QualityMetric: Measured]) -> [String: Measured] {
    Dictionary(uniqueKeysWithValues: metrics.map { ($0.key.rawValue, $0.value) })
  }

  private static func labels(_ texts: [String?], _ task: PredictionTask) -> Labels? {
    let present = texts.compactMap { $0 }.filter { !$0.isEmpty }
    guard !present.isEmpty else { return nil }
    if task == .classification { return .counts(Dictionary(present.map { (LabelledRows.className($0), 1) }, uniquingKeysWith: +)) }
    let numbers = present.compactMap(Double.init).filter(\.isFinite).sorted()
    guard numbers.count > 10_000 else { return numbers.isEmpty ? nil : .numbers(numbers) }
    return .numbers((0..<10_000).map { numbers[$0 * numbers.count / 10_000] })
  }

  private static func confusion(_ predictions: [Int], _ labels: [Int], _ count: Int) -> [[Int]] {
    var table = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    for (prediction, label) in zip(predictions, labels) { table[prediction][label] += 1 }
    return table
  }

  private static func estimator(
    _ answers: ModelAnswers, _ names: ClassNames, _ probabilities: [Double]?, _ labels: [String]?, _ table: DataTable, _ encoding: () -> FeatureEncoding
  ) -> Estimator {
    guard case .classes(let predictions, _, _) = answers.values, let labels else { return .none("the reference has no labels") }
    guard let probabilities else {
      let said = names.indices(predictions).map(Double.init)
      return lossEstimator(answers, [said], table, encoding())
    }
    do throws(NotComputable) {
      guard names.classes.count <= 2, let positive = names.positive.map({ names.classes[$0] }) else {
        return .confidenceOfRight(
          try ConfidenceBasedEstimate(
            labels: zip(labels, predictions).map { $0 == $1 }, predictions: predictions.map { _ in true }, scores: probabilities))
      }
      return .confidence(
        try ConfidenceBasedEstimate(labels: labels.map { $0 == positive }, predictions: predictions.map { $0 == positive }, scores: probabilities))
    } catch {
      return .none(error.reason)
    }
  }

  private static func lossEstimator(_ answers: ModelAnswers, _ said: [[Double]], _ table: DataTable, _ encoding: FeatureEncoding) -> Estimator {
    guard let errors = answers.errors else { return .none("the reference has no labels") }
    do throws(NotComputable) {
      return .loss(try DirectLossEstimate(features: encoding.matrix(table, rows: answers.rows, and: said), errors: errors), encoding)
    } catch {
      return .none(error.reason)
    }
  }
}
