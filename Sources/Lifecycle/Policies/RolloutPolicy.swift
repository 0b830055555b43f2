public import Values

/// Approvals, deadlines and comparisons into stages; a completed bake into a new champion; a rollback into everything that follows from it.
public struct RolloutPolicy: Policy {
  public static let name = "rollout"

  /// A deployment that is not over.
  struct Open: Codable, Equatable, Sendable {
    var endpoint: String
    var model: String
    var version: VersionName
    var isHeld: Bool
    /// Traffic was moved for it.
    var hasBegun = false
  }

  private var open = Keyed<Open>()
  /// The model of each endpoint.
  private var endpoints = Keyed<String>()

  public init() {}

  public mutating func restore(key: String, entry: JSON) throws {
    let (prefix, rest) = split(key: key)
    if prefix == "deployment" { try open.restore(key: rest, entry: entry) } else { try endpoints.restore(key: rest, entry: entry) }
  }

  public mutating func takeChanges() throws -> [String: JSON] {
    try open.takeChanges(prefix: "deployment/").merging(endpoints.takeChanges(prefix: "endpoint/")) { $1 }
  }

  public mutating func react(to record: FactRecord) -> [Command] {
    if let id = DeploymentID(stream: record.stream) { return react(to: record, of: id) }
    switch record.fact {
    case .endpointDefined(let specification): endpoints[specification.name] = specification.model
    case .endpointThawed, .rolloutEnded, .trafficMoved: return starts(at: record.name)
    case .trafficMoveFailed(let fact):
      guard fact.retryAt == nil, let id = begun(at: record.name, fact.plan) else { return [] }
      return [.deployment(id, .abort(reason: "traffic could not be moved: \(fact.reason)"))]
    case .rollbackDecided(let fact): return follow(fact, at: record.name)
    case .rolledBack(let fact): return [.moveAlias(model: fact.to.model, alias: ModelState.champion, fact.to)] + starts(at: record.name)
    default: break
    }
    return []
  }

  private mutating func react(to record: FactRecord, of id: DeploymentID) -> [Command] {
    let key = id.description
    switch record.fact {
    case .deploymentProposed(let fact):
      let older = waiting(at: fact.endpoint).filter { fact.gatePassed || $0.open.isHeld }
      open[key] = Open(endpoint: fact.endpoint, model: fact.model, version: fact.version, isHeld: !fact.gatePassed)
      return older.map { .deployment($0.id, .supersede(by: id)) } + [.startRollout(id, endpoint: fact.endpoint)]
    case .deploymentApproved, .gateOverridden:
      guard let endpoint = open[key]?.endpoint else { return [] }
      open[key]?.isHeld = false
      return [.startRollout(id, endpoint: endpoint)]
    case .stageEntered:
      open[key]?.hasBegun = true
      return advance(id)
    case .deadlinePassed, .analysisRecorded: return advance(id)
    case .deploymentResumed:
      guard let endpoint = open[key]?.endpoint else { return [] }
      return [.startRollout(id, endpoint: endpoint), .advanceRollout(id, endpoint: endpoint)]
    case .deploymentCompleted(let fact):
      open[key] = nil
      return [.moveAlias(model: fact.version.model, alias: ModelState.champion, fact.version)]
    case .deploymentAborted:
      defer { open[key] = nil }
      return open[key].map { [.endRollout(id, endpoint: $0.endpoint, .aborted)] } ?? []
    case .deploymentRejected, .deploymentSuperseded, .deploymentRolledBack:
      defer { open[key] = nil }
      return open[key].map { starts(at: $0.endpoint) } ?? []
    default: return []
    }
  }

  private func advance(_ id: DeploymentID) -> [Command] {
    open[id.description].map { [.advanceRollout(id, endpoint: $0.endpoint)] } ?? []
  }

  /// Deployments at the endpoint for which no traffic was moved yet, in the order of their identifiers.
  private func waiting(at endpoint: String) -> [(id: DeploymentID, open: Open)] {
    open.entries.filter { $0.value.endpoint == endpoint && !$0.value.hasBegun }.sorted { $0.key < $1.key }
      .compactMap { key, value in DeploymentID(stream: "deployment/\(key)").map { ($0, value) } }
  }

  private func starts(at endpoint: String) -> [Command] {
    waiting(at: endpoint).map { .startRollout($0.id, endpoint: endpoint) }
  }

  private func begun(at endpoint: String, _ plan: TrafficPlan) -> DeploymentID? {
    open.entries.first { $0.value.endpoint == endpoint && $0.value.version == plan.candidate ?? plan.current }
      .flatMap { DeploymentID(stream: "deployment/\($0.key)") }
  }

  private func follow(_ fact: RollbackDecided, at endpoint: String) -> [Command] {
    var commands: [Command] = []
    if let id = fact.deployment {
      commands.append(.deployment(id, .markRolledBack(DeploymentRolledBack(to: fact.to, reason: fact.reason))))
    }
    for (id, _) in waiting(at: endpoint) where id != fact.deployment {
      commands.append(.deployment(id, .voidApprovals(reason: "\(endpoint) is rolled back from \(fact.from) to \(fact.to)")))
    }
    return commands
  }
}
