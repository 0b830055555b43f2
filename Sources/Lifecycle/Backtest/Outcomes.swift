public import Values

/// What came of the measurements: alerts, runs, proposed deployments, rollbacks. A fold over facts, those that were recorded or others.
public struct Outcomes: Equatable, Sendable {
  /// An alert that was raised.
  public struct Alert: Equatable, Sendable {
    /// Derived from the first measurement that counts towards it: the same in both worlds when it is the same one.
    public let id: AlertID
    /// As it was raised.
    public let raised: AlertRaised
    /// When.
    public let at: Timestamp
    /// When the first window that counts towards it was measured.
    public let beganAt: Timestamp
    /// Why it is over; nil while it fires.
    public internal(set) var end: End?
    /// Somebody acknowledged it, or resolved it by hand.
    public internal(set) var isHandled = false

    /// How an alert ended.
    public struct End: Equatable, Sendable {
      /// For people; nil when they gave none.
      public let reason: String?
      /// It was none.
      public let isFalse: Bool
      /// When.
      public let at: Timestamp
    }
  }

  /// A run that was requested.
  public struct Run: Equatable, Sendable {
    /// In the world of a hypothesis, of a run that did not happen, made up.
    public let id: RunID
    /// What is to be run.
    public let pipeline: String
    /// Why.
    public let reason: RunReason
    /// When.
    public let at: Timestamp
  }

  /// A deployment that was proposed.
  public struct Proposal: Equatable, Sendable {
    /// Derived from the evaluation, or a person's.
    public let id: DeploymentID
    /// Where it is to serve.
    public let endpoint: String
    /// What is to serve.
    public let version: VersionName
    /// Else it is held.
    public let gatePassed: Bool
    /// When.
    public let at: Timestamp
  }

  /// A rollback that was decided.
  public struct Rollback: Equatable, Sendable {
    /// Where.
    public let endpoint: String
    /// From and to which version, by whom and why.
    public let decided: RollbackDecided
    /// When.
    public let at: Timestamp
  }

  /// In the order in which they were raised.
  public private(set) var alerts: [Alert] = []
  /// In the order in which they were requested.
  public private(set) var runs: [Run] = []
  /// In the order in which they were proposed.
  public private(set) var proposals: [Proposal] = []
  /// In the order in which they were decided.
  public private(set) var rollbacks: [Rollback] = []
  /// Places of the alerts.
  private var places: [AlertID: Int] = [:]
  /// Since when alerts are pending that were not raised yet.
  private var pending: [AlertID: Timestamp] = [:]

  /// Nothing yet.
  public init() {}

  /// Takes a fact in; most change nothing.
  public mutating func take(_ record: FactRecord) {
    switch record.fact {
    case .alertPending: if let id = AlertID(stream: record.stream) { pending[id] = record.at }
    case .alertRaised(let fact):
      guard let id = AlertID(stream: record.stream) else { return }
      places[id] = alerts.count
      alerts.append(Alert(id: id, raised: fact, at: record.at, beganAt: pending.removeValue(forKey: id) ?? record.at))
    case .alertAcknowledged: AlertID(stream: record.stream).flatMap { places[$0] }.map { alerts[$0].isHandled = true }
    case .alertResolved(let fact):
      if !record.actor.hasPrefix("kedge/") { AlertID(stream: record.stream).flatMap { places[$0] }.map { alerts[$0].isHandled = true } }
      end(record, Alert.End(reason: fact.reason, isFalse: false, at: record.at))
    case .alertMarkedFalse(let fact): end(record, Alert.End(reason: fact.reason, isFalse: true, at: record.at))
    case .runRequested(let fact):
      guard let id = RunID(stream: record.stream) else { return }
      runs.append(Run(id: id, pipeline: fact.pipeline, reason: fact.reason, at: record.at))
    case .deploymentProposed(let fact):
      guard let id = DeploymentID(stream: record.stream) else { return }
      proposals.append(Proposal(id: id, endpoint: fact.endpoint, version: fact.version, gatePassed: fact.gatePassed, at: record.at))
    case .rollbackDecided(let fact): rollbacks.append(Rollback(endpoint: record.name, decided: fact, at: record.at))
    default: break
    }
  }

  /// An alert that is over can still turn out to have been a false alarm; it was over when it was.
  private mutating func end(_ record: FactRecord, _ end: Alert.End) {
    guard let id = AlertID(stream: record.stream) else { return }
    pending[id] = nil
    guard let index = places[id] else { return }
    alerts[index].end = Alert.End(reason: end.reason, isFalse: end.isFalse, at: alerts[index].end?.at ?? end.at)
  }
}

extension Outcomes.Alert {
  /// What people said of it.
  public enum Mark: String, Sendable {
    /// Somebody took it seriously, and nobody said that it was false.
    case confirmed
    case falseAlarm = "false_alarm"
    /// Nobody said anything.
    case unmarked
  }

  /// What people said of it.
  public var mark: Mark { end?.isFalse == true ? .falseAlarm : isHandled ? .confirmed : .unmarked }

  /// Whether both are about the same rule and monitor, column, version or group, and neither was over before the other began: by when things were measured,
  /// so that history which was measured in one go still has an order.
  public func overlaps(_ other: Outcomes.Alert) -> Bool {
    let (own, its) = (raised.subject, other.raised.subject)
    guard own.rule == its.rule, own.monitor == its.monitor, own.series == its.series else { return false }
    return beganAt <= other.end?.at ?? .distantFuture && other.beganAt <= end?.at ?? .distantFuture
  }
}

extension Timestamp {
  fileprivate static let distantFuture = Timestamp(microseconds: .max)
}
