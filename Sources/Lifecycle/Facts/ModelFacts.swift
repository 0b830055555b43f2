/// A file kept by its content.
public struct Artifact: Codable, Hashable, Sendable {
  /// SHA-256 of the content, lower-case hex.
  public var sha256: String
  /// Bytes.
  public var size: Int
  /// The name under which the trainer left it, without folders.
  public var name: String

  /// Takes the values as they are; nothing is checked.
  public init(sha256: String, size: Int, name: String) {
    self.sha256 = sha256
    self.size = size
    self.name = name
  }
}

/// A trained version entered the registry.
public struct VersionRegistered: Codable, Equatable, Sendable {
  /// Its name, with the next number of the model.
  public var version: VersionName
  /// The file that training left.
  public var artifact: Artifact
  /// The run that made it.
  public var run: RunID?
  /// What the trainer says of it; the gate never reads these.
  public var metrics: [String: Double]
  /// What is known of it beside metrics; may be empty.
  public var tags: [String: String]
  /// The data that windows are compared with where a monitor's baseline is this version; nil when training left none.
  public var baseline: Artifact?

  /// Takes the values as they are; nothing is checked.
  public init(
    version: VersionName, artifact: Artifact, run: RunID?, metrics: [String: Double] = [:], tags: [String: String] = [:], baseline: Artifact? = nil
  ) {
    self.version = version
    self.artifact = artifact
    self.run = run
    self.metrics = metrics
    self.tags = tags
    self.baseline = baseline
  }
}

/// Tags of a version were set; a null value takes a tag away.
public struct VersionTagged: Codable, Equatable, Sendable {
  /// The version whose tags these are.
  public var version: VersionName
  /// Only what changes; a null value takes the tag away.
  public var tags: [String: String?]

  /// Takes the values as they are; nothing is checked.
  public init(version: VersionName, tags: [String: String?]) {
    self.version = version
    self.tags = tags
  }
}

/// An alias points to another version now, or to none.
public struct AliasMoved: Codable, Equatable, Sendable {
  /// The alias's name, e.g. `champion`.
  public var alias: String
  /// Where it points now; nil for nowhere.
  public var version: VersionName?
  /// Where it pointed before; nil for nowhere.
  public var previous: VersionName?

  /// Takes the values as they are; nothing is checked.
  public init(alias: String, version: VersionName?, previous: VersionName?) {
    self.alias = alias
    self.version = version
    self.previous = previous
  }
}

/// A version was put away; it stays readable and is offered for nothing.
public struct VersionArchived: Codable, Equatable, Sendable {
  /// The version that was put away.
  public var version: VersionName
  /// What the person said; nil when nothing.
  public var reason: String?

  /// Takes the values as they are; nothing is checked.
  public init(version: VersionName, reason: String?) {
    self.version = version
    self.reason = reason
  }
}
