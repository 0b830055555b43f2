public import Lifecycle
internal import Profiles
internal import Statistics

/// What an evaluator's predictions say of champion and challenger. Kedge computes it: a trainer cannot mark its own work.
struct Judgement: Sendable {
  let rows: Int
  let champion: QualityFigures?
  let challenger: QualityFigures
  /// Challenger minus champion on the same rows, each with its 95 % interval: value, low, high.
  let difference: [String: [Double]]
  /// Fairness figures of the challenger by group column.
  private let fairness: [String: [String: Double]]

  /// Reads `predictions.csv`: `id,label,champion,challenger`, and where there are any `champion_probability`, `challenger_probability`
  /// and group columns.
  /// - Parameter groups: the group columns that the gate names.
  /// - Throws: `TableError`, which names line and column; `NotComputable`.
  init(predictions path: String, task: ModelSpecification.Task, hasChampion: Bool, groups: Set<String>) throws {
    let names = ["id", "label", "champion", "challenger"] + groups
    let table = try TableReader.read(path: path, options: .init(raw: Set(names)))
    guard table.rowCount > 0 else {
      throw TableError(source: path, problem: "it has no rows", advice: "write a row for each row of the holdout")
    }
    func complete(_ name: String) throws -> [String] {
      try table.strings(name).enumerated().map { index, text in
        guard let text, !text.isEmpty else {
          throw TableError(
            source: path, line: index + 2, column: name, problem: "the value is missing", advice: "every row needs a label and a prediction")
        }
        return text
      }
    }
    func probabilities(_ name: String) throws -> [Double]? { table[name] == nil ? nil : try table.numbers(name) }
    let labels = try complete("label")
    let new = try QualityFigures.Rows(
      task, labels: labels, predictions: try complete("challenger"), probabilities: try probabilities("challenger_probability"))
    rows = table.rowCount
    challenger = QualityFigures(new)
    var fairness: [String: [String: Double]] = [:]
    for group in groups { fairness[group] = QualityFigures(new, group: try complete(group)).metrics }
    self.fairness = fairness
    guard hasChampion else {
      (champion, difference) = (nil, [:])
      return
    }
    let old = try QualityFigures.Rows(
      task, labels: labels, predictions: try complete("champion"), probabilities: try probabilities("champion_probability"))
    champion = QualityFigures(old)
    difference = try Judgement.compare(old, new)
  }

  private static func compare(_ old: QualityFigures.Rows, _ new: QualityFigures.Rows) throws(NotComputable) -> [String: [Double]] {
    let comparison: ModelComparison
    switch (old, new) {
    case (.classes(let old), .classes(let new)): comparison = try ModelComparison(first: old, second: new, bootstrap: QualityFigures.bootstrap)
    case (.numbers(let labels, let old), .numbers(_, let new)):
      comparison = try ModelComparison(labels: labels, first: old, second: new, bootstrap: QualityFigures.bootstrap)
    default: throw NotComputable("one of the two predicts numbers and the other classes")
    }
    var difference: [String: [Double]] = [:]
    for (metric, measured) in comparison.differences {
      if let estimate = measured.estimate, estimate.value.isFinite, estimate.low.isFinite, estimate.high.isFinite {
        difference[metric.rawValue] = [estimate.value, estimate.low, estimate.high]
      }
    }
    return difference
  }

  /// Applies a gate: every rule that can be applied must pass, and at least one absolute rule must.
  func apply(_ gate: [GateRule]) -> (results: [GateResult], passed: Bool) {
    let results = gate.map { rule in
      let name = rule.metric.text
      let value = rule.group.flatMap { fairness[$0]?[name] } ?? (rule.group == nil ? challenger.metrics[name] : nil)
      return rule.judge(value, champion: champion.map { .some($0.metrics[name]) } ?? .none)
    }
    return (results, GateRule.pass(gate, results))
  }
}
