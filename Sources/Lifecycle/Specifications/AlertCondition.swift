internal import Values

/// What must hold for a rule to be alarmed: a comparison of a metric, several of them, the absence of data, or how runs and deployments end.
public indirect enum AlertCondition: Hashable, Sendable {
  case comparison(AlertComparison)
  /// All of them hold.
  case all([AlertCondition])
  /// One of them holds.
  case any([AlertCondition])
  /// Nothing that can be judged came for so long.
  case noData(Span)
  /// Something about the monitor or its model ended like this.
  case outcome(AlertOutcome)

  /// `{metric: drift.share, at_least: 0.2}` is `(metric: "drift.share", .atLeast(0.2))`.
  public init(metric: MetricName, _ bound: MetricBound) { self = .comparison(AlertComparison(metric: metric, .value, bound)) }

  /// The comparisons in it, in the order in which they are declared.
  public var comparisons: [AlertComparison] {
    switch self {
    case .comparison(let comparison): [comparison]
    case .all(let parts), .any(let parts): parts.flatMap(\.comparisons)
    case .noData, .outcome: []
    }
  }

  /// For people who look for the rule: the first metric, `no_data`, or what ends.
  public var metric: MetricName {
    switch self {
    case .comparison(let comparison): comparison.metric
    case .all(let parts), .any(let parts): parts.first?.metric ?? ""
    case .noData: "no_data"
    case .outcome(let outcome): MetricName(outcome.rawValue)
    }
  }

  /// Whether it looks at other numbers than before, so that what was counted says nothing about it; another bound alone does not.
  func looksElsewhere(than other: AlertCondition) -> Bool { looks != other.looks }

  private var looks: AlertCondition {
    switch self {
    case .comparison(var comparison):
      comparison.bound = .atLeast(0)
      return .comparison(comparison)
    case .all(let parts): return .all(parts.map(\.looks))
    case .any(let parts): return .any(parts.map(\.looks))
    case .noData: return .noData(.zero)
    case .outcome: return self
    }
  }
}

/// How something about the model, or the measuring of a window, ended, which is counted as a window is.
public enum AlertOutcome: String, Hashable, Codable, Sendable, CaseIterable {
  /// A run failed or timed out for good; one that succeeds is the good news.
  case runFailed = "run_failed"
  /// A challenger did not pass its gate; one that does is the good news.
  case gateFailed = "gate_failed"
  /// A deployment was aborted, rejected or rolled back; one that completes is the good news.
  case deploymentFailed = "deployment_failed"
  /// A window of the monitor could not be measured; one whose inputs are measured is the good news.
  case measurementFailed = "measurement_failed"
}

/// A metric of a measurement, or what becomes of it beside earlier windows, against a bound.
public struct AlertComparison: Hashable, Sendable {
  /// The number that is judged. In `column.*.score`, `missing.*`, `version.*.accuracy` and `segment.*.accuracy` the star stands for each one: they are judged apart.
  public var metric: MetricName
  /// What is made of it.
  public var basis: Basis
  /// The condition holds when this holds of the result.
  public var bound: MetricBound

  /// What is made of the metric before it is held against the bound.
  public enum Basis: Hashable, Sendable {
    /// Nothing.
    case value
    /// How far it is from the mean of so many windows before; `relative`: as a share of that mean.
    case change(windows: Int, relative: Bool)
    /// How far it is from the mean of the same hour of the day, or of the week, in so many days or weeks before.
    case seasonal(Season, periods: Int, relative: Bool)
    /// The slope of a line through so many windows, per day.
    case trend(windows: Int)
    /// How many standard deviations it is from the mean of so many good windows.
    case deviation(windows: Int)
    /// The bound is the quantile, 0...1, of so many good windows.
    case quantile(windows: Int)
    /// Whether a streaming detector finds that it changed; the bound means nothing.
    case detector(DetectorSpecification)
  }

  /// Whether a streaming detector judges.
  public var isDetector: Bool { if case .detector = basis { true } else { false } }

  /// A detector's finding about a metric.
  public init(metric: MetricName, _ detector: DetectorSpecification) { self.init(metric: metric, .detector(detector), .atLeast(1)) }

  /// After how long things repeat themselves; hours are those of UTC.
  public enum Season: String, Hashable, Codable, Sendable, CaseIterable {
    case day, week
  }

  /// Takes the values as they are; nothing is checked.
  public init(metric: MetricName, _ basis: Basis, _ bound: MetricBound) {
    self.metric = metric
    self.basis = basis
    self.bound = bound
  }
}

extension AlertCondition: CustomStringConvertible {
  /// `drift.share at least 0.2`
  public var description: String {
    switch self {
    case .comparison(let comparison): comparison.description
    case .all(let parts): parts.map(\.nested).joined(separator: " and ")
    case .any(let parts): parts.map(\.nested).joined(separator: " or ")
    case .noData(let span): "no data for \(span)"
    case .outcome(.runFailed): "a run failed"
    case .outcome(.gateFailed): "a challenger did not pass its gate"
    case .outcome(.deploymentFailed): "a deployment failed"
    case .outcome(.measurementFailed): "a window could not be measured"
    }
  }

  private var nested: String {
    switch self {
    case .all, .any: "(\(self))"
    default: description
    }
  }
}

extension AlertComparison: CustomStringConvertible {
  /// `drift.share at least 0.2`, `accuracy below -0.05 beside the 5 windows before`
  public var description: String {
    let words = bound.word.split(separator: "_").joined(separator: " ")
    func windows(_ count: Int) -> String { count == 1 ? "window" : "\(count) windows" }
    switch basis {
    case .value: return "\(metric) \(words) \(JSON(bound.limit))"
    case .change(let count, let relative):
      return "change of \(metric) \(words) \(JSON(bound.limit))\(relative ? " times" : "") beside the \(windows(count)) before"
    case .seasonal(let season, let periods, let relative):
      return
        "\(metric) \(words) \(JSON(bound.limit))\(relative ? " times" : "") off the same hour of the \(season.rawValue) in \(periods) \(season.rawValue)s before"
    case .trend(let count): return "trend of \(metric) over \(windows(count)) \(words) \(JSON(bound.limit)) a day"
    case .deviation(let count): return "\(metric) \(words) \(JSON(bound.limit)) standard deviations off \(windows(count))"
    case .detector(let detector): return "\(detector.name.rawValue) finds a change of \(metric)"
    case .quantile(let count): return "\(metric) \(words) the \(JSON(bound.limit)) quantile of \(windows(count))"
    }
  }
}
