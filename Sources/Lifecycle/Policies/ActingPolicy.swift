internal import Foundation
public import Values

/// Alerts into what their rules declare as actions, each behind its guard; what a guard holds back is recorded with the reason.
///
/// Runs are started by `RetrainingPolicy`, programs and URLs by a notifier; what concerns an endpoint is decided on it at once.
public struct ActingPolicy: Policy {
  /// Names its checkpoint, for good.
  public static let name = "acting"

  /// An alert whose rule has actions.
  struct Fired: Codable, Equatable, Sendable {
    var rule: String
    /// Which of the rule's actions have been asked for, or held back by another guard than the severity.
    var settled: Set<Int> = []
  }

  private var rules = Keyed<[AlertAction]>()
  private var fired = Keyed<Fired>()
  /// For each action that may not be done any number of times, when it was asked for within a day.
  private var done = Keyed<[Timestamp]>()

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws {
    let (prefix, rest) = split(key: key)
    switch prefix {
    case "rule": try rules.restore(key: rest, entry: entry)
    case "done": try done.restore(key: rest, entry: entry)
    default: try fired.restore(key: rest, entry: entry)
    }
  }

  public mutating func takeChanges() throws -> [String: JSON] {
    try rules.takeChanges(prefix: "rule/").merging(done.takeChanges(prefix: "done/")) { $1 }.merging(fired.takeChanges(prefix: "alert/")) { $1 }
  }

  public mutating func react(to record: FactRecord) -> [Command] {
    switch record.fact {
    case .ruleDefined(let rule): rules[rule.name] = rule.actions.isEmpty ? nil : rule.actions
    case .ruleRemoved: rules[record.name] = nil
    case .alertRaised(let fact):
      // An alert beside the rule's own, that it has no data, says nothing about what it judges; it has no value.
      guard rules[fact.subject.rule] != nil, fact.subject.metric != AlertSubject.noData || fact.value != nil else { return [] }
      fired[record.name] = Fired(rule: fact.subject.rule)
      return act(record, severity: fact.subject.severity)
    case .alertEscalated(let fact): return act(record, severity: fact.severity)
    case .alertResolved, .alertMarkedFalse: fired[record.name] = nil
    default: break
    }
    return []
  }

  private mutating func act(_ record: FactRecord, severity: String) -> [Command] {
    guard let id = AlertID(stream: record.stream), var alert = fired[record.name], let severity = AlertSeverity(rawValue: severity) else { return [] }
    defer { fired[record.name] = alert }
    return (rules[alert.rule] ?? []).enumerated().flatMap { index, action -> [Command] in
      guard !alert.settled.contains(index), severity >= action.severity else { return [] }
      alert.settled.insert(index)
      let key = "\(alert.rule) \(action.deed)"
      if let hours = action.hours, !hours.contains(record.at) {
        return [.alert(id, .withhold(ActionWithheld(deed: action.deed.description, reason: "only at \(hours.between) (\(hours.timeZone))")))]
      }
      if let most = action.atMostADay {
        let recent = (done[key] ?? []).filter { record.at - $0 < .seconds(86_400) }
        guard recent.count < most else {
          return [.alert(id, .withhold(ActionWithheld(deed: action.deed.description, reason: "at most \(most) a day")))]
        }
        done[key] = recent + [record.at]
      }
      let name = UUID(namespace: record.id, name: "action/\(index)")
      let request = Command.alert(id, .act(ActionRequested(action: name, rule: alert.rule, declared: action)))
      let reason = "alert \(alert.rule) fires"
      switch action.deed {
      case .freeze(let endpoint): return [request, .freeze(endpoint: endpoint, reason: reason)]
      case .rollBack(let endpoint): return [request, .sendBack(endpoint: endpoint, reason: reason)]
      case .retrain, .command, .call: return [request]
      }
    }
  }
}
