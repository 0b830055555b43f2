public import Lifecycle
public import Values

/// Endpoints, what serves there and what served before.
public struct EndpointsProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "endpoints"
  /// The tables that it fills.
  public static let tables = ["endpoint", "endpoint_change"]
  /// The categories of streams that it reads.
  public static let categories = ["endpoint"]

  private var states: [String: EndpointState] = [:]
  private var changed: Set<String> = []

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws { states[key] = try entry.decode() }

  public mutating func takeMemory() throws -> [String: JSON] {
    defer { changed = [] }
    return try Dictionary(uniqueKeysWithValues: changed.map { ($0, try JSON(encoding: states[$0])) })
  }

  public mutating func changes(for record: FactRecord) throws -> [RowChange] {
    var state = states[record.name] ?? EndpointState()
    state.evolve(record)
    states[record.name] = state
    changed.insert(record.name)
    guard let specification = state.specification else { return [.delete("endpoint", where: ["name": JSON(record.name)])] }
    return [
      .put(
        "endpoint", key: ["name"],
        [
          "name": JSON(specification.name), "model": JSON(specification.model), "specification": try JSON(encoding: specification),
          "current": JSON(state.plan?.current), "candidate": JSON(state.plan?.candidate), "share": JSON(state.plan?.share ?? 0),
          "shadow": .bool(state.plan?.shadow ?? false), "frozen": .bool(state.isFrozen), "guarded": .bool(state.isGuarded),
          "deployment": (state.rollout?.deployment ?? state.deployment).map { JSON($0) } ?? .null, "replaced": JSON(state.replaced),
          "pending": try state.pending.map { try JSON(encoding: $0.order) } ?? .null, "changed_at": record.time, "position": record.place,
        ])
    ] + history(record)
  }

  private func history(_ record: FactRecord) -> [RowChange] {
    let more: JSON
    switch record.fact {
    case .trafficMoved(let fact):
      more = [
        "current": JSON(fact.plan.current), "candidate": JSON(fact.plan.candidate), "share": JSON(fact.plan.share), "shadow": .bool(fact.plan.shadow),
      ]
    case .trafficMoveFailed(let fact): more = ["current": JSON(fact.plan.current), "reason": JSON(fact.reason)]
    case .rollbackDecided(let fact):
      more = ["from_version": JSON(fact.from), "to_version": JSON(fact.to), "reason": JSON(fact.reason)]
    case .rolledBack(let fact): more = ["from_version": JSON(fact.from), "to_version": JSON(fact.to)]
    case .endpointFrozen(let fact), .endpointThawed(let fact): more = ["reason": JSON(fact.reason)]
    default: return []
    }
    return [
      .put(
        "endpoint_change", key: ["id"],
        more.adding([
          "id": JSON(record.id), "endpoint": JSON(record.name), "type": JSON(record.fact.type), "actor": JSON(record.actor),
          "changed_at": record.time, "position": record.place,
        ]))
    ]
  }
}
