public import Foundation
public import Values

/// A deployment, from the facts of `deployment/ID`.
public struct DeploymentState: StreamState {
  /// Where a deployment stands.
  public enum Phase: String, Codable, Sendable {
    case none
    /// The gate was not passed.
    case held
    /// Waits for approvals.
    case awaitingApproval = "awaiting_approval"
    /// Approved: it starts when the endpoint is free, and goes from stage to stage.
    case rolling
    case completed, aborted, rejected, superseded
    case rolledBack = "rolled_back"
  }

  /// An approval that counts.
  public struct Approval: Codable, Equatable, Sendable {
    /// The id of the event that recorded it.
    public var event: UUID
    /// Who approved.
    public var person: Person
    /// What they said, and what they had seen.
    public var fact: DeploymentApproved
    /// Up to where they had read the log: what they say, and no further than they can have.
    public var seenPosition: Int64
    /// When they did.
    public var at: Timestamp
  }

  public private(set) var phase = Phase.none
  public private(set) var proposal: DeploymentProposed?
  public private(set) var approvals: [Approval] = []
  /// Approvals needed: as many as proposed, and at least one once something has voided what it had.
  public private(set) var approvalsNeeded = 0
  /// Whoever requested, promoted or overrode: none of them may approve.
  public private(set) var requesters: [Person] = []
  /// The stage that was entered last; nil before the first.
  public private(set) var stage: Int?
  public private(set) var isPaused = false
  /// The stage's hold is over.
  public private(set) var holdIsOver = false
  /// A comparison in this stage had an answer.
  public private(set) var isConclusive = false
  /// What its way into traffic rests on: the stage that was entered last, else its approvals, else an override of the gate, else its proposal.
  public var ground: [UUID] { entered.map { [$0] } ?? (approvals.isEmpty ? [admitted].compactMap { $0 } : approvals.map(\.event)) }
  private var admitted: UUID?
  private var entered: UUID?
  /// The newest fact: what people answer to.
  public private(set) var latest: UUID?

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    latest = record.id
    switch record.fact {
    case .deploymentProposed(let fact):
      proposal = fact
      admitted = record.id
      requesters = fact.requestedBy
      if !fact.automatic { requesters.append(record.person) }
      approvalsNeeded = fact.approvals
      phase = approvalsNeeded == 0 ? .rolling : .awaitingApproval
    case .deploymentHeld: phase = .held
    case .gateOverridden:
      admitted = record.id
      requesters.append(record.person)
      phase = approvalsNeeded == 0 ? .rolling : .awaitingApproval
    case .deploymentApproved(let fact):
      // Whatever way it came into the log, it counts only if the one who gave it may approve.
      guard phase == .awaitingApproval, refusal(of: record.person) == nil, !hasApproved(record.person) else { return }
      let seen = min(fact.seenPosition, record.position ?? .max)
      approvals.append(Approval(event: record.id, person: record.person, fact: fact, seenPosition: seen, at: record.at))
      if approvals.count >= approvalsNeeded { phase = .rolling }
    case .approvalVoided(let fact): void(fact)
    case .deploymentRejected: phase = .rejected
    case .stageEntered(let fact):
      stage = fact.stage
      entered = record.id
      holdIsOver = false
      isConclusive = false
    case .deadlinePassed(let fact): if fact.name == DeploymentState.hold(stage) { holdIsOver = true }
    case .analysisRecorded(let fact): if fact.outcome != .inconclusive { isConclusive = true }
    case .deploymentCompleted: phase = .completed
    case .deploymentPaused: isPaused = true
    case .deploymentResumed: isPaused = false
    case .deploymentAborted: phase = .aborted
    case .deploymentSuperseded: phase = .superseded
    case .deploymentRolledBack: phase = .rolledBack
    default: break
    }
  }

  private mutating func void(_ fact: ApprovalVoided) {
    if let voided = fact.approvals { approvals.removeAll { voided.contains($0.event) } } else { approvals = [] }
    approvalsNeeded = max(1, approvalsNeeded)
    guard phase == .rolling, approvals.count < approvalsNeeded else { return }
    phase = .awaitingApproval
    stage = nil
    entered = nil
    holdIsOver = false
    isConclusive = false
  }

  /// The name of the deadline at which a stage's hold is over.
  public static func hold(_ stage: Int?) -> String { "hold-\(stage ?? 0)" }

  /// Whether the last stage has been entered, so that its hold is the bake.
  public var isBaking: Bool { stage.map { $0 == (proposal?.stages.count ?? 0) - 1 } ?? false }

  /// The word of `get deployments`.
  public var word: String {
    switch phase {
    case .rolling: isPaused ? "paused" : isBaking ? "baking" : "rolling"
    default: phase.rawValue
    }
  }

  /// Approved as often as needed, and not begun.
  public var mayStart: Bool { phase == .rolling && stage == nil && !isPaused }

  /// Neither begun nor ended.
  public var isWaiting: Bool { phase == .held || phase == .awaitingApproval || (phase == .rolling && stage == nil) }

  /// Begun or waiting.
  public var isOpen: Bool { isWaiting || phase == .rolling }

  /// Whether this person has approved already; where the database tells people apart, under whatever name.
  public func hasApproved(_ person: Person) -> Bool {
    let isVerified = Identity(of: person.principal) == .verified
    return approvals.contains { $0.person.actor == person.actor || (isVerified && $0.person.principal == person.principal) }
  }

  /// Why this person may not approve; nil when they may.
  ///
  /// Compared is the name, and, where the database tells people apart, the principal too: else one person could act under two names.
  public func refusal(of person: Person) -> String? {
    if requesters.contains(where: { $0.actor == person.actor }) { return "\(person.actor) asked for it, and nobody approves their own request" }
    if Identity(of: person.principal) == .verified, requesters.contains(where: { $0.principal == person.principal }) {
      return "\(person.actor) acts as \(person.principal), who asked for it, and nobody approves their own request"
    }
    return nil
  }
}
