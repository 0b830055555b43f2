/// What a model answered, row by row: the prediction, how sure it was, and, where it is known, what was true.
public struct ModelAnswers: Sendable {
  /// Answers and truths of one kind.
  public enum Values: Sendable {
    case classes(predictions: [String], probabilities: [Double]?, labels: [String]?)
    case numbers(predictions: [Double], labels: [Double]?)
  }

  /// As many as there are `rows`.
  public let values: Values
  /// Positions in the table.
  public let rows: [Int]

  /// Takes the rows that have a prediction, and a label if there are labels.
  /// - Parameters:
  ///   - probability: a column that the table may lack: then there are none.
  ///   - labels: one a row of the table, nil where it is not known; nil: none is known.
  /// - Throws: `TableError` when the prediction's column is missing, or a cell makes no sense.
  public init(_ table: DataTable, task: PredictionTask, prediction: String, probability: String? = nil, labels: [String?]? = nil) throws(TableError) {
    let column = try table.column(prediction)
    func isLabelled(_ row: Int) -> Bool { labels.map { $0[row]?.isEmpty == false } ?? true }
    switch task {
    case .classification:
      if let stray = column.stray { throw .notANumber(source: table.source, column: prediction, stray) }
      let names = LabelledRows.classes(column)
      var scores: [Double]?
      if let probability, table[probability] != nil { scores = try table.numbers(probability) }
      let kept = (0..<table.rowCount).filter { row in isLabelled(row) && names[row]?.isEmpty == false && !(scores?[row].isNaN ?? false) }
      if let scores, let name = probability, let bad = kept.first(where: { !(0...1).contains(scores[$0]) }) {
        throw TableError(
          source: table.source, line: bad + 2, column: name, cell: Column.text(scores[bad]), problem: "is not a probability",
          advice: "give the probability of the positive class, between 0 and 1")
      }
      values = .classes(
        predictions: kept.map { names[$0] ?? "" }, probabilities: scores.map { scores in kept.map { scores[$0] } },
        labels: labels.map { labels in kept.map { LabelledRows.className(labels[$0] ?? "") } })
      rows = kept
    case .regression:
      let numbers = try table.numbers(prediction)
      rows = (0..<table.rowCount).filter { isLabelled($0) && numbers[$0].isFinite }
      var truths: [Double]?
      if let labels {
        truths = []
        for row in rows {
          guard let truth = Double(labels[row] ?? ""), truth.isFinite else {
            throw TableError(source: table.source, line: row + 2, problem: "its label is not a number", advice: "the labels of a regression are numbers")
          }
          truths?.append(truth)
        }
      }
      values = .numbers(predictions: rows.map { numbers[$0] }, labels: truths)
    }
  }

  private init(values: Values, rows: [Int]) {
    self.values = values
    self.rows = rows
  }

  /// How many answers.
  public var count: Int { rows.count }

  /// The answers at these positions among them.
  public func selecting(_ indices: [Int]) -> ModelAnswers {
    func chosen<Element>(_ list: [Element]) -> [Element] { indices.map { list[$0] } }
    let chosenValues: Values =
      switch values {
      case .classes(let predictions, let probabilities, let labels):
        .classes(predictions: chosen(predictions), probabilities: probabilities.map(chosen), labels: labels.map(chosen))
      case .numbers(let predictions, let labels): .numbers(predictions: chosen(predictions), labels: labels.map(chosen))
      }
    return ModelAnswers(values: chosenValues, rows: chosen(rows))
  }

  /// At most so many of them, evenly spaced.
  func thinned(_ most: Int) -> ModelAnswers {
    count <= most ? self : selecting((0..<most).map { $0 * count / most })
  }

  /// The answers' positions by what a column says of their rows; of rows without a value it says `missing`.
  /// - Throws: `TableError` when there is no such column.
  public func grouped(by column: String, in table: DataTable) throws(TableError) -> [String: [Int]] {
    let names = try table.strings(column)
    var groups: [String: [Int]] = [:]
    for (index, row) in rows.enumerated() { groups[names[row] ?? "missing", default: []].append(index) }
    return groups
  }

  /// Prediction − label of each row, and of classes 1 where they differ; nil without labels.
  var errors: [Double]? {
    switch values {
    case .classes(let predictions, _, let labels): labels.map { labels in zip(predictions, labels).map { $0 == $1 ? 0 : 1 } }
    case .numbers(let predictions, let labels): labels.map { labels in zip(predictions, labels).map { $0 - $1 } }
    }
  }
}
