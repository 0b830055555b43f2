public import Values

/// Approvals, deadlines and comparisons into stages; what changes the picture before a rollout begins into void approvals; a completed bake
/// into a new champion; a rollback into everything that follows from it.
public struct RolloutPolicy: Policy {
  /// Names its checkpoint, for good.
  public static let name = "rollout"

  /// A deployment that is not over.
  struct Open: Codable, Equatable, Sendable {
    var endpoint: String
    var version: VersionName
    var isHeld: Bool
    /// Its place among the proposals.
    var order: Int64
    /// The endpoint is its own.
    var hasBegun = false
  }

  /// What matters of an endpoint.
  struct Endpoint: Codable, Equatable, Sendable {
    /// What this endpoint last made champion.
    var crowned: VersionName?
    var rollout: DeploymentID?
    /// Rolled back, and not thawed since.
    var isGuarded = false
  }

  private var open = Keyed<Open>()
  private var endpoints = Keyed<Endpoint>()
  /// The champion of each model.
  private var champions = Keyed<VersionName>()
  private var evidence = EvidenceBook()

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws {
    let (prefix, rest) = split(key: key)
    switch prefix {
    case "deployment": try open.restore(key: rest, entry: entry)
    case "endpoint": try endpoints.restore(key: rest, entry: entry)
    case "evidence": try evidence.restore(key: rest, entry: entry)
    default: try champions.restore(key: rest, entry: entry)
    }
  }

  public mutating func takeChanges() throws -> [String: JSON] {
    try open.takeChanges(prefix: "deployment/").merging(endpoints.takeChanges(prefix: "endpoint/")) { $1 }
      .merging(champions.takeChanges(prefix: "model/")) { $1 }.merging(evidence.takeChanges(prefix: "evidence/")) { $1 }
  }

  public mutating func react(to record: FactRecord) -> [Command] {
    if let id = DeploymentID(stream: record.stream) { return react(to: record, of: id) }
    let voided = evidence.take(record).map(voidApprovals) ?? []
    return voided + follow(record)
  }

  /// Whoever approved what has not begun has not seen this.
  private func voidApprovals(_ evidence: Evidence) -> [Command] {
    waiting { evidence.concerns($0.version, at: $0.endpoint) }.map { .deployment($0.id, .voidApprovals([evidence])) }
  }

  private mutating func follow(_ record: FactRecord) -> [Command] {
    let name = record.name
    switch record.fact {
    case .aliasMoved(let fact): if fact.alias == ModelState.champion { champions[name] = fact.version }
    case .rolloutStarted(let fact):
      endpoints[name, default: Endpoint()].rollout = fact.deployment
      open[fact.deployment.description]?.hasBegun = true
    case .rolloutEnded(let fact):
      endpoints[name]?.rollout = nil
      // Its approvals were voided as it began: it waits again.
      if fact.outcome == .aborted { open[fact.deployment.description]?.hasBegun = false }
      if fact.outcome == .completed { endpoints[name]?.crowned = fact.version }
      return starts(at: name)
    case .trafficMoved: return starts(at: name)
    case .trafficMoveFailed(let fact):
      guard fact.retryAt == nil, let id = endpoints[name]?.rollout else { return [] }
      return [.deployment(id, .abort(reason: "traffic could not be moved: \(fact.reason)"))]
    case .endpointThawed:
      endpoints[name]?.isGuarded = false
      return starts(at: name) + (endpoints[name]?.rollout.map { [.advanceRollout($0, endpoint: name)] } ?? [])
    case .rollbackDecided(let fact):
      endpoints[name, default: Endpoint()].isGuarded = true
      return follow(fact, at: name)
    case .rolledBack(let fact): return crown(fact, at: name) + starts(at: name)
    default: break
    }
    return []
  }

  private mutating func react(to record: FactRecord, of id: DeploymentID) -> [Command] {
    let key = id.description
    switch record.fact {
    case .deploymentProposed(let fact):
      let older = waiting(at: fact.endpoint).filter { fact.gatePassed || $0.open.isHeld }
      open[key] = Open(endpoint: fact.endpoint, version: fact.version, isHeld: !fact.gatePassed, order: record.position ?? 0)
      let superseded = older.map { Command.deployment($0.id, .supersede(by: id)) }
      // Proposed in ignorance of a rollback.
      if endpoints[fact.endpoint]?.isGuarded == true, fact.automatic, fact.approvals == 0 {
        return superseded + [.deployment(id, .requireApproval(reason: "\(fact.endpoint) was rolled back, and is not thawed"))]
      }
      return superseded + [.startRollout(id, endpoint: fact.endpoint)]
    case .gateOverridden:
      guard let own = open[key] else { return [] }
      open[key]?.isHeld = false
      let older = waiting(at: own.endpoint).filter { $0.open.order < own.order }
      return older.map { .deployment($0.id, .supersede(by: id)) } + [.startRollout(id, endpoint: own.endpoint)]
    case .deploymentApproved(let fact):
      guard let own = open[key] else { return [] }
      // Appended past the checked command, or at the same moment as the evidence.
      let unseen = evidence.newest(on: own.version, at: own.endpoint).flatMap { $0.isUnseen(at: fact.seenPosition) ? $0 : nil }
      return (unseen.map { [.deployment(id, .voidApprovals([$0]))] } ?? []) + [.startRollout(id, endpoint: own.endpoint)]
    case .approvalVoided: return open[key].map { [.endRollout(id, endpoint: $0.endpoint, .aborted)] } ?? []
    case .stageEntered, .deadlinePassed, .analysisRecorded: return open[key].map { [.advanceRollout(id, endpoint: $0.endpoint)] } ?? []
    case .deploymentResumed:
      return open[key].map { [.startRollout(id, endpoint: $0.endpoint), .advanceRollout(id, endpoint: $0.endpoint)] } ?? []
    case .deploymentCompleted(let fact):
      open[key] = nil
      return [.moveAlias(model: fact.version.model, alias: ModelState.champion, fact.version)]
    case .deploymentAborted, .deploymentRejected, .deploymentSuperseded:
      // Even one that was only waiting may have been given the endpoint a moment before.
      defer { open[key] = nil }
      return open[key].map { [.endRollout(id, endpoint: $0.endpoint, .aborted)] } ?? []
    case .deploymentRolledBack:
      open[key] = nil
      return []
    default: return []
    }
  }

  private func waiting(at endpoint: String) -> [(id: DeploymentID, open: Open)] { waiting { $0.endpoint == endpoint } }

  /// Deployments that are not being rolled out yet, in the order in which they were proposed.
  private func waiting(_ isMeant: (Open) -> Bool) -> [(id: DeploymentID, open: Open)] {
    open.entries.filter { !$0.value.hasBegun && isMeant($0.value) }.sorted { ($0.value.order, $0.key) < ($1.value.order, $1.key) }
      .compactMap { key, value in DeploymentID(stream: "deployment/\(key)").map { ($0, value) } }
  }

  private func starts(at endpoint: String) -> [Command] {
    waiting(at: endpoint).filter { !$0.open.isHeld }.map { .startRollout($0.id, endpoint: endpoint) }
  }

  private func follow(_ fact: RollbackDecided, at endpoint: String) -> [Command] {
    var commands: [Command] = []
    if let id = fact.deployment {
      commands.append(.deployment(id, .markRolledBack(DeploymentRolledBack(to: fact.to, reason: fact.reason))))
    }
    for (id, _) in waiting(at: endpoint) where id != fact.deployment {
      commands.append(.deployment(id, .requireApproval(reason: "\(endpoint) is rolled back from \(fact.from) to \(fact.to)")))
    }
    return commands
  }

  /// The version that serves again is the champion, unless another endpoint of the model, or a person, named the one there is.
  private mutating func crown(_ fact: RolledBack, at endpoint: String) -> [Command] {
    let champion = champions[fact.to.model]
    let isOwn = champion == nil || champion == endpoints[endpoint]?.crowned
    endpoints[endpoint]?.crowned = fact.to
    guard isOwn else { return [] }
    return [.moveAlias(model: fact.to.model, alias: ModelState.champion, fact.to)]
  }
}
