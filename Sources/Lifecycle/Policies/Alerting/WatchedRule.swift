internal import Values

/// A rule, taken apart once for all the measurements that it judges. A class, so that handing it on copies none of its parts.
final class WatchedRule: Sendable {
  /// A comparison and where its value comes from.
  struct Leaf: Sendable {
    let comparison: AlertComparison
    let subject: MetricName.Subject?
    /// The half of a window that carries it; nil: either.
    let part: Part?

    init(_ comparison: AlertComparison) {
      self.comparison = comparison
      subject = comparison.metric.subject
      if case .posted? = subject { part = nil } else { part = comparison.metric.part == .input ? .input : .quality }
    }

    func isCarried(by part: Part) -> Bool { self.part == nil || self.part == part }
  }

  let specification: AlertRuleSpecification
  let leaves: [Leaf]
  let inputs: Bool
  let labels: Bool
  /// What the star stands for, if there is one.
  let star: Star?
  /// What it counts instead of measurements.
  let outcome: AlertOutcome?
  /// Whether the rule is one comparison of one value, which needs no memory.
  let isPlain: Bool

  enum Star: Sendable {
    case column, version, segment
  }

  var name: String { specification.name }

  init(_ specification: AlertRuleSpecification) {
    self.specification = specification
    leaves = specification.when.comparisons.map(Leaf.init)
    // Whatever is measured shows that there are data.
    if case .noData = specification.when { inputs = true } else { inputs = leaves.contains { $0.isCarried(by: .input) } }
    labels = leaves.contains { $0.isCarried(by: .quality) }
    star = leaves.lazy.compactMap { $0.subject?.star }.first
    if case .outcome(let what) = specification.when { outcome = what } else { outcome = nil }
    if case .comparison(let comparison) = specification.when, case .value = comparison.basis { isPlain = true } else { isPlain = false }
  }

  func judges(_ part: Part) -> Bool { part == .input ? inputs : labels }

  /// What the rule judges apart in a measurement: once without a star.
  func series(in measurement: MeasurementRecorded) -> [String?] {
    switch star {
    case nil: [nil]
    case .column: measurement.columns.map(\.name)
    case .version: measurement.byVersion.keys.sorted()
    case .segment: measurement.segments?.map(\.group) ?? []
    }
  }

  /// When nothing to judge is something to act upon.
  var noData: NoDataRule? {
    if case .noData(let span) = specification.when { return NoDataRule(after: span, then: .alert) }
    return specification.noData
  }

  /// The end of the maintenance in which a time lies; nil when it lies in none.
  func maintenanceEnd(around time: Timestamp) -> Timestamp? {
    specification.maintenance.isEmpty ? nil : specification.maintenance.compactMap { $0.end(around: time) }.max()
  }
}

extension MetricName.Subject {
  /// What a star in the name stands for.
  var star: WatchedRule.Star? {
    switch self {
    case .column("*", _), .missing("*"): .column
    case .version("*", _): .version
    case .segment("*", _): .segment
    default: nil
    }
  }
}

extension AlertCondition {
  /// Whether it holds by the newest answers of its comparisons, in their order; nil when that depends on one that has none.
  func holds(_ answers: inout ArraySlice<Bool?>) -> Bool? {
    switch self {
    case .comparison: return answers.popFirst() ?? nil
    case .all(let parts): return AlertCondition.combine(parts.map { $0.holds(&answers) }, decisive: false)
    case .any(let parts): return AlertCondition.combine(parts.map { $0.holds(&answers) }, decisive: true)
    case .noData, .outcome: return nil
    }
  }

  private static func combine(_ answers: [Bool?], decisive: Bool) -> Bool? {
    if answers.contains(decisive) { return decisive }
    return answers.contains(nil) ? nil : !decisive
  }
}
