public import Values

/// An alert, from the facts of `alert/ID`.
public struct AlertState: StreamState {
  /// Where an alert stands; the words of `get alerts`.
  public enum Phase: String, Codable, Sendable {
    case none, pending, firing, resolved
    case falseAlarm = "false_alarm"
  }

  public private(set) var phase = Phase.none
  public private(set) var subject: AlertSubject?
  public private(set) var acknowledgedBy: String?
  /// Since when the condition holds no longer while the alert still fires.
  public private(set) var recoveringSince: Timestamp?

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .alertPending(let fact):
      phase = .pending
      subject = fact.subject
    case .alertRaised(let fact):
      phase = .firing
      subject = fact.subject
    case .alertEscalated(let fact): subject?.severity = fact.severity
    case .alertEased(let fact): subject?.severity = fact.severity
    case .alertRecovering(let fact): recoveringSince = fact.sinceAt
    case .alertRelapsed: recoveringSince = nil
    case .alertAcknowledged: acknowledgedBy = record.actor
    case .alertResolved: phase = .resolved
    case .alertMarkedFalse: phase = .falseAlarm
    default: break
    }
  }

  /// Pending or firing.
  public var isOpen: Bool { phase == .pending || phase == .firing }
}

/// What can be asked of an alert.
public enum AlertCommand: Equatable, Sendable {
  case suspect(AlertPending)
  case raise(AlertRaised)
  case recover(AlertRecovering)
  case relapse(AlertRelapsed)
  case escalate(AlertEscalated)
  /// Worse because nobody acknowledged it, unless somebody has meanwhile.
  case escalateUnacknowledged(AlertEscalated)
  case ease(AlertEased)
  case resolve(AlertResolved)
  case withhold(ActionWithheld)
  case act(ActionRequested)
  case acknowledge(reason: String?)
  case markFalse(reason: String?)
}

extension AlertState {
  /// Decides what a command makes of the alert.
  public func decide(_ command: AlertCommand) throws(Refusal) -> [Fact] {
    switch command {
    case .suspect(let fact):
      guard phase == .none || phase == .pending else { throw .conflict("the alert is \(phase.rawValue)") }
      return [.alertPending(fact)]
    case .raise(let fact):
      guard phase == .none || phase == .pending else { throw .conflict("the alert is \(phase.rawValue)") }
      return [.alertRaised(fact)]
    case .recover(let fact):
      guard phase == .firing else { throw notFiring }
      return recoveringSince == nil ? [.alertRecovering(fact)] : []
    case .relapse(let fact):
      guard phase == .firing else { throw notFiring }
      return recoveringSince == nil ? [] : [.alertRelapsed(fact)]
    case .escalate(let fact):
      guard phase == .firing else { throw notFiring }
      return [.alertEscalated(fact)]
    case .escalateUnacknowledged(let fact):
      guard phase == .firing else { throw notFiring }
      return acknowledgedBy == nil ? [.alertEscalated(fact)] : []
    case .ease(let fact):
      guard phase == .firing else { throw notFiring }
      return [.alertEased(fact)]
    case .withhold(let fact): return [.actionWithheld(fact)]
    case .act(let fact): return [.actionRequested(fact)]
    case .resolve(let fact):
      guard isOpen else { throw closed }
      return [.alertResolved(fact)]
    case .acknowledge(let reason):
      guard isOpen else { throw closed }
      guard acknowledgedBy == nil else { throw .conflict("\(acknowledgedBy!) has acknowledged the alert already") }
      return [.alertAcknowledged(AlertHandled(reason: reason))]
    case .markFalse(let reason):
      guard phase != .none else { throw .unknown("there is no such alert") }
      guard phase != .falseAlarm else { throw .conflict("the alert is marked as a false alarm already") }
      return [.alertMarkedFalse(AlertHandled(reason: reason))]
    }
  }

  private var notFiring: Refusal { phase == .none ? .unknown("there is no such alert") : .conflict("the alert is \(phase.rawValue)") }

  private var closed: Refusal {
    phase == .none ? .unknown("there is no such alert") : .conflict("the alert is \(phase.rawValue) already")
  }
}
