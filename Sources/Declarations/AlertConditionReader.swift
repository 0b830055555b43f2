internal import Lifecycle

extension Fields {
  static let conditionExample = "a condition, e.g. {metric: drift.share, at_least: 0.2}"

  func condition(depth: Int) -> AlertCondition? {
    for word in ["all", "any"] {
      guard let value = value(word) else { continue }
      let expected = "a list of conditions, at least one, that are not nested deeper than \(AlertCondition.deepest)"
      guard let parts = value.list(expected, { $0.condition(depth: depth + 1) }) else {
        finish()
        return nil
      }
      finish()
      guard !parts.isEmpty, depth < AlertCondition.deepest else { return value.refuse(expected, found: parts.isEmpty ? "an empty list" : "deeper ones") }
      return word == "all" ? .all(parts) : .any(parts)
    }
    if let value = value("no_data") {
      finish()
      guard depth == 0 else { return value.refuse("a metric: no_data and outcome stand alone", found: "no_data in a combination") }
      return value.span(positive: .positive).map { .noData($0) }
    }
    if let value = value("outcome") {
      finish()
      guard depth == 0 else { return value.refuse("a metric: no_data and outcome stand alone", found: "outcome in a combination") }
      return value.choice(AlertOutcome.self).map { .outcome($0) }
    }
    let metric = required("metric", "what is judged, e.g. drift.share")?.metric { _ in true }
    let bases = ["change", "seasonal", "trend", "deviation", "quantile", "detector"]
    let comparison: (AlertComparison.Basis, MetricBound)? =
      if bases.contains(where: { value($0) != nil }) {
        one(of: bases, "one of \(Value.either(bases))").flatMap { word, value in
          if word == "detector" { return value.detector(of: metric).map { (.detector($0), .atLeast(1)) } }
          return Fields(value, "e.g. {below: -0.05, windows: 5}").flatMap { $0.comparison(word) }
        }
      } else {
        bound([])?.absolute.map { (.value, $0) }
      }
    finish()
    guard let metric, let (basis, bound) = comparison else { return nil }
    return .comparison(AlertComparison(metric: metric, basis, bound))
  }

  /// What stands inside `change`, `seasonal` and their like.
  private func comparison(_ word: String) -> (AlertComparison.Basis, MetricBound)? {
    func windows(from least: Int) -> Int? {
      let expected = "a number of windows, from \(least) to \(AlertSpell.longest)"
      return required("windows", expected)?.integer(least...AlertSpell.longest, expected)
    }
    func relative() -> Bool { optional("relative", default: false) { $0.bool() } }
    let basis: AlertComparison.Basis?
    switch word {
    case "change":
      let relative = relative()
      basis = windows(from: 1).map { .change(windows: $0, relative: relative) }
    case "trend": basis = windows(from: 2).map { .trend(windows: $0) }
    case "deviation": basis = windows(from: 5).map { .deviation(windows: $0) }
    case "quantile": basis = windows(from: 5).map { .quantile(windows: $0) }
    default:
      let relative = relative()
      let period = required("period", "day or week")?.choice(AlertComparison.Season.self)
      let expected = "a number of days or weeks, from 1 to 60"
      let periods = optional("periods", default: 3) { $0.integer(1...60, expected) }
      basis = period.map { .seasonal($0, periods: periods, relative: relative) }
    }
    let limit = bound([])?.absolute
    if word == "quantile", let limit, !(0...1).contains(limit.limit) {
      let _: Void? = value(limit.word)?.refuse("a quantile from 0 to 1")
      finish()
      return nil
    }
    finish()
    guard let basis, let limit else { return nil }
    return (basis, limit)
  }

  /// A bound that was read: an absolute one, or one of the words that compare with the champion.
  enum Bound {
    case absolute(MetricBound)
    case relative(String, Double)

    var absolute: MetricBound? {
      if case .absolute(let bound) = self { bound } else { nil }
    }
  }

  /// The one bound among the keys.
  /// - Parameter relative: the words, besides the absolute ones, that are allowed here; their margins are never negative.
  func bound(_ relative: [String], absolute: [String] = ["at_least", "at_most", "above", "below"], later: [String] = []) -> Bound? {
    let words = absolute + relative
    guard let (word, value) = one(of: words, unsupported: later, "a bound: \(Value.either(words))") else { return nil }
    if relative.contains(word) { return value.number("a margin from 0") { $0 >= 0 }.map { .relative(word, $0) } }
    guard let limit = value.number() else { return nil }
    switch word {
    case "at_least": return .absolute(.atLeast(limit))
    case "at_most": return .absolute(.atMost(limit))
    case "above": return .absolute(.above(limit))
    default: return .absolute(.below(limit))
    }
  }
}

extension AlertCondition {
  /// How deep conditions may be nested.
  fileprivate static let deepest = 5
}

extension Value {
  func condition(depth: Int) -> AlertCondition? {
    Fields(self, Fields.conditionExample).flatMap { $0.condition(depth: depth) }
  }

  /// The name of a metric that Kedge measures and that is allowed here.
  func metric(where isAllowed: (MetricName.Subject) -> Bool) -> MetricName? {
    let health = HealthMetric.allCases.map { "kedge.\($0.rawValue)" }
    let measured = MetricName.predictionMetrics + MetricName.qualityMetrics + MetricName.verdictMetrics
    let names = ["drift.share", "drift.columns", "rows", "lateness"] + health + measured
    let allowed = names.filter { MetricName($0).subject.map(isAllowed) ?? false }
    var families = isAllowed(.prediction("estimated_accuracy")) ? ["estimated_NAME", "estimated_NAME_error"] : []
    if isAllowed(.missing("")) {
      families += MetricName.ColumnField.allCases.map { "column.NAME.\($0.rawValue)" }
      families += ["missing.NAME", "version.NAME.METRIC", "segment.GROUP.METRIC", "posted.NAME", "kedge.METRIC"]
    }
    let expected = "a metric: " + Value.either(allowed.filter { !$0.hasPrefix("estimated_") && !$0.hasPrefix("kedge.") } + families)
    guard let text = text(expected) else { return nil }
    guard let subject = MetricName(text).subject, isAllowed(subject) else {
      return refuse(expected, suggestion: Suggestion.nearest(to: text, among: allowed))
    }
    return MetricName(text)
  }
}
