public import Values

/// Something that is done when an alert fires, and what guards it.
public struct AlertAction: Hashable, Sendable {
  /// What is done.
  public var deed: Deed
  /// Not more often than so many times within 24 hours; nil: as often as it fires.
  public var atMostADay: Int?
  /// Only for alerts at least as bad.
  public var severity: AlertSeverity
  /// Only at such hours; nil: at any.
  public var hours: HoursOfDay?

  /// What can be done.
  public enum Deed: Hashable, Sendable {
    /// Start a run of a pipeline.
    case retrain(pipeline: String)
    /// No deployment to an endpoint until it is thawed.
    case freeze(endpoint: String)
    /// Back to the last good version of an endpoint.
    case rollBack(endpoint: String)
    /// Run a program on the host of a notifier.
    case command([String])
    /// Call a URL.
    case call(url: String)
  }

  /// Takes the values as they are; nothing is checked.
  public init(_ deed: Deed, atMostADay: Int? = nil, severity: AlertSeverity = .info, hours: HoursOfDay? = nil) {
    self.deed = deed
    self.atMostADay = atMostADay
    self.severity = severity
    self.hours = hours
  }
}

extension AlertAction.Deed: CustomStringConvertible {
  /// `freeze breast-cancer-prod`
  public var description: String {
    switch self {
    case .retrain(let pipeline): "retrain \(pipeline)"
    case .freeze(let endpoint): "freeze \(endpoint)"
    case .rollBack(let endpoint): "rollback \(endpoint)"
    case .command(let words): "command \(words.joined(separator: " "))"
    case .call(let url): "call \(url)"
    }
  }
}

/// A stretch of every day, such as `08:00-18:00` in Europe/Berlin; one that ends before it begins goes over midnight.
public struct HoursOfDay: Hashable, Codable, Sendable {
  /// `HH:MM-HH:MM`; the end is not part of it.
  public var between: String
  /// IANA name of whose clock that is.
  public var timeZone: String

  /// Takes the values as they are; `isValid` tells whether they make sense.
  public init(between: String, timeZone: String = "UTC") {
    self.between = between
    self.timeZone = timeZone
  }

  /// Whether the hours can be read and the time zone is known.
  public var isValid: Bool { minutes != nil && TimeZoneRules(timeZone) != nil }

  private var minutes: (from: Int, to: Int)? {
    let ends = between.split(separator: "-", omittingEmptySubsequences: false).map { end -> Int? in
      let parts = end.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]), let minute = Int(parts[1]), (0...24).contains(hour),
        (0..<60).contains(minute), hour * 60 + minute <= 1440
      else { return nil }
      return hour * 60 + minute
    }
    guard ends.count == 2, let from = ends[0], let to = ends[1], from != to else { return nil }
    return (from, to)
  }

  /// Whether a time lies in it; never when it makes no sense.
  public func contains(_ time: Timestamp) -> Bool {
    guard let (from, to) = minutes, let zone = TimeZoneRules(timeZone) else { return false }
    let local = zone.localMinuteOfDay(time)
    return from < to ? (from..<to).contains(local) : local >= from || local < to
  }
}

extension AlertAction: Codable {
  private enum Key: String, CodingKey { case retrain, freeze, rollback, command, call, atMostADay, severity, hours }

  /// Reads one of `retrain`, `freeze`, `rollback`, `command` and `call`, and the guards beside it.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let pipeline = try container.decodeIfPresent(String.self, forKey: .retrain) {
      deed = .retrain(pipeline: pipeline)
    } else if let endpoint = try container.decodeIfPresent(String.self, forKey: .freeze) {
      deed = .freeze(endpoint: endpoint)
    } else if let endpoint = try container.decodeIfPresent(String.self, forKey: .rollback) {
      deed = .rollBack(endpoint: endpoint)
    } else if let command = try container.decodeIfPresent([String].self, forKey: .command) {
      deed = .command(command)
    } else {
      deed = .call(url: try container.decode(String.self, forKey: .call))
    }
    atMostADay = try container.decodeIfPresent(Int.self, forKey: .atMostADay)
    severity = try container.decodeIfPresent(AlertSeverity.self, forKey: .severity) ?? .info
    hours = try container.decodeIfPresent(HoursOfDay.self, forKey: .hours)
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch deed {
    case .retrain(let pipeline): try container.encode(pipeline, forKey: .retrain)
    case .freeze(let endpoint): try container.encode(endpoint, forKey: .freeze)
    case .rollBack(let endpoint): try container.encode(endpoint, forKey: .rollback)
    case .command(let words): try container.encode(words, forKey: .command)
    case .call(let url): try container.encode(url, forKey: .call)
    }
    try container.encodeIfPresent(atMostADay, forKey: .atMostADay)
    if severity > .info { try container.encode(severity, forKey: .severity) }
    try container.encodeIfPresent(hours, forKey: .hours)
  }
}
