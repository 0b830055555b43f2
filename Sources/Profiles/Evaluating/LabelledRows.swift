internal import Statistics

/// What a model predicts.
public enum PredictionTask: String, Sendable, Hashable, Codable {
  case classification, regression
}

/// The rows of a table that have a label and a prediction, ready to be measured.
struct LabelledRows: Sendable {
  enum Values: Sendable {
    case classes(labels: [String], predictions: [String], probabilities: [Double]?)
    case numbers(labels: [Double], predictions: [Double])
  }

  let values: Values
  /// Positions in the table.
  let rows: [Int]
  /// Rows left out because a label, a prediction or a probability is missing.
  let skipped: Int

  /// - Parameter task: nil: regression when labels and predictions are numeric columns and there are no probabilities, else classification.
  /// - Throws: `TableError` when a column is missing, or a cell is no number where one is needed.
  init(_ table: DataTable, label: String, prediction: String, probability: String?, task: PredictionTask?) throws(TableError) {
    let labels = try table.column(label)
    let predictions = try table.column(prediction)
    let chosen = task ?? (probability == nil && labels.type == .numeric && predictions.isNumbers ? .regression : .classification)
    switch chosen {
    case .regression:
      let (y, x) = (try table.numbers(label), try table.numbers(prediction))
      let kept = (0..<table.rowCount).filter { y[$0].isFinite && x[$0].isFinite }
      rows = kept
      values = .numbers(labels: kept.map { y[$0] }, predictions: kept.map { x[$0] })
    case .classification:
      for column in [labels, predictions] {
        if let stray = column.stray { throw .notANumber(source: table.source, column: column.name, stray) }
      }
      let (y, x) = (LabelledRows.classes(labels), LabelledRows.classes(predictions))
      let p = try probability.map { name throws(TableError) in try table.numbers(name) }
      let kept = (0..<table.rowCount).filter { y[$0] != nil && x[$0] != nil && !(p?[$0].isNaN ?? false) }
      if let p, let name = probability, let bad = kept.first(where: { p[$0] < 0 || p[$0] > 1 }) {
        throw TableError(
          source: table.source, line: bad + 2, column: name, cell: Column.text(p[bad]), problem: "is not a probability",
          advice: "give the probability of the positive class, between 0 and 1")
      }
      rows = kept
      values = .classes(labels: kept.map { y[$0] ?? "" }, predictions: kept.map { x[$0] ?? "" }, probabilities: p.map { p in kept.map { p[$0] } })
    }
    skipped = table.rowCount - rows.count
  }

  /// Classes by name: 1 and 1.0 are one class, and so are true and True.
  static func classes(_ column: Column) -> [String?] {
    switch column.values {
    case .strings(let strings):
      let names = strings.dictionary.map(className)
      return strings.codes.map { $0 < 0 ? nil : names[Int($0)] }
    default: return (0..<column.count).map { column.string(at: $0) }
    }
  }

  /// One name for each class, however it is written.
  static func className(_ text: String) -> String {
    if let number = Double(text) { return Column.text(number) }
    return Column.booleans[text.lowercased()] != nil ? text.lowercased() : text
  }
}

extension Column {
  var isNumbers: Bool {
    if case .numbers = values { return true }
    return false
  }
}
