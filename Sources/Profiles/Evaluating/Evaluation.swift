public import Statistics

/// The quality of a model's predictions in a table, alone or against another model's on the same rows.
public enum Evaluation {
  /// Which columns mean what.
  public struct Columns: Sendable, Hashable {
    public var label: String
    public var prediction: String
    /// P(positive) for two classes, P(predicted class) for more.
    public var probability: String?
    /// Columns that fairness is measured by.
    public var groups: [String]
    /// Joins the rows of two tables; nil: row by row.
    public var id: String?
    /// The positive class; nil: the one called 1, true, yes or positive, else the last in order.
    public var positive: String?
    /// Nil: regression when labels and predictions are numeric columns and there are no probabilities.
    public var task: PredictionTask?

    public init(
      label: String, prediction: String, probability: String? = nil, groups: [String] = [], id: String? = nil, positive: String? = nil,
      task: PredictionTask? = nil
    ) {
      self.label = label
      self.prediction = prediction
      self.probability = probability
      self.groups = groups
      self.id = id
      self.positive = positive
      self.task = task
    }
  }

  /// Measures `table`, and if `other` is given also that, and the difference table − other on the rows that both have.
  /// - Throws: `TableError` when a column is missing, a cell makes no sense, or the two tables do not describe the same rows.
  public static func run(
    _ table: DataTable, columns: Columns, against other: DataTable? = nil, bootstrap: Bootstrap = Bootstrap()
  ) throws(TableError) -> EvaluationResult {
    let labelled = try LabelledRows(table, label: columns.label, prediction: columns.prediction, probability: columns.probability, task: columns.task)
    let quality = try ModelQuality.measure(labelled, table, groups: columns.groups, positive: columns.positive, bootstrap: bootstrap)
    guard let other else { return EvaluationResult(quality: quality, group: columns.groups.first, against: nil) }
    let (mine, theirs) = try joined(table, other, columns)
    let first = try side(theirs, columns, quality.task)
    let second = try side(mine, columns, quality.task)
    let rows = Set(first.rows).intersection(second.rows).sorted()
    let comparison = try compare(theirs, mine, rows: rows, columns, quality.task, bootstrap)
    let otherQuality = try ModelQuality.measure(
      try LabelledRows(
        theirs.selecting(rows), label: columns.label, prediction: columns.prediction, probability: columns.probability, task: quality.task),
      theirs.selecting(rows), groups: [], positive: columns.positive, bootstrap: bootstrap)
    return EvaluationResult(quality: quality, group: columns.groups.first, against: .init(quality: otherQuality, comparison: comparison))
  }

  /// Measures what an evaluator left: champion's and challenger's predictions on the same rows, in one table.
  ///
  /// The difference is challenger − champion. Probability columns are used if they are there; without a champion column there is no comparison.
  /// - Parameter label: with `champion`, `challenger` and `…_probability` the columns' names, as the trainer contract has them.
  /// - Throws: `TableError` when a column is missing or a cell makes no sense.
  public static func challenge(
    _ table: DataTable, label: String = "label", champion: String = "champion", challenger: String = "challenger", groups: [String] = [],
    positive: String? = nil, task: PredictionTask? = nil, bootstrap: Bootstrap = Bootstrap()
  ) throws(TableError) -> ChallengeResult {
    func columns(_ prediction: String) -> Columns {
      let probability = "\(prediction)_probability"
      return Columns(
        label: label, prediction: prediction, probability: table[probability] == nil ? nil : probability, groups: groups, positive: positive, task: task)
    }
    let new = columns(challenger)
    let labelled = try LabelledRows(table, label: label, prediction: challenger, probability: new.probability, task: task)
    let challengerQuality = try ModelQuality.measure(labelled, table, groups: groups, positive: positive, bootstrap: bootstrap)
    guard table[champion] != nil else { return ChallengeResult(champion: nil, challenger: challengerQuality, comparison: nil) }
    var old = columns(champion)
    old.task = challengerQuality.task
    let before = try LabelledRows(table, label: label, prediction: champion, probability: old.probability, task: old.task)
    let championQuality = try ModelQuality.measure(before, table, groups: groups, positive: positive, bootstrap: bootstrap)
    let rows = Set(labelled.rows).intersection(before.rows).sorted()
    let both = table.selecting(rows)
    let first = try LabelledRows(both, label: label, prediction: champion, probability: old.probability, task: old.task)
    let second = try LabelledRows(both, label: label, prediction: challenger, probability: new.probability, task: old.task)
    let comparison = try compare(first, second, both, positive, bootstrap)
    return ChallengeResult(champion: championQuality, challenger: challengerQuality, comparison: comparison)
  }

  /// What can be said without labels: mean confidence, entropy, margin and the share of unsure rows; the other metrics are "not computable".
  /// - Throws: `TableError` when a column is missing or a probability makes no sense.
  public static func confidence(
    _ table: DataTable, prediction: String, probability: String, positive: String? = nil, bootstrap: Bootstrap = Bootstrap()
  ) throws(TableError) -> [QualityMetric: Measured] {
    let rows = try LabelledRows(table, label: prediction, prediction: prediction, probability: probability, task: .classification)
    guard case .classes(_, let predictions, let probabilities) = rows.values else { return [:] }
    let names = ClassNames(predictions, positive: positive)
    do throws(NotComputable) {
      // A window in which one class alone was predicted still has the probabilities of two.
      let classified = try ClassifiedRows(
        classes: names.classes, positive: names.positive ?? (names.classes.count <= 2 ? 0 : nil), labels: nil, predictions: names.indices(predictions),
        probabilities: probabilities)
      return ClassificationMetrics(classified, bootstrap: bootstrap).values
    } catch {
      throw TableError(source: table.source, column: probability, problem: "cannot be measured: \(error.reason)", advice: "check the column")
    }
  }

  private static func side(_ table: DataTable, _ columns: Columns, _ task: PredictionTask) throws(TableError) -> LabelledRows {
    try LabelledRows(table, label: columns.label, prediction: columns.prediction, probability: columns.probability, task: task)
  }

  private static func compare(
    _ first: DataTable, _ second: DataTable, rows: [Int], _ columns: Columns, _ task: PredictionTask, _ bootstrap: Bootstrap
  ) throws(TableError) -> ModelComparison? {
    let (a, b) = (first.selecting(rows), second.selecting(rows))
    return try compare(try side(a, columns, task), try side(b, columns, task), b, columns.positive, bootstrap)
  }

  private static func compare(
    _ first: LabelledRows, _ second: LabelledRows, _ table: DataTable, _ positive: String?, _ bootstrap: Bootstrap
  ) throws(TableError) -> ModelComparison? {
    guard !first.rows.isEmpty else { return nil }
    do throws(NotComputable) {
      if case .numbers(let labels, let a) = first.values, case .numbers(_, let b) = second.values {
        return try ModelComparison(labels: labels, first: a, second: b, bootstrap: bootstrap)
      }
      guard case .classes(let labels, let x, let p) = first.values, case .classes(let others, let y, let q) = second.values else { return nil }
      guard labels == others else { throw NotComputable("the labels of the two differ") }
      // One list of classes for both, so that what is positive for one is positive for the other.
      let names = ClassNames(labels + x + y, positive: positive)
      let a = try ClassifiedRows(
        classes: names.classes, positive: names.positive, labels: names.indices(labels), predictions: names.indices(x), probabilities: p)
      let b = try ClassifiedRows(
        classes: names.classes, positive: names.positive, labels: names.indices(labels), predictions: names.indices(y), probabilities: q)
      return try ModelComparison(first: a, second: b, bootstrap: bootstrap)
    } catch {
      throw TableError(source: table.source, problem: "cannot be compared: \(error.reason)", advice: "both need predictions for the same rows")
    }
  }

  /// Both tables in the same rows.
  private static func joined(_ table: DataTable, _ other: DataTable, _ columns: Columns) throws(TableError) -> (DataTable, DataTable) {
    guard let id = columns.id else {
      guard table.rowCount == other.rowCount else {
        throw TableError(
          source: other.source, problem: "has \(other.rowCount) rows, and \(table.source) has \(table.rowCount)",
          advice: "both need predictions for the same rows, or a column of identifiers to join them by")
      }
      return (table, other)
    }
    let (mine, theirs) = (try table.strings(id), try other.strings(id))
    var position: [String: Int] = [:]
    for (row, key) in theirs.enumerated() { if let key { position[key] = row } }
    var (left, right): ([Int], [Int]) = ([], [])
    for (row, key) in mine.enumerated() {
      if let key, let match = position[key] {
        left.append(row)
        right.append(match)
      }
    }
    guard !left.isEmpty else {
      throw TableError(source: other.source, column: id, problem: "has no value in common with \(table.source)", advice: "check the column of identifiers")
    }
    return (table.selecting(left), other.selecting(right))
  }
}

/// The classes that several columns name together.
struct ClassNames {
  let classes: [String]
  let positive: Int?
  private let index: [String: Int]

  init(_ names: [String], positive: String?) {
    var all = Set(names)
    if let positive { all.insert(positive) }
    let classes = all.sorted(by: PreparedColumn.inOrder)
    self.classes = classes
    var index: [String: Int] = [:]
    for (position, name) in classes.enumerated() { index[name] = position }
    self.index = index
    let usual = classes.firstIndex { ["1", "true", "yes", "positive"].contains($0.lowercased()) }
    self.positive = positive.flatMap { index[$0] } ?? (classes.count <= 2 ? usual ?? (classes.count == 2 ? 1 : nil) : nil)
  }

  func indices(_ names: [String]) -> [Int] { names.map { index[$0] ?? 0 } }
}
