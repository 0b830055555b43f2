internal import Lifecycle

extension Fields {
  func rule() -> AlertRuleSpecification? {
    let windows = "a number of windows in a row, from 1"
    let name = resourceName("an alert rule")
    let monitor = required("monitor", "the name of the monitor whose measurements are judged")?.name("a monitor")
    let example = "a condition, e.g. {metric: drift.share, at_least: 0.2}"
    let condition = required("when", example).flatMap { Fields($0, example) }.flatMap { $0.condition() }
    let rule = AlertRuleSpecification(
      name: name ?? "", monitor: monitor ?? "", when: condition ?? AlertCondition(metric: "", .atLeast(0)),
      for: optional("for", default: 1) { $0.integer(1...10_000, windows) },
      resolveAfter: optional("resolve_after", default: 1) { $0.integer(1...10_000, windows) },
      cooldown: optional("cooldown", default: .zero) { $0.span() },
      severity: optional("severity", default: .warning) { $0.choice(AlertSeverity.self) },
      notify: optional("notify", default: []) { $0.list("a list of channels") { $0.name("a channel") } })
    finish()
    return name == nil || monitor == nil || condition == nil ? nil : rule
  }

  private func condition() -> AlertCondition? {
    let metric = required("metric", "what is judged, e.g. drift.share")?.metric { _ in true }
    let bound = bound([], later: Supported.conditionsLater)?.absolute
    finish()
    guard let metric, let bound else { return nil }
    return AlertCondition(metric: metric, bound)
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

extension Value {
  /// The name of a metric that Kedge measures and that is allowed here.
  func metric(where isAllowed: (MetricName.Subject) -> Bool) -> MetricName? {
    let names = ["drift.share", "drift.columns", "rows"] + MetricName.predictionMetrics + MetricName.qualityMetrics + MetricName.verdictMetrics
    let allowed = names.filter { MetricName($0).subject.map(isAllowed) ?? false }
    var families = isAllowed(.prediction("estimated_accuracy")) ? ["estimated_NAME", "estimated_NAME_error"] : []
    if isAllowed(.missing("")) { families += MetricName.ColumnField.allCases.map { "column.NAME.\($0.rawValue)" } + ["missing.NAME"] }
    let expected = "a metric: " + Value.either(allowed.filter { !$0.hasPrefix("estimated_") } + families)
    guard let text = text(expected) else { return nil }
    guard let subject = MetricName(text).subject, isAllowed(subject) else {
      return refuse(expected, suggestion: Suggestion.nearest(to: text, among: allowed))
    }
    return MetricName(text)
  }
}
