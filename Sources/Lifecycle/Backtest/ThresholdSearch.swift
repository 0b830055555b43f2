internal import Foundation
public import Values

/// Tries other thresholds of a rule on what was measured, and finds the most watchful one that raises no more alerts than are wanted.
///
/// For rules of one comparison. What is measured is folded once for each candidate, so that `for`, `resolve_after`, cooldown and all else count.
public struct ThresholdSearch: Sendable {
  /// A threshold and what it would have meant.
  public struct Candidate: Equatable, Sendable {
    /// In the unit of the metric.
    public let limit: Double
    /// Alerts since the start that was asked for.
    public let alerts: Int
    /// Alerts in 30 days, at that rate.
    public let alertsPerMonth: Double
    /// Of the incidents that people confirmed, those that it notices.
    public let incidentsNoticed: Int
    /// Of what people called a false alarm, those that it would raise again.
    public let falseAlarms: Int
  }

  /// In the order of their limits, the most watchful first.
  public let candidates: [Candidate]
  /// The threshold that is declared.
  public let current: Candidate
  /// The most watchful one that raises at most as many as wanted; nil when none does.
  public let suggested: Candidate?
  /// The rule's values since the start.
  public let values: [(at: Timestamp, value: Double)]
  /// What was counted of months of 30 days.
  public let months: Double

  /// Why there is nothing to try.
  public enum Refusal: Error, Equatable, Sendable, CustomStringConvertible {
    case noComparison
    case noValues

    /// For people.
    public var description: String {
      switch self {
      case .noComparison: "the rule is not one comparison with one threshold; try other rules with `kedge policy backtest -f`"
      case .noValues: "nothing was measured that the rule could judge"
      }
    }
  }

  /// - Parameters:
  ///   - measurements: of the rule's monitor, in their order; those before the start are what is usual.
  ///   - marked: the alerts of the rule that were raised.
  ///   - start: alerts before it are not counted.
  ///   - wanted: alerts in 30 days.
  ///   - tried: at most so many thresholds.
  /// - Complexity: so many folds over the measurements.
  public init(
    _ rule: AlertRuleSpecification, measurements: [FactRecord], marked: [Outcomes.Alert], since start: Timestamp, wanted: Double, tried: Int = 48
  ) throws(Refusal) {
    guard case .comparison(let comparison) = rule.when else { throw .noComparison }
    if case .detector = comparison.basis { throw .noComparison }
    let watched = WatchedRule(rule)
    var values: [(at: Timestamp, value: Double)] = []
    for record in measurements {
      guard case .measurementRecorded(let measurement) = record.fact, record.at >= start, !measurement.late else { continue }
      for series in watched.series(in: measurement) {
        if let value = measurement.value(of: watched.leaves[0], series, at: record.at) { values.append((measurement.window.endAt, value)) }
      }
    }
    guard let first = values.first, let last = values.last else { throw .noValues }
    let months = max((last.at - max(first.at, start)).inSeconds / (30 * 86_400), 1.0 / 30)
    func candidate(_ limit: Double) -> Candidate {
      var rule = rule
      rule.when = .comparison(AlertComparison(metric: comparison.metric, comparison.basis, comparison.bound.with(limit: limit)))
      let alerts = ThresholdSearch.alerts(of: rule, measurements, since: start)
      func isNoticed(_ alert: Outcomes.Alert) -> Bool { alerts.contains { $0.overlaps(alert) } }
      return Candidate(
        limit: limit, alerts: alerts.count, alertsPerMonth: Double(alerts.count) / months,
        incidentsNoticed: marked.count { $0.mark == .confirmed && isNoticed($0) }, falseAlarms: marked.count { $0.mark == .falseAlarm && isNoticed($0) })
    }
    current = candidate(comparison.bound.limit)
    let limits = ThresholdSearch.limits(around: comparison, values.map(\.value), tried)
    let all = (limits.map(candidate) + [current]).sorted { $0.limit < $1.limit }
    candidates = comparison.bound.isUpper ? all : all.reversed()
    // From the least watchful on: a threshold below everything that is measured raises one alert, which never ends.
    suggested = candidates.reversed().prefix { $0.alertsPerMonth <= wanted }.last
    self.values = values
    self.months = months
  }

  /// Of a value, its own quantiles on the side that is watched, with the far end seen more closely; of what is made of it, multiples of what is declared.
  private static func limits(around comparison: AlertComparison, _ values: [Double], _ count: Int) -> [Double] {
    var limits: [Double]
    switch comparison.basis {
    case .value:
      let shares = (0..<count).map { 1 - pow(0.5, 1 + 9 * Double($0) / Double(count - 1)) }
      limits = shares.map { ComparisonMemory.quantile(comparison.bound.isUpper ? $0 : 1 - $0, of: values) }
      // Beyond all that was seen, nothing is raised.
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      let margin = max((high - low) * 0.05, abs(high) * 1e-6)
      limits.append(comparison.bound.isUpper ? high + margin : low - margin)
    case .quantile:
      limits = (0..<count).map { share in
        let tail = pow(0.5, 1 + 9 * Double(share) / Double(count - 1))
        return comparison.bound.isUpper ? 1 - tail : tail
      }
    default:
      let declared = comparison.bound.limit == 0 ? 1 : comparison.bound.limit
      limits = (0..<count).map { declared * pow(2, -3 + 6 * Double($0) / Double(count - 1)) }
    }
    // What people would write: three digits.
    var seen: Set<Double> = []
    return limits.map(rounded).filter { $0.isFinite && seen.insert($0).inserted && $0 != comparison.bound.limit }
  }

  private static func rounded(_ value: Double) -> Double { Double(String(format: "%.3g", value)) ?? value }

  /// The alerts that a rule raises on measurements.
  private static func alerts(of rule: AlertRuleSpecification, _ measurements: [FactRecord], since start: Timestamp) -> [Outcomes.Alert] {
    guard var record = measurements.first else { return [] }
    var policy = AlertingPolicy()
    var outcomes = Outcomes()
    record.stream = "rule/\(rule.name)"
    record.fact = .ruleDefined(rule)
    _ = policy.react(to: record)
    for measurement in measurements {
      for command in policy.react(to: measurement) {
        guard case .alert(let id, let command) = command else { continue }
        let fact: Fact? =
          switch command {
          case .suspect(let fact): .alertPending(fact)
          case .raise(let fact): .alertRaised(fact)
          case .resolve(let fact): .alertResolved(fact)
          default: nil
          }
        guard let fact else { continue }
        var record = measurement
        (record.stream, record.fact, record.actor) = (id.stream, fact, "kedge/\(AlertingPolicy.name)")
        outcomes.take(record)
      }
    }
    return outcomes.alerts.filter { $0.at >= start }
  }
}

extension MetricBound {
  /// Whether it is what lies above that is bad.
  var isUpper: Bool {
    switch self {
    case .atLeast, .above: true
    case .atMost, .below: false
    }
  }
}
