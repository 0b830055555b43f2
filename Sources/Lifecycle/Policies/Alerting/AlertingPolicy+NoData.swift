internal import Values

/// That nothing comes at all, and what is to be done when a time is up.
extension AlertingPolicy {
  /// Something came that can be judged.
  mutating func feed(_ rule: WatchedRule, _ record: FactRecord) -> [Command] {
    guard let noData = rule.noData else { return [] }
    guard let watch = data[rule.name], let lost = watch.lostAt else {
      data.modify(rule.name, default: DataWatch(lastAt: record.at)) { $0.lastAt = record.at }
      return []
    }
    data[rule.name] = DataWatch(lastAt: record.at)
    var commands: [Command] = [.ruleDataReturned(rule: rule.name, RuleDataReturned(lostAt: lost)), wait(for: rule, noData, from: record.at)]
    if let alert = watch.alert {
      index.ofAlert[alert] = nil
      commands.append(.alert(alert, .resolve(AlertResolved(reason: "there are data again"))))
    }
    return commands
  }

  func wait(for rule: WatchedRule, _ noData: NoDataRule, from time: Timestamp) -> Command {
    .setDeadline(stream: "rule/\(rule.name)", DeadlineSet(name: Deadline.noData, dueAt: time + noData.after.duration))
  }

  mutating func pass(_ fact: DeadlinePassed, _ record: FactRecord) -> [Command] {
    switch fact.name {
    case Deadline.noData: return miss(fact, record)
    case Deadline.escalation:
      guard let alert = AlertID(stream: record.stream), let found = index.ofAlert[alert], let name = found.machine, let machine = machines[name],
        let escalate = index.rules[found.rule]?.specification.escalate, machine.phase == .firing || machine.phase == .recovering, machine.escalated == nil
      else { return [] }
      let severity = max(machine.severity ?? .info, escalate.severity)
      return [
        .alert(
          alert,
          .escalateUnacknowledged(
            AlertEscalated(
              severity: severity.rawValue, reason: "nobody has acknowledged it for \(escalate.after)", notify: escalate.notify.isEmpty ? nil : escalate.notify,
              unacknowledged: true)))
      ]
    default: return []
    }
  }

  /// The time is up: nothing came, or something has come since the clock was set.
  private mutating func miss(_ fact: DeadlinePassed, _ record: FactRecord) -> [Command] {
    guard record.stream.hasPrefix("rule/"), let rule = index.rules[record.name], let noData = rule.noData, var watch = data[rule.name], watch.lostAt == nil
    else { return [] }
    if watch.lastAt + noData.after.duration > fact.dueAt { return [wait(for: rule, noData, from: watch.lastAt)] }
    // Nothing is missed in maintenance, nor at once after it.
    if let end = rule.maintenanceEnd(around: fact.dueAt) { return [wait(for: rule, noData, from: end)] }
    watch.lostAt = watch.lastAt
    var commands: [Command] = [.ruleDataLost(rule: rule.name, RuleDataLost(sinceAt: watch.lastAt, then: noData.then))]
    switch noData.then {
    case .keep: break
    case .ok: commands += closeMachines(of: rule.name, "no data since \(watch.lastAt)", record)
    case .alert:
      let alert = AlertID(cause: record.id, policy: AlertingPolicy.name, name: rule.name)
      watch.alert = alert
      index.ofAlert[alert] = (rule.name, nil)
      commands.append(
        .alert(
          alert,
          .raise(
            AlertRaised(
              subject: subject(rule, nil, rule.specification.severity, metric: AlertSubject.noData),
              value: rule.specification.noData == nil ? (fact.dueAt - watch.lastAt).inSeconds : nil, condition: "no data for \(noData.after)",
              sinceAt: watch.lastAt))))
    }
    data[rule.name] = watch
    return commands
  }
}
