/// When a monitor's measurements become an alert, and how it is handled.
public struct AlertRuleSpecification: Hashable, Sendable {
  /// Unique among rules.
  public var name: String
  /// The monitor whose measurements are judged, or whose model's runs and deployments are.
  public var monitor: String
  /// What must hold of a window.
  public var when: AlertCondition
  /// How long the condition must hold before the alert fires.
  public var `for`: AlertSpell
  /// How long it must not hold before the alert resolves.
  public var resolveAfter: AlertSpell
  /// The alert fires at least this long after the last window in which the condition held, by the ends of the windows.
  public var keepFiring: Span
  /// After a resolved alert, this long no new one is raised.
  public var cooldown: Span
  /// A window with fewer rows counts neither way.
  public var minimumRows: Int
  /// What it means when nothing comes that can be judged; nil when that is none of this rule's business.
  public var noData: NoDataRule?
  /// Of the alerts that it raises.
  public var severity: AlertSeverity
  /// Values at which it is another severity; the highest that applies counts.
  public var levels: [SeverityLevel]
  /// What happens when nobody acknowledges the alert.
  public var escalate: Escalation?
  /// When so many alerts in so short a time are one that flaps.
  public var flapping: Flapping?
  /// Windows that end within these are not judged, and nothing is missed in them.
  public var maintenance: [MaintenanceWindow]
  /// While an alert of one of these rules fires on the same monitor or model, nobody is told of this rule's.
  public var inhibitedBy: [String]
  /// Alerts of it are told together with others; nil: each by itself.
  public var group: AlertGrouping?
  /// Names of the channels that are told.
  public var notify: [String]
  /// What is done when it fires.
  public var actions: [AlertAction]

  /// Takes the values as they are; nothing is checked.
  public init(
    name: String, monitor: String, when: AlertCondition, for spell: AlertSpell = 1, resolveAfter: AlertSpell = 1, keepFiring: Span = .zero,
    cooldown: Span = .zero, minimumRows: Int = 0, noData: NoDataRule? = nil, severity: AlertSeverity = .warning, levels: [SeverityLevel] = [],
    escalate: Escalation? = nil, flapping: Flapping? = nil, maintenance: [MaintenanceWindow] = [], inhibitedBy: [String] = [],
    group: AlertGrouping? = nil, notify: [String] = [], actions: [AlertAction] = []
  ) {
    self.name = name
    self.monitor = monitor
    self.when = when
    self.for = spell
    self.resolveAfter = resolveAfter
    self.keepFiring = keepFiring
    self.cooldown = cooldown
    self.minimumRows = minimumRows
    self.noData = noData
    self.severity = severity
    self.levels = levels
    self.escalate = escalate
    self.flapping = flapping
    self.maintenance = maintenance
    self.inhibitedBy = inhibitedBy
    self.group = group
    self.notify = notify
    self.actions = actions
  }
}

extension AlertRuleSpecification: Codable {
  private enum Key: String, CodingKey {
    case name, monitor, when, `for`, resolveAfter, keepFiring, cooldown, minimumRows, noData, severity, levels, escalate, flapping, maintenance, inhibitedBy
    case group, notify, actions
  }

  /// Reads what `encode(to:)` writes; what is left out is as if it were not declared, so that rules of the past read as they did.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func read<Value: Decodable>(_ key: Key, _ standard: Value) throws -> Value { try container.decodeIfPresent(Value.self, forKey: key) ?? standard }
    self.init(
      name: try container.decode(String.self, forKey: .name), monitor: try container.decode(String.self, forKey: .monitor),
      when: try container.decode(AlertCondition.self, forKey: .when), for: try read(.for, 1), resolveAfter: try read(.resolveAfter, 1),
      keepFiring: try read(.keepFiring, .zero), cooldown: try read(.cooldown, .zero), minimumRows: try read(.minimumRows, 0),
      noData: try container.decodeIfPresent(NoDataRule.self, forKey: .noData), severity: try read(.severity, .warning), levels: try read(.levels, []),
      escalate: try container.decodeIfPresent(Escalation.self, forKey: .escalate),
      flapping: try container.decodeIfPresent(Flapping.self, forKey: .flapping), maintenance: try read(.maintenance, []),
      inhibitedBy: try read(.inhibitedBy, []), group: try container.decodeIfPresent(AlertGrouping.self, forKey: .group), notify: try read(.notify, []),
      actions: try read(.actions, []))
  }

  /// Writes what every rule has, and of the rest what is declared.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(monitor, forKey: .monitor)
    try container.encode(when, forKey: .when)
    try container.encode(`for`, forKey: .for)
    try container.encode(resolveAfter, forKey: .resolveAfter)
    if keepFiring > .zero { try container.encode(keepFiring, forKey: .keepFiring) }
    try container.encode(cooldown, forKey: .cooldown)
    if minimumRows > 0 { try container.encode(minimumRows, forKey: .minimumRows) }
    try container.encodeIfPresent(noData, forKey: .noData)
    try container.encode(severity, forKey: .severity)
    if !levels.isEmpty { try container.encode(levels, forKey: .levels) }
    try container.encodeIfPresent(escalate, forKey: .escalate)
    try container.encodeIfPresent(flapping, forKey: .flapping)
    if !maintenance.isEmpty { try container.encode(maintenance, forKey: .maintenance) }
    if !inhibitedBy.isEmpty { try container.encode(inhibitedBy, forKey: .inhibitedBy) }
    try container.encodeIfPresent(group, forKey: .group)
    try container.encode(notify, forKey: .notify)
    if !actions.isEmpty { try container.encode(actions, forKey: .actions) }
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
