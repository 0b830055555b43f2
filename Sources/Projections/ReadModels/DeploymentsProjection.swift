public import Lifecycle
public import Values

/// Deployments, their approvals and analyses.
public struct DeploymentsProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "deployments"
  /// The tables that it fills.
  public static let tables = ["deployment", "approval", "analysis"]
  /// The categories of streams that it reads.
  public static let categories = ["deployment"]

  private var states: [String: DeploymentState] = [:]
  private var changed: Set<String> = []

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws { states[key] = try entry.decode() }

  public mutating func takeMemory() throws -> [String: JSON] {
    defer { changed = [] }
    return try Dictionary(uniqueKeysWithValues: changed.map { ($0, try JSON(encoding: states[$0])) })
  }

  public mutating func changes(for record: FactRecord) throws -> [RowChange] {
    let before = states[record.name] ?? DeploymentState()
    var state = before
    state.evolve(record)
    states[record.name] = state
    changed.insert(record.name)
    guard let proposal = state.proposal else { return [] }

    let change: JSON = [
      "state": JSON(state.word), "stage": JSON(state.stage), "changed_at": record.time, "reason": JSON(reason(record.fact)),
    ]
    var changes: [RowChange]
    if case .deploymentProposed = record.fact {
      changes = [
        .put(
          "deployment", key: ["id"],
          change.adding([
            "id": JSON(record.name), "endpoint": JSON(proposal.endpoint), "model": JSON(proposal.model), "version": JSON(proposal.version),
            "replaces": JSON(proposal.replaces), "run": proposal.run.map { JSON($0) } ?? .null, "stages": try JSON(encoding: proposal.stages),
            "approvals_needed": JSON(proposal.approvals), "requested_by": JSON(proposal.requestedBy.first?.actor ?? record.actor),
            "automatic": .bool(proposal.automatic), "gate_passed": .bool(proposal.gatePassed), "proposed_at": record.time,
            "position": record.place,
          ]))
      ]
    } else {
      changes = [.update("deployment", where: ["id": JSON(record.name)], change)]
    }
    switch record.fact {
    case .deploymentApproved(let fact): changes.append(approval(fact, record, counts: state.approvals.count > before.approvals.count))
    case .approvalVoided(let fact):
      changes += before.approvals.filter { fact.approvals?.contains($0.event) ?? true }.map {
        .update("approval", where: ["id": JSON($0.event)], ["voided_at": record.time, "void_reason": JSON(fact.reason)])
      }
    case .analysisRecorded(let fact): changes.append(try analysis(fact, record))
    default: break
    }
    return changes
  }

  private func reason(_ fact: Fact) -> String? {
    switch fact {
    case .deploymentHeld(let fact): fact.reason
    case .gateOverridden(let fact), .deploymentRejected(let fact), .deploymentPaused(let fact), .deploymentResumed(let fact),
      .deploymentAborted(let fact):
      fact.reason
    case .approvalVoided(let fact): fact.reason
    case .deploymentApproved(let fact): fact.reason
    case .deploymentRolledBack(let fact): fact.reason
    case .deploymentSuperseded(let fact): "deployment \(fact.by) took its place"
    default: nil
    }
  }

  private func approval(_ fact: DeploymentApproved, _ record: FactRecord, counts: Bool) -> RowChange {
    .put(
      "approval", key: ["id"],
      [
        "id": JSON(record.id), "deployment": JSON(record.name), "approved_by": JSON(record.actor), "principal": JSON(record.principal),
        "reason": JSON(fact.reason), "approved_at": record.time, "seen_position": JSON(fact.seenPosition),
        "identity": JSON(Identity(of: record.principal).rawValue), "counts": .bool(counts), "position": record.place,
      ])
  }

  private func analysis(_ fact: AnalysisRecorded, _ record: FactRecord) throws -> RowChange {
    .put(
      "analysis", key: ["id"],
      [
        "id": JSON(record.id), "deployment": JSON(record.name), "kind": JSON(fact.kind), "window_id": JSON(fact.window.id),
        "end_at": JSON(fact.window.endAt), "champion": JSON(fact.champion), "challenger": JSON(fact.challenger), "rows": JSON(fact.rows),
        "results": try JSON(encoding: fact.results), "outcome": JSON(fact.outcome.rawValue), "reason": JSON(fact.reason),
        "recorded_at": record.time, "position": record.place,
      ])
  }
}
