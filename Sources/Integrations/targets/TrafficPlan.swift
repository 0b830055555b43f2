public import Values

/// A version at a target, ready to be served.
public struct PlacedVersion: Sendable, Hashable {
  /// `MODEL/N`
  public let version: String
  /// Where the server finds it; absolute.
  public let path: String
  /// 64 lower-case hexadecimal digits.
  public let sha256: String

  /// Takes the values as they are; nothing is checked.
  public init(version: String, path: String, sha256: String) {
    self.version = version
    self.path = path
    self.sha256 = sha256
  }

  /// `{"version", "path", "sha256"}`
  public var json: JSON { ["version": .string(version), "path": .string(path), "sha256": .string(sha256)] }

  /// Reads what `json` made; nil when a member is missing or no string. Other members are ignored.
  public init?(json: JSON) {
    guard let version = json["version"]?.string, let path = json["path"]?.string, let sha256 = json["sha256"]?.string else { return nil }
    self.init(version: version, path: path, sha256: sha256)
  }
}

/// Which version gets which traffic.
public struct TrafficPlan: Sendable, Hashable {
  /// Answers what the candidate does not.
  public let current: PlacedVersion
  /// Nil when one version serves alone.
  public let candidate: PlacedVersion?
  /// Of the requests that the candidate answers, in percent: 0...100.
  public let share: Double
  /// Whether the candidate sees all requests, without its answers being used.
  public let shadow: Bool

  /// Takes the values as they are; nothing is checked.
  public init(current: PlacedVersion, candidate: PlacedVersion? = nil, share: Double = 0, shadow: Bool = false) {
    self.current = current
    self.candidate = candidate
    self.share = share
    self.shadow = shadow
  }

  /// `{"current", "candidate", "share", "shadow"}`
  public var json: JSON {
    let percent = Int64(exactly: share).map { JSON.integer($0) } ?? .number(share)
    return ["current": current.json, "candidate": candidate?.json ?? .null, "share": percent, "shadow": .bool(shadow)]
  }

  /// Reads what `json` made; other members, such as a token, are ignored.
  public init?(json: JSON) {
    guard let current = json["current"].flatMap({ PlacedVersion(json: $0) }) else { return nil }
    let candidate = json["candidate"] ?? .null
    let placed = PlacedVersion(json: candidate)
    guard candidate.isNull || placed != nil else { return nil }
    self.init(current: current, candidate: placed, share: json["share"]?.double ?? 0, shadow: json["shadow"]?.bool ?? false)
  }

  /// What a health URL must answer for it.
  var served: ServedTraffic { ServedTraffic(current: current.version, candidate: candidate?.version) }

  /// What is wrong with it.
  var fault: String? {
    let versions = [current] + (candidate.map { [$0] } ?? [])
    if let relative = versions.first(where: { !$0.path.hasPrefix("/") }) { return "the path of \(relative.version), \(relative.path), is not absolute" }
    guard (0...100).contains(share) else { return "a share of \(share) % is not between 0 and 100" }
    if candidate == nil, share > 0 || shadow { return "there is no candidate to give traffic to" }
    if candidate?.version == current.version { return "\(current.version) cannot be current and candidate" }
    return nil
  }
}

/// What a server says that it serves: `{"current": "MODEL/3", "candidate": "MODEL/4"|null}`.
public struct ServedTraffic: Sendable, Hashable, CustomStringConvertible {
  /// `MODEL/N`
  public let current: String
  /// `MODEL/N`; nil when one version serves alone.
  public let candidate: String?

  /// Takes the values as they are; nothing is checked.
  public init(current: String, candidate: String?) {
    self.current = current
    self.candidate = candidate
  }

  init?(json: JSON) {
    guard let current = json["current"]?.string else { return nil }
    let candidate = json["candidate"] ?? .null
    guard candidate.isNull || candidate.string != nil else { return nil }
    self.init(current: current, candidate: candidate.string)
  }

  /// For messages: `MODEL/3 with candidate MODEL/4`, or `MODEL/3 alone`.
  public var description: String { candidate.map { "\(current) with candidate \($0)" } ?? "\(current) alone" }
}
