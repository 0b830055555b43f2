public import Foundation
public import Values

/// An endpoint, from the facts of `endpoint/NAME`.
public struct EndpointState: StreamState {
  public private(set) var specification: EndpointSpecification?
  /// What answers requests now; nil before the first version.
  public private(set) var plan: TrafficPlan?
  /// The change of traffic that is asked for and not done yet.
  public private(set) var pending: Request?
  public private(set) var rollout: Rollout?
  /// The version that the current one replaced, with which it is compared until traffic next changes; nil for a first version and after
  /// a way back.
  public private(set) var replaced: VersionName?
  /// What a rollback leaves that is decided and not done yet.
  public private(set) var leaving: VersionName?
  /// Since when the plan is in force.
  public private(set) var servingSince: Timestamp?
  /// The event by which the plan came into force.
  public private(set) var moved: UUID?
  /// The deployment that brought the current version.
  public var deployment: DeploymentID? { plan.flatMap { deployments[$0.current.description] } }
  /// The deployment that brought each version which serves, is tried, or can be gone back to.
  public private(set) var deployments: [String: DeploymentID] = [:]
  /// Versions that completed their bake and have not been rolled back since, oldest first.
  public private(set) var good: [VersionName] = []
  public private(set) var isFrozen = false
  /// After a rollback, until thawed: what a policy proposes needs an approval.
  public private(set) var isGuarded = false

  /// A change of traffic that was asked for.
  public struct Request: Codable, Equatable, Sendable {
    /// The id of the event that asked for it.
    public var event: UUID
    /// What it asked for.
    public var order: TrafficRequested
    /// Attempts that failed.
    public var failures = 0
  }

  /// A rollout under way.
  public struct Rollout: Codable, Equatable, Sendable {
    /// Whose rollout it is.
    public var deployment: DeploymentID
    /// The candidate.
    public var version: VersionName
    /// What served when it began.
    public var base: VersionName?
  }

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .endpointDefined(let specification): self.specification = specification
    case .endpointRemoved: specification = nil
    case .rolloutStarted(let fact):
      rollout = Rollout(deployment: fact.deployment, version: fact.version, base: plan?.current)
      let known = Set((good + [plan?.current].compactMap { $0 }).map(\.description))
      deployments = deployments.filter { known.contains($0.key) }
      deployments[fact.version.description] = fact.deployment
    case .trafficRequested(let fact): pending = Request(event: record.id, order: fact)
    case .trafficMoved(let fact): move(to: fact.plan, record)
    case .trafficMoveFailed(let fact):
      guard pending?.event == fact.request else { return }
      if fact.retryAt == nil { pending = nil } else { pending?.failures += 1 }
    case .rolloutEnded(let fact):
      guard rollout?.deployment == fact.deployment else { return }
      rollout = nil
      if fact.outcome == .completed {
        good.removeAll { $0 == fact.version }
        good.append(fact.version)
      } else if pending?.order.deployment == fact.deployment, pending?.order.purpose == .stage {
        pending = nil
      }
    case .rollbackDecided(let fact):
      leaving = fact.from
      good.removeAll { $0 == fact.from }
      isGuarded = true
    case .endpointFrozen: isFrozen = true
    case .endpointThawed:
      isFrozen = false
      isGuarded = false
    default: break
    }
  }

  private mutating func move(to plan: TrafficPlan, _ record: FactRecord) {
    let servesAlone = pending?.order.purpose == .stage && plan.current == rollout?.version
    replaced = servesAlone ? rollout?.base : nil
    self.plan = plan
    servingSince = record.at
    moved = record.id
    pending = nil
    leaving = nil
  }

  /// What rollback leaves: the version under way, else the one that serves. Until it is done, that of the rollback decided last.
  public var suspect: VersionName? { rollout?.version ?? leaving ?? plan?.current }

  /// Where rollback goes by itself: the latest version that completed its bake and has not been rolled back since.
  public var rollbackTarget: VersionName? { good.last { $0 != suspect } }
}
