public import Lifecycle
public import Values

/// Models, their versions and aliases.
public struct RegistryProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "registry"
  /// The tables that it fills.
  public static let tables = ["model", "model_version", "alias"]
  /// The categories of streams that it reads.
  public static let categories = ["model"]

  /// Tags of each version, which later facts change one by one.
  private var tags: [String: [String: String]] = [:]
  private var changed: Set<String> = []

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws { tags[key] = try entry.decode() }

  public mutating func takeMemory() throws -> [String: JSON] {
    defer { changed = [] }
    return try Dictionary(uniqueKeysWithValues: changed.map { ($0, try JSON(encoding: tags[$0])) })
  }

  private mutating func tag(_ version: VersionName, _ changes: [String: String?]) throws -> JSON {
    let key = version.description
    for (name, value) in changes { tags[key, default: [:]][name] = value }
    changed.insert(key)
    return try JSON(encoding: tags[key, default: [:]])
  }

  public mutating func changes(for record: FactRecord) throws -> [RowChange] {
    switch record.fact {
    case .modelRegistered(let model):
      return [
        .put(
          "model", key: ["name"],
          [
            "name": JSON(model.name), "task": JSON(model.task.rawValue), "tags": try JSON(encoding: model.tags), "registered_at": record.time,
            "position": record.place,
          ])
      ]
    case .versionRegistered(let fact):
      return [
        .put(
          "model_version", key: ["name"],
          [
            "name": JSON(fact.version), "model": JSON(fact.version.model), "number": JSON(fact.version.number),
            "artifact_sha256": JSON(fact.artifact.sha256), "artifact_size": JSON(fact.artifact.size), "artifact_name": JSON(fact.artifact.name),
            "run": fact.run.map { JSON($0) } ?? .null, "metrics": try JSON(encoding: fact.metrics), "tags": try tag(fact.version, fact.tags),
            "archived": false, "registered_at": record.time, "position": record.place,
          ])
      ]
    case .versionTagged(let fact):
      return [.update("model_version", where: ["name": JSON(fact.version)], ["tags": try tag(fact.version, fact.tags)])]
    case .versionArchived(let fact): return [.update("model_version", where: ["name": JSON(fact.version)], ["archived": true])]
    case .aliasMoved(let fact):
      guard let version = fact.version else { return [.delete("alias", where: ["model": JSON(record.name), "alias": JSON(fact.alias)])] }
      return [
        .put(
          "alias", key: ["model", "alias"],
          ["model": JSON(record.name), "alias": JSON(fact.alias), "version": JSON(version), "moved_at": record.time])
      ]
    default: return []
    }
  }
}
