public import Values

/// A rule as it was beside a rule as it might be: what each raised, and how that fits what people said of alerts.
public struct RuleVerdict: Equatable, Sendable {
  /// What one of the two worlds looks like.
  public struct World: Equatable, Sendable {
    /// Alerts that were, or would be, raised.
    public internal(set) var raised = 0
    /// Of these, those at the time of an alert that people confirmed, or called false; the rest is unmarked.
    public internal(set) var confirmed = 0
    public internal(set) var falseAlarms = 0
    /// Of the incidents that people confirmed, those that are noticed.
    public internal(set) var incidentsNoticed = 0
    /// From the end of the first bad window of each such incident until it is noticed; negative where it would be noticed before.
    public internal(set) var delays: [Duration] = []

    /// The share of confirmed ones among those that people marked; nil when they marked none.
    public var precision: Double? { confirmed + falseAlarms == 0 ? nil : Double(confirmed) / Double(confirmed + falseAlarms) }

    /// The middle one of the delays; nil when nothing was noticed.
    public var medianDelay: Duration? {
      guard !delays.isEmpty else { return nil }
      let sorted = delays.sorted()
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
  }

  /// The rule.
  public let rule: String
  /// How many incidents people confirmed.
  public let incidents: Int
  /// What happened.
  public let happened: World
  /// What would have happened under the other rules.
  public let wouldHaveHappened: World
  /// Alerts that both have, in the time of each other.
  public let same: Int
  /// Alerts that were raised and would not be.
  public let gone: [Outcomes.Alert]
  /// Alerts that would be raised and were not.
  public let new: [Outcomes.Alert]

  /// Compares the alerts of one rule.
  /// - Parameter start: alerts that were raised before count neither way.
  public init(_ rule: String, happened: Outcomes, wouldHaveHappened: Outcomes, since start: Timestamp?) {
    func own(_ outcomes: Outcomes) -> [Outcomes.Alert] {
      outcomes.alerts.filter { $0.raised.subject.rule == rule && (start == nil || $0.at >= start!) }
    }
    let (before, after) = (own(happened), own(wouldHaveHappened))
    let incidents = before.filter { $0.mark == .confirmed }
    let errors = before.filter { $0.mark == .falseAlarm }
    func world(_ alerts: [Outcomes.Alert]) -> World {
      var world = World(raised: alerts.count)
      for alert in alerts {
        if incidents.contains(where: alert.overlaps) { world.confirmed += 1 } else if errors.contains(where: alert.overlaps) { world.falseAlarms += 1 }
      }
      for incident in incidents {
        guard let first = alerts.first(where: incident.overlaps) else { continue }
        world.incidentsNoticed += 1
        world.delays.append(first.at - incident.raised.sinceAt)
      }
      return world
    }
    self.rule = rule
    self.incidents = incidents.count
    self.happened = world(before)
    self.wouldHaveHappened = world(after)
    gone = before.filter { alert in !after.contains(where: alert.overlaps) }
    new = after.filter { alert in !before.contains(where: alert.overlaps) }
    same = before.count - gone.count
  }
}
