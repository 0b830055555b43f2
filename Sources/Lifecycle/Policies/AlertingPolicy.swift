internal import Foundation
public import Values

/// Measurements into alerts: `for` windows in a row raise one, `resolve_after` good ones resolve it.
///
/// A rule counts only windows of the part that carries its metric, each once however often it is measured. Late windows, and windows
/// in which the metric could not be computed, count neither way.
public struct AlertingPolicy: Policy {
  /// Names its checkpoint, for good.
  public static let name = "alerting"

  /// A rule and how far it has come.
  struct Rule: Codable, Equatable, Sendable {
    var specification: AlertRuleSpecification
    var phase = AlertState.Phase.none
    var alert: AlertID?
    /// Windows in a row in which the condition held, or held no longer.
    var bad = 0
    var good = 0
    var sinceAt: Timestamp?
    /// When the last alert that fired was resolved: the cooldown runs from here.
    var resolvedAt: Timestamp?
    var counted = CountedWindows()
    /// The measurements that counted towards the alert.
    var measurements: [UUID] = []
  }

  private var rules = Keyed<Rule>()
  /// The model of each monitor.
  private var monitors = Keyed<String>()

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws {
    let (prefix, rest) = split(key: key)
    if prefix == "rule" { try rules.restore(key: rest, entry: entry) } else { try monitors.restore(key: rest, entry: entry) }
  }

  public mutating func takeChanges() throws -> [String: JSON] {
    try rules.takeChanges(prefix: "rule/").merging(monitors.takeChanges(prefix: "monitor/")) { $1 }
  }

  public mutating func react(to record: FactRecord) -> [Command] {
    switch record.fact {
    case .monitorDefined(let monitor): monitors[monitor.name] = monitor.model
    case .monitorRemoved:
      monitors[record.name] = nil
      return rules.entries.keys.sorted().filter { rules[$0]?.specification.monitor == record.name }
        .flatMap { close($0, "the monitor was removed", record) }
    case .ruleDefined(let specification): return define(specification, record)
    case .ruleRemoved:
      defer { rules[record.name] = nil }
      return close(record.name, "the rule was removed", record)
    case .measurementRecorded(let measurement) where !measurement.late:
      return rules.entries.keys.sorted().flatMap { observe($0, measurement, record) }
    case .alertResolved, .alertMarkedFalse:
      guard let id = AlertID(stream: record.stream), let name = rules.entries.first(where: { $0.value.alert == id })?.key else { return [] }
      reset(name, record)
    default: break
    }
    return []
  }

  /// A rule that looks at another number from now on begins anew.
  private mutating func define(_ specification: AlertRuleSpecification, _ record: FactRecord) -> [Command] {
    let name = specification.name
    guard var rule = rules[name] else {
      rules[name] = Rule(specification: specification)
      return []
    }
    let old = rule.specification
    var commands: [Command] = []
    if old.monitor != specification.monitor || old.when.metric != specification.when.metric {
      commands = close(name, "the rule was changed", record)
      rule = Rule(specification: specification)
    }
    rule.specification = specification
    rules[name] = rule
    return commands
  }

  private mutating func close(_ name: String, _ reason: String, _ record: FactRecord) -> [Command] {
    guard let alert = rules[name]?.alert else { return [] }
    reset(name, record)
    return [.alert(alert, .resolve(AlertResolved(reason: reason)))]
  }

  /// The alert is over.
  private mutating func reset(_ name: String, _ record: FactRecord) {
    guard var rule = rules[name] else { return }
    rule.reset(at: record.at)
    rules[name] = rule
  }

  private mutating func observe(_ name: String, _ measurement: MeasurementRecorded, _ record: FactRecord) -> [Command] {
    guard var rule = rules[name], rule.specification.monitor == record.name,
      rule.specification.when.metric.part.rawValue == measurement.part.rawValue,
      let value = measurement.value(of: rule.specification.when.metric), rule.counted.admits(measurement.window)
    else { return [] }
    defer { rules[name] = rule }
    rule.counted.count(measurement.window)
    guard rule.specification.when.bound.holds(for: value) else { return recover(&rule, value, record) }

    rule.good = 0
    guard rule.phase != .firing else { return [] }
    rule.bad += 1
    rule.sinceAt = rule.sinceAt ?? measurement.window.endAt
    rule.measurements = (rule.measurements + [record.id]).suffix(100)
    let alert = rule.alert ?? AlertID(cause: record.id, policy: AlertingPolicy.name, name: name)
    rule.alert = alert
    let subject = AlertSubject(
      rule: name, monitor: record.name, model: monitors[record.name], metric: rule.specification.when.metric.text,
      severity: rule.specification.severity.rawValue, notify: rule.specification.notify)
    let cooling = rule.resolvedAt.map { record.at < $0 + rule.specification.cooldown.duration } ?? false
    if rule.bad >= rule.specification.for, !cooling {
      rule.phase = .firing
      let raised = AlertRaised(
        subject: subject, value: value, condition: rule.specification.when.description, sinceAt: rule.sinceAt ?? measurement.window.endAt,
        driftedColumns: measurement.drift?.driftedColumns ?? [], because: rule.measurements.dropLast().isEmpty ? nil : rule.measurements.dropLast())
      return [.alert(alert, .raise(raised))]
    }
    guard rule.phase == .none else { return [] }
    rule.phase = .pending
    return [
      .alert(
        alert,
        .suspect(
          AlertPending(
            subject: subject, value: value, condition: rule.specification.when.description, count: rule.bad, needed: rule.specification.for,
            sinceAt: rule.sinceAt ?? measurement.window.endAt)))
    ]
  }

  private func recover(_ rule: inout Rule, _ value: Double, _ record: FactRecord) -> [Command] {
    rule.bad = 0
    rule.sinceAt = nil
    rule.measurements = []
    guard let alert = rule.alert else { return [] }
    rule.good += 1
    let needed = rule.phase == .pending ? 1 : rule.specification.resolveAfter
    guard rule.good >= needed else { return [] }
    let reason =
      rule.phase == .pending
      ? "the condition did not last" : "\(rule.good) good window\(rule.good == 1 ? "" : "s") in a row"
    rule.reset(at: record.at)
    return [.alert(alert, .resolve(AlertResolved(reason: reason, value: value)))]
  }
}

extension AlertingPolicy.Rule {
  /// The alert is over; windows are counted anew.
  fileprivate mutating func reset(at time: Timestamp) {
    if phase == .firing { resolvedAt = time }
    phase = .none
    alert = nil
    bad = 0
    good = 0
    sinceAt = nil
    measurements = []
  }
}

extension AlertCondition: CustomStringConvertible {
  /// `drift.share at least 0.2`
  public var description: String {
    "\(metric) \(bound.word.split(separator: "_").joined(separator: " ")) \(JSON(bound.limit))"
  }
}

extension MeasurementRecorded {
  /// The value of a metric; nil when this measurement does not have it, or it rests on too few rows.
  public func value(of metric: MetricName) -> Double? {
    switch metric.subject {
    case .rows: Double(rows)
    case .missing(let name): columns.first { $0.name == name }?.missing
    case _ where inconclusive: nil
    case .driftShare: drift?.share
    case .driftedColumns: drift.map { Double($0.driftedColumns.count) }
    case .column(let name, let field):
      columns.first { $0.name == name }.flatMap { column in
        switch field {
        case .score: column.score
        case .statistic: column.statistic
        case .pValue: column.pValue
        case .adjustedPValue: column.pAdjusted
        case .effect: column.effect
        }
      }
    case .prediction(let name), .quality(let name), .verdict(let name): metrics[name]
    case nil: nil
    }
  }
}
