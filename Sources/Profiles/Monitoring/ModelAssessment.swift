public import Statistics

/// What the rows of a window say of a model, held against the reference's: performance with and without labels, accuracy against uncertainty, and the kind of
/// drift.
public struct ModelAssessment: Sendable {
  /// What the model predicts.
  public let task: PredictionTask
  /// Performance as it is judged without labels.
  public let estimation: ModelReference.Estimation
  /// What moved, with the evidence.
  public let kind: DriftKind
  /// Accuracy and uncertainty together; nil for a regression, and without labels.
  public let uncertainty: UncertaintyComparison?
  /// Accuracy, or of a regression the mean absolute error, in the window; nil without labels.
  public let realized: Estimate?

  /// Of more rows, so many evenly spaced ones are judged.
  public static let mostRows = 50_000

  /// - Parameters:
  ///   - columns: which of both tables mean what; the label need not be there.
  ///   - inputs: how many input columns drifted, and of how many; nil when they were not compared.
  /// - Throws: `TableError` when the window lacks the predictions, or a cell makes no sense.
  public init(
    reference: DataTable, current: DataTable, task: PredictionTask, columns: ModelReference.Columns, inputs: (count: Int, of: Int)?,
    bootstrap: Bootstrap = Bootstrap()
  ) throws(TableError) {
    self.task = task
    let before = try ModelReference(reference, task: task, columns: columns, bootstrap: bootstrap)
    var labels: [String?]?
    if let label = columns.label, current[label] != nil { labels = try current.strings(label) }
    let answers = try ModelAnswers(current, task: task, prediction: columns.prediction ?? "", probability: columns.probability, labels: labels)
      .thinned(ModelAssessment.mostRows)
    let now: [QualityMetric: Measured]
    switch answers.values {
    case .classes: now = before.classified(answers).map { ClassificationMetrics($0, bootstrap: bootstrap).values } ?? [:]
    case .numbers(let predictions, let labels):
      now = labels.map { RegressionMetrics(labels: $0, predictions: predictions, bootstrap: bootstrap).values } ?? [:]
    }
    estimation = before.estimate(answers, in: current)
    realized = labels == nil ? nil : now[task == .classification ? .accuracy : .mae]?.estimate
    kind = before.driftKind(driftedInputs: inputs, answers, estimation, quality: realized)
    uncertainty =
      labels == nil || task == .regression ? nil : UncertaintyComparison(before: { before.metrics[$0]?.estimate }, now: { now[$0]?.estimate })
  }
}
