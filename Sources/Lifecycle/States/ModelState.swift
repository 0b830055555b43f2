/// A model in the registry, from the facts of `model/NAME`.
public struct ModelState: StreamState {
  public private(set) var specification: ModelSpecification?
  /// By number, from 1: index 0 is version 1.
  public private(set) var versions: [Version] = []
  public private(set) var aliases: [String: VersionName] = [:]

  /// A registered version.
  public struct Version: Codable, Equatable, Sendable {
    /// As it entered the registry; `tags` are those of now.
    public var registration: VersionRegistered
    /// Put away: offered for nothing.
    public var archived = false
  }

  /// The alias of the version that serves.
  public static let champion = "champion"

  /// Before the first fact.
  public init() {}

  public mutating func evolve(_ record: FactRecord) {
    switch record.fact {
    case .modelRegistered(let specification): self.specification = specification
    case .versionRegistered(let registration): versions.append(Version(registration: registration))
    case .versionArchived(let fact):
      if versions.indices.contains(fact.version.number - 1) { versions[fact.version.number - 1].archived = true }
    case .versionTagged(let fact):
      guard versions.indices.contains(fact.version.number - 1) else { return }
      for (key, value) in fact.tags { versions[fact.version.number - 1].registration.tags[key] = value }
    case .aliasMoved(let fact): aliases[fact.alias] = fact.version
    default: break
    }
  }

  /// The version of this number; nil when there is none.
  public subscript(number: Int) -> Version? { versions.indices.contains(number - 1) ? versions[number - 1] : nil }
}

extension ModelState {
  /// Enters a trained version under the next number.
  public func register(
    model: String, artifact: Artifact, run: RunID?, metrics: [String: Double], tags: [String: String], baseline: Artifact? = nil
  ) -> VersionRegistered {
    VersionRegistered(
      version: VersionName(model: model, number: versions.count + 1), artifact: artifact, run: run, metrics: metrics, tags: tags, baseline: baseline)
  }

  /// The version that a name stands for: `MODEL/N`, or an alias. Nil when there is none.
  public func version(named name: String) -> Version? {
    guard let version = aliases[name] ?? VersionName(name), let found = self[version.number], found.registration.version == version else { return nil }
    return found
  }

  /// Lets an alias point to a version, or to none. Where it points there already, nothing happens.
  public func moveAlias(_ alias: String, to version: VersionName?) throws(Refusal) -> [Fact] {
    if let version, self[version.number]?.registration.version != version { throw .unknown("there is no version \(version)") }
    guard aliases[alias] != version else { return [] }
    return [.aliasMoved(AliasMoved(alias: alias, version: version, previous: aliases[alias]))]
  }

  /// Sets tags; a null value takes a tag away. What is so already is left out.
  public func tag(_ version: VersionName, _ tags: [String: String?]) throws(Refusal) -> [Fact] {
    guard let entry = self[version.number]?.registration, entry.version == version else { throw .unknown("there is no version \(version)") }
    let changed = tags.filter { entry.tags[$0.key] != $0.value }
    return changed.isEmpty ? [] : [.versionTagged(VersionTagged(version: version, tags: changed))]
  }
}
