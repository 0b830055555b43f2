/// When a monitor's measurements become an alert.
public struct AlertRuleSpecification: Hashable, Codable, Sendable {
  /// Unique among rules.
  public var name: String
  /// The monitor whose measurements are judged.
  public var monitor: String
  /// What must hold of a window.
  public var when: AlertCondition
  /// How many windows in a row must meet the condition before the alert fires; at least 1.
  public var `for`: Int
  /// How many windows in a row must not meet it before the alert resolves; at least 1.
  public var resolveAfter: Int
  /// After a resolved alert, this long no new one is raised.
  public var cooldown: Span
  /// Of the alerts that it raises.
  public var severity: AlertSeverity
  /// Names of the channels that are told.
  public var notify: [String]

  /// Takes the values as they are; nothing is checked.
  public init(
    name: String, monitor: String, when: AlertCondition, for windows: Int = 1, resolveAfter: Int = 1, cooldown: Span = .zero,
    severity: AlertSeverity = .warning, notify: [String] = []
  ) {
    self.name = name
    self.monitor = monitor
    self.when = when
    self.for = windows
    self.resolveAfter = resolveAfter
    self.cooldown = cooldown
    self.severity = severity
    self.notify = notify
  }
}

/// How bad an alert is, from the least to the most.
public enum AlertSeverity: String, Hashable, Codable, Comparable, Sendable, CaseIterable {
  case info, warning, critical

  private var rank: Int {
    switch self {
    case .info: 0
    case .warning: 1
    case .critical: 2
    }
  }

  /// `info` is less than `warning`, and that than `critical`.
  public static func < (left: AlertSeverity, right: AlertSeverity) -> Bool { left.rank < right.rank }
}

/// The condition of a rule: a metric of a measurement beyond a bound, e.g. `{metric: drift.share, at_least: 0.2}`.
public struct AlertCondition: Hashable, Sendable {
  /// The number that is judged.
  public var metric: MetricName
  /// The alert's condition is met when this holds of the metric's value.
  public var bound: MetricBound

  /// `{metric: drift.share, at_least: 0.2}` is `(metric: "drift.share", .atLeast(0.2))`.
  public init(metric: MetricName, _ bound: MetricBound) {
    self.metric = metric
    self.bound = bound
  }
}

extension AlertCondition: Codable {
  private enum Key: String, CodingKey { case metric }

  /// Reads `metric` and one of the bounds. Throws `DecodingError`, also when there is no bound.
  public init(from decoder: any Decoder) throws {
    metric = try decoder.container(keyedBy: Key.self).decode(MetricName.self, forKey: .metric)
    let members = try decoder.container(keyedBy: BoundKey.self)
    guard let bound = try MetricBound(in: members) else { throw MetricBound.missing(members) }
    self.bound = bound
  }

  /// Writes the metric and its bound side by side.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(metric, forKey: .metric)
    var members = encoder.container(keyedBy: BoundKey.self)
    try bound.encode(in: &members)
  }
}
