/// Predictions of a classifier: one class a row, and where there are any the labels and the probability of the positive class.
public struct ClassifiedRows: Sendable, Hashable {
  /// The classes' names; labels and predictions are indices into them.
  public let classes: [String]
  /// The class that "positive" means for precision, recall, F1, AUC and probabilities; nil unless there are two classes at most.
  public let positive: Int?
  /// The true class of each row; nil when labels are not known.
  public let labels: [Int]?
  /// The predicted class of each row.
  public let predictions: [Int]
  /// P(positive) of each row for two classes, P(predicted class) for more; nil when there are none.
  public let probabilities: [Double]?

  /// - Throws: when lengths differ, an index names no class, or a probability is not in 0...1.
  public init(classes: [String], positive: Int?, labels: [Int]?, predictions: [Int], probabilities: [Double]? = nil) throws(NotComputable) {
    if let labels, labels.count != predictions.count { throw NotComputable("\(labels.count) labels for \(predictions.count) predictions") }
    if let probabilities, probabilities.count != predictions.count {
      throw NotComputable("\(probabilities.count) probabilities for \(predictions.count) predictions")
    }
    let range = classes.indices
    guard predictions.allSatisfy(range.contains), labels?.allSatisfy(range.contains) ?? true else { throw NotComputable("a row has a class without a name") }
    if let bad = probabilities?.first(where: { !($0 >= 0 && $0 <= 1) }) { throw NotComputable("\(bad) is not a probability: it is not between 0 and 1") }
    self.classes = classes
    self.positive = positive
    self.labels = labels
    self.predictions = predictions
    self.probabilities = probabilities
  }

  /// From names. The positive class of two is `positive` if given, else the one called 1, true, yes or positive, else the last in order.
  public init(labels: [String]?, predictions: [String], probabilities: [Double]? = nil, positive: String? = nil) throws(NotComputable) {
    var names = Set(predictions)
    if let labels { names.formUnion(labels) }
    if let positive, names.count < 2 { names.insert(positive) }
    let classes = names.sorted { left, right in
      if let a = Double(left), let b = Double(right) { return a < b }
      return left < right
    }
    var index: [String: Int] = [:]
    for (position, name) in classes.enumerated() { index[name] = position }
    let chosen: Int?
    if let positive {
      guard let found = index[positive] else { throw NotComputable("no row has the class \"\(positive)\"") }
      chosen = found
    } else if classes.count <= 2 {
      chosen = classes.firstIndex { ["1", "1.0", "true", "yes", "positive"].contains($0.lowercased()) } ?? (classes.count == 2 ? 1 : nil)
    } else {
      chosen = nil
    }
    try self.init(
      classes: classes, positive: chosen, labels: labels?.map { index[$0] ?? 0 }, predictions: predictions.map { index[$0] ?? 0 },
      probabilities: probabilities)
  }

  /// How many rows.
  public var count: Int { predictions.count }

  /// The rows at these positions.
  public func selecting(_ rows: [Int]) -> ClassifiedRows {
    ClassifiedRows(trusted: self, rows: rows)
  }

  private init(trusted whole: ClassifiedRows, rows: [Int]) {
    classes = whole.classes
    positive = whole.positive
    labels = whole.labels.map { labels in rows.map { labels[$0] } }
    predictions = rows.map { whole.predictions[$0] }
    probabilities = whole.probabilities.map { values in rows.map { values[$0] } }
  }

  /// Whether each prediction is right; nil without labels.
  public var correct: [Bool]? { labels.map { labels in zip(labels, predictions).map { $0 == $1 } } }
}
