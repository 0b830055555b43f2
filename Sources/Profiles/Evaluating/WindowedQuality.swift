public import Statistics
public import Values

/// How right predictions were, window by window through a table, beside the reference's: what a picture over time needs.
public struct WindowedQuality: Sendable, Hashable {
  /// Consecutive rows of the table.
  public struct Window: Sendable, Hashable {
    /// From 1, of those that have a label and a prediction.
    public let firstRow: Int
    /// The last one that counts.
    public let lastRow: Int
    /// With its 95 % interval.
    public let estimate: Estimate
  }

  /// Accuracy for classes, mean absolute error for numbers.
  public let metric: QualityMetric
  /// Of all its rows together; nil when it has no labels.
  public let reference: Estimate?
  /// In the table's order.
  public let windows: [Window]

  /// Fewer rows make no window, unless the table has no more.
  public static let fewestRows = 50
  /// More windows than this show no more.
  public static let mostWindows = 20

  /// Cuts the current table's labelled rows into windows of equal size. A reference without the columns is left out.
  /// - Throws: `TableError` when the current table lacks a column, or a cell makes no sense.
  public init(reference: DataTable?, current: DataTable, columns: Evaluation.Columns) throws(TableError) {
    let rows = try LabelledRows(current, label: columns.label, prediction: columns.prediction, probability: nil, task: columns.task)
    let outcomes = rows.outcomes
    metric = rows.metric
    let count = max(1, min(WindowedQuality.mostWindows, outcomes.count / WindowedQuality.fewestRows))
    windows = (0..<count).compactMap { index in
      let (start, end) = (outcomes.count * index / count, outcomes.count * (index + 1) / count)
      return WindowedQuality.estimate(outcomes[start..<end], rows.metric).map { Window(firstRow: start + 1, lastRow: end, estimate: $0) }
    }
    let task: PredictionTask = rows.metric == .accuracy ? .classification : .regression
    if let reference, reference[columns.label] != nil, reference[columns.prediction] != nil {
      let before = try LabelledRows(reference, label: columns.label, prediction: columns.prediction, probability: nil, task: task)
      self.reference = WindowedQuality.estimate(before.outcomes[...], before.metric)
    } else {
      self.reference = nil
    }
  }

  /// Wilson's interval for shares, the normal one for means.
  private static func estimate(_ outcomes: ArraySlice<Double>, _ metric: QualityMetric) -> Estimate? {
    guard !outcomes.isEmpty else { return nil }
    if metric == .accuracy { return try? Proportion.wilson(outcomes.count { $0 == 1 }, of: outcomes.count) }
    var moments = Moments()
    moments.add(Array(outcomes))
    let half = 1.959963984540054 * (moments.standardDeviation ?? 0) / Double(outcomes.count).squareRoot()
    return Estimate(value: moments.mean, low: max(0, moments.mean - half), high: moments.mean + half)
  }

  /// For reports as JSON.
  public var json: JSON {
    func interval(_ estimate: Estimate) -> [(String, JSON?)] {
      [("value", JSON(estimate.value)), ("low", JSON(estimate.low)), ("high", JSON(estimate.high))]
    }
    return JSON([
      ("metric", .string(metric.rawValue)), ("reference", reference.map { JSON(interval($0)) } ?? .null),
      ("windows", .array(windows.map { JSON([("first_row", JSON($0.firstRow)), ("last_row", JSON($0.lastRow))] + interval($0.estimate)) })),
    ])
  }
}

extension LabelledRows {
  /// What `outcomes` are averaged to.
  fileprivate var metric: QualityMetric {
    switch values {
    case .classes: .accuracy
    case .numbers: .mae
    }
  }

  /// 1 where a class was right, else 0; of numbers, how far off.
  fileprivate var outcomes: [Double] {
    switch values {
    case .classes(let labels, let predictions, _): zip(labels, predictions).map { $0 == $1 ? 1 : 0 }
    case .numbers(let labels, let predictions): zip(labels, predictions).map { abs($0 - $1) }
    }
  }
}

extension ColumnDistribution {
  /// How sure the predictions of both sides were: P(predicted class), which for two classes is the larger of p and 1 − p.
  /// - Parameter isBinary: whether the probabilities are those of one of two classes.
  /// - Throws: `TableError` when a side lacks the column or a cell is no number.
  public static func confidence(_ reference: DataTable, _ current: DataTable, probability: String, prediction: String?) throws(TableError) -> ColumnDistribution
  {
    let isBinary =
      try prediction.map { name throws(TableError) in
        try Set(LabelledRows.classes(reference.column(name)) + LabelledRows.classes(current.column(name))).subtracting([nil]).count <= 2
      } ?? true
    func sample(_ table: DataTable) throws(TableError) -> Sample {
      let p = try table.numbers(probability)
      return Sample(isBinary ? p.map { $0.isNaN ? $0 : max($0, 1 - $0) } : p)
    }
    return ColumnDistribution(name: "confidence", reference: try sample(reference), current: try sample(current))
  }
}
