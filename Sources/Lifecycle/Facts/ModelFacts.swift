/// A file kept by its content.
public struct Artifact: Codable, Hashable, Sendable {
  /// SHA-256 of the content, lower-case hex.
  public var sha256: String
  /// Bytes.
  public var size: Int
  /// The name under which the trainer left it, without folders.
  public var name: String

  public init(sha256: String, size: Int, name: String) {
    self.sha256 = sha256
    self.size = size
    self.name = name
  }
}

/// A trained version entered the registry.
public struct VersionRegistered: Codable, Equatable, Sendable {
  public var version: VersionName
  public var artifact: Artifact
  /// The run that made it.
  public var run: RunID?
  /// What the trainer says of it; the gate never reads these.
  public var metrics: [String: Double]
  public var tags: [String: String]

  public init(version: VersionName, artifact: Artifact, run: RunID?, metrics: [String: Double] = [:], tags: [String: String] = [:]) {
    self.version = version
    self.artifact = artifact
    self.run = run
    self.metrics = metrics
    self.tags = tags
  }
}

/// Tags of a version were set; a null value takes a tag away.
public struct VersionTagged: Codable, Equatable, Sendable {
  public var version: VersionName
  public var tags: [String: String?]

  public init(version: VersionName, tags: [String: String?]) {
    self.version = version
    self.tags = tags
  }
}

/// An alias points to another version now, or to none.
public struct AliasMoved: Codable, Equatable, Sendable {
  public var alias: String
  public var version: VersionName?
  public var previous: VersionName?

  public init(alias: String, version: VersionName?, previous: VersionName?) {
    self.alias = alias
    self.version = version
    self.previous = previous
  }
}

/// A version was put away; it stays readable and is offered for nothing.
public struct VersionArchived: Codable, Equatable, Sendable {
  public var version: VersionName
  public var reason: String?

  public init(version: VersionName, reason: String?) {
    self.version = version
    self.reason = reason
  }
}
