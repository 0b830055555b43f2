internal import Foundation
public import Values

/// Measurements, and how measuring, runs and deployments end, into alerts; see `AlertMachine` for when they come and go.
///
/// A rule counts only windows of the part that carries its metric, each once however often it is measured. Late windows, windows in which the
/// metric could not be computed, and those that end within maintenance count neither way. That nothing comes at all is a state of its own.
///
/// - Complexity: a measurement costs what the rules on its monitor cost, however many other rules and monitors there are.
public struct AlertingPolicy: Policy {
  /// Names its checkpoint, for good.
  public static let name = "alerting"

  /// The names of the deadlines that it sets.
  enum Deadline {
    static let noData = "no-data"
    static let escalation = "escalation"
  }

  /// Whether there is anything to judge for a rule that asks.
  struct DataWatch: Codable, Equatable, Sendable {
    var lastAt: Timestamp
    var lostAt: Timestamp?
    /// The alert about it.
    var alert: AlertID?
  }

  var rules = Keyed<AlertRuleSpecification>()
  /// By rule, or by rule and what the star in its metric stands for.
  var machines = Keyed<AlertMachine>()
  var data = Keyed<DataWatch>()
  /// The model of each monitor.
  var monitors = Keyed<String>()
  /// The model of each run and deployment that is under way.
  var endings = Keyed<String>()

  /// Follows from the rest.
  var index = Index()

  /// Finds rules without looking at all of them.
  struct Index: Sendable {
    var isStale = false
    var rules: [String: WatchedRule] = [:]
    /// By monitor.
    var onMonitor: [String: [WatchedRule]] = [:]
    /// The rule and the machine of each alert that is open.
    var ofAlert: [AlertID: (rule: String, machine: String?)] = [:]
    /// The machines of each rule whose metric has a star.
    var machines: [String: Set<String>] = [:]
  }

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws {
    index.isStale = true
    let (prefix, rest) = split(key: key)
    switch prefix {
    case "rule": try rules.restore(key: rest, entry: entry)
    case "machine": try machines.restore(key: rest, entry: entry)
    case "data": try data.restore(key: rest, entry: entry)
    case "ending": try endings.restore(key: rest, entry: entry)
    default: try monitors.restore(key: rest, entry: entry)
    }
  }

  public mutating func takeChanges() throws -> [String: JSON] {
    try rules.takeChanges(prefix: "rule/").merging(machines.takeChanges(prefix: "machine/")) { $1 }
      .merging(data.takeChanges(prefix: "data/")) { $1 }.merging(endings.takeChanges(prefix: "ending/")) { $1 }
      .merging(monitors.takeChanges(prefix: "monitor/")) { $1 }
  }

  public mutating func react(to record: FactRecord) -> [Command] {
    if index.isStale { reindex() }
    switch record.fact {
    case .measurementRecorded(let measurement):
      return measurement.late ? [] : observe(measurement, record)
    case .measurementFailed(let failure):
      return failure.part == .input ? conclude(.measurementFailed, failed: true, index.onMonitor[record.name] ?? [], record) : []
    case .monitorDefined(let monitor):
      monitors[monitor.name] = monitor.model
      return (index.onMonitor[monitor.name] ?? []).filter { data[$0.name] == nil }.flatMap { begin($0, record) }
    case .monitorRemoved:
      monitors[record.name] = nil
      return (index.onMonitor[record.name] ?? []).flatMap { rule in
        defer { data[rule.name] = nil }
        return close(rule.name, "the monitor was removed", record)
      }
    case .ruleDefined(let specification): return define(specification, record)
    case .ruleRemoved:
      let commands = close(record.name, "the rule was removed", record)
      forget(record.name)
      rules[record.name] = nil
      data[record.name] = nil
      unlist(record.name)
      return commands
    case .deadlinePassed(let fact): return pass(fact, record)
    case .alertResolved, .alertMarkedFalse: end(record)
    case .alertAcknowledged:
      // Whoever looks after it need not be woken.
      guard let id = AlertID(stream: record.stream), let machine = index.ofAlert[id]?.machine else { return [] }
      machines[machine]?.escalated = .info
    case .alertEscalated(let fact):
      guard let id = AlertID(stream: record.stream), let machine = index.ofAlert[id]?.machine, let severity = AlertSeverity(rawValue: fact.severity) else {
        return []
      }
      machines[machine]?.severity = severity
      if fact.unacknowledged == true { machines[machine]?.escalated = severity }
    default: return conclude(record)
    }
    return []
  }
}

// MARK: measurements

extension AlertingPolicy {
  private mutating func observe(_ measurement: MeasurementRecorded, _ record: FactRecord) -> [Command] {
    guard let watching = index.onMonitor[record.name] else { return [] }
    var commands: [Command] = []
    for rule in watching {
      if rule.judges(measurement.part) {
        commands += observe(rule, measurement, record)
      } else if rule.outcome == .measurementFailed, measurement.part == .input {
        commands += conclude(.measurementFailed, failed: false, [rule], record)
      }
    }
    return commands
  }

  private mutating func observe(_ rule: WatchedRule, _ measurement: MeasurementRecorded, _ record: FactRecord) -> [Command] {
    guard measurement.rows >= rule.specification.minimumRows, rule.maintenanceEnd(around: measurement.window.endAt) == nil else { return [] }
    if case .noData = rule.specification.when { return measurement.inconclusive ? [] : feed(rule, record) }
    var commands: [Command] = []
    var isFed = false
    func take(_ series: String?) {
      guard let (value, step) = judge(rule, series, measurement, record) else { return }
      isFed = true
      commands += follow(step, rule, series, value, measurement, record)
    }
    if rule.star == nil { take(nil) } else { for series in rule.series(in: measurement) { take(series) } }
    return isFed && rule.specification.noData != nil ? commands + feed(rule, record) : commands
  }

  /// - Returns: the value that was judged first, and what came of it; nil when the window has none or was counted before.
  private mutating func judge(
    _ rule: WatchedRule, _ series: String?, _ measurement: MeasurementRecorded, _ record: FactRecord
  ) -> (Double, AlertMachine.Step)? {
    let name = AlertingPolicy.machine(rule.name, series)
    if rule.isPlain {
      let leaf = rule.leaves[0]
      guard let value = measurement.value(of: leaf, series, at: record.at) else { return nil }
      noteMachine(name, rule, series)
      return machines.modify(name, default: AlertMachine()) { machine in
        guard machine.counted.admits(measurement.window) else { return nil }
        machine.counted.count(measurement.window)
        let holds = leaf.comparison.bound.holds(for: value)
        return (value, machine.observe(holds, endAt: measurement.window.endAt, record.id, at: record.at, by: rule.specification, named: name))
      }
    }
    let values = rule.leaves.map { measurement.value(of: $0, series, at: record.at) }
    guard let first = values.lazy.compactMap({ $0 }).first else { return nil }
    noteMachine(name, rule, series)
    return machines.modify(name, default: AlertMachine()) { machine in
      guard machine.count(measurement, isMixed: rule.inputs && rule.labels) else { return nil }
      if machine.comparisons.isEmpty { machine.comparisons = rule.leaves.map { _ in ComparisonMemory() } }
      for (index, leaf) in rule.leaves.enumerated() {
        if let value = values[index] { _ = machine.comparisons[index].judge(value, endAt: measurement.window.endAt, by: leaf.comparison) }
      }
      var answers = machine.comparisons.map(\.answer)[...]
      guard let holds = rule.specification.when.holds(&answers) else { return (first, .nothing) }
      return (first, machine.observe(holds, endAt: measurement.window.endAt, record.id, at: record.at, by: rule.specification, named: name))
    }
  }

  private func severity(_ rule: WatchedRule, _ value: Double) -> AlertSeverity {
    let specification = rule.specification
    return specification.levels.filter { $0.bound.holds(for: value) }.map(\.severity).max() ?? specification.severity
  }

  mutating func follow(
    _ step: AlertMachine.Step, _ rule: WatchedRule, _ series: String?, _ value: Double, _ measurement: MeasurementRecorded?, _ record: FactRecord
  ) -> [Command] {
    let name = AlertingPolicy.machine(rule.name, series)
    if case .resolve(let id, let reason) = step {
      index.ofAlert[id] = nil
      return [.alert(id, .resolve(AlertResolved(reason: reason, value: value)))]
    }
    if step == .nothing, rule.specification.levels.isEmpty { return [] }
    guard let machine = machines[name], let alert = machine.alert, step != .nothing || machine.phase == .firing else { return [] }
    let endAt = measurement?.window.endAt ?? record.at
    let since = machine.sinceAt ?? endAt
    let condition = rule.specification.when.description
    let severity = severity(rule, value)
    switch step {
    case .suspect:
      index.ofAlert[alert] = (rule.name, name)
      return [
        .alert(
          alert,
          .suspect(
            AlertPending(
              subject: subject(rule, series, severity), value: value, condition: condition, count: machine.bad,
              needed: rule.specification.for.leastWindows, sinceAt: since)))
      ]
    case .raise:
      index.ofAlert[alert] = (rule.name, name)
      machines[name]?.severity = severity
      let raised = AlertRaised(
        subject: subject(rule, series, severity), value: value, condition: condition, sinceAt: since,
        driftedColumns: measurement?.drift?.driftedColumns ?? [], flapping: machine.isFlapping ? machine.alertsOfLate : nil,
        because: machine.measurements.dropLast().isEmpty ? nil : machine.measurements.dropLast())
      return [.alert(alert, .raise(raised))]
        + (rule.specification.escalate.map {
          [.setDeadline(stream: alert.stream, DeadlineSet(name: Deadline.escalation, dueAt: record.at + $0.after.duration))]
        } ?? [])
    case .recover: return [.alert(alert, .recover(AlertRecovering(value: value, sinceAt: machine.goodSinceAt ?? endAt)))]
    case .relapse: return [.alert(alert, .relapse(AlertRelapsed(value: value)))] + change(severity, rule, alert, name, value)
    case .nothing: return change(severity, rule, alert, name, value)
    case .resolve: return []
    }
  }

  /// An alert that fires becomes worse or less bad with its value.
  private mutating func change(_ severity: AlertSeverity, _ rule: WatchedRule, _ alert: AlertID, _ name: String, _ value: Double) -> [Command] {
    guard !rule.specification.levels.isEmpty, let machine = machines[name], let before = machine.severity else { return [] }
    let severity = max(severity, machine.escalated ?? .info)
    guard severity != before else { return [] }
    machines[name]?.severity = severity
    let reason = "\(rule.specification.when.metric) is \(JSON(value))"
    return [
      .alert(
        alert,
        severity > before
          ? .escalate(AlertEscalated(severity: severity.rawValue, reason: reason)) : .ease(AlertEased(severity: severity.rawValue, reason: reason)))
    ]
  }

  func subject(_ rule: WatchedRule, _ series: String?, _ severity: AlertSeverity, metric: String? = nil) -> AlertSubject {
    let specification = rule.specification
    return AlertSubject(
      rule: rule.name, monitor: specification.monitor, model: monitors[specification.monitor], metric: metric ?? specification.when.metric.text,
      series: series, severity: severity.rawValue, notify: specification.notify)
  }

  private static func machine(_ rule: String, _ series: String?) -> String { series.map { "\(rule)#\($0)" } ?? rule }

  private mutating func noteMachine(_ name: String, _ rule: WatchedRule, _ series: String?) {
    if series != nil { index.machines[rule.name, default: []].insert(name) }
  }
}

// MARK: rules and their alerts

extension AlertingPolicy {
  /// A rule that looks at another number from now on begins anew.
  private mutating func define(_ specification: AlertRuleSpecification, _ record: FactRecord) -> [Command] {
    let name = specification.name
    let rule = WatchedRule(specification)
    let old = index.rules[name]
    var commands: [Command] = []
    if let before = old?.specification, before.monitor != specification.monitor || specification.when.looksElsewhere(than: before.when) {
      commands = close(name, "the rule was changed", record)
      forget(name)
    }
    rules[name] = specification
    unlist(name)
    list(rule)
    if old?.noData != rule.noData || data[name] == nil {
      commands += closeData(of: name, "the rule was changed")
      data[name] = nil
      commands += begin(rule, record)
    }
    return commands
  }

  /// From now on data are waited for, if the rule asks for it.
  private mutating func begin(_ rule: WatchedRule, _ record: FactRecord) -> [Command] {
    guard let noData = rule.noData else { return [] }
    data[rule.name] = DataWatch(lastAt: record.at)
    return [wait(for: rule, noData, from: record.at)]
  }

  private func machineNames(of rule: String) -> [String] { [rule] + (index.machines[rule] ?? []).sorted() }

  /// Ends whatever is open of a rule.
  private mutating func close(_ name: String, _ reason: String, _ record: FactRecord) -> [Command] {
    closeMachines(of: name, reason, record) + closeData(of: name, reason)
  }

  private mutating func closeData(of name: String, _ reason: String) -> [Command] {
    guard let alert = data[name]?.alert else { return [] }
    data[name]?.alert = nil
    index.ofAlert[alert] = nil
    return [.alert(alert, .resolve(AlertResolved(reason: reason)))]
  }

  mutating func closeMachines(of name: String, _ reason: String, _ record: FactRecord) -> [Command] {
    machineNames(of: name).compactMap { machine in
      guard let alert = machines[machine]?.alert else { return nil }
      machines[machine]?.reset(at: record.at)
      index.ofAlert[alert] = nil
      return .alert(alert, .resolve(AlertResolved(reason: reason)))
    }
  }

  private mutating func forget(_ name: String) {
    for machine in machineNames(of: name) { machines[machine] = nil }
    index.machines[name] = nil
  }

  /// Somebody else ended an alert.
  private mutating func end(_ record: FactRecord) {
    guard let id = AlertID(stream: record.stream), let (rule, machine) = index.ofAlert.removeValue(forKey: id) else { return }
    if let machine {
      machines[machine]?.reset(at: record.at)
      machines[machine]?.learnAnew()
    } else {
      data[rule]?.alert = nil
    }
  }

  private mutating func list(_ rule: WatchedRule) {
    index.rules[rule.name] = rule
    let monitor = rule.specification.monitor
    index.onMonitor[monitor] = ((index.onMonitor[monitor] ?? []) + [rule]).sorted { $0.name < $1.name }
  }

  private mutating func unlist(_ name: String) {
    guard let old = index.rules.removeValue(forKey: name) else { return }
    let rest = index.onMonitor[old.specification.monitor]?.filter { $0.name != name } ?? []
    index.onMonitor[old.specification.monitor] = rest.isEmpty ? nil : rest
  }

  private mutating func reindex() {
    index = Index()
    for name in rules.entries.keys.sorted() { if let rule = rules[name] { list(WatchedRule(rule)) } }
    for (name, machine) in machines.entries {
      let rule = String(name.prefix { $0 != "#" })
      if rule != name { index.machines[rule, default: []].insert(name) }
      if let alert = machine.alert { index.ofAlert[alert] = (rule, name) }
    }
    for (name, watch) in data.entries { if let alert = watch.alert { index.ofAlert[alert] = (name, nil) } }
  }
}

extension AlertMachine {
  /// Counts a window unless it was, or a later one; the halves of a window apart where a rule looks at both.
  fileprivate mutating func count(_ measurement: MeasurementRecorded, isMixed: Bool) -> Bool {
    if isMixed, measurement.part == .quality {
      var labels = countedLabels ?? CountedWindows()
      guard labels.admits(measurement.window) else { return false }
      labels.count(measurement.window)
      countedLabels = labels
      return true
    }
    guard counted.admits(measurement.window) else { return false }
    counted.count(measurement.window)
    return true
  }
}
