/// Where versions of a model serve, and how a new one gets there and back.
public struct EndpointSpecification: Hashable, Codable, Sendable {
  /// Unique among endpoints.
  public var name: String
  /// The model whose versions serve there.
  public var model: String
  /// The system whose traffic is moved.
  public var target: EndpointTarget
  /// How a new version gets into traffic.
  public var rollout: RolloutSpecification
  /// A new version that does worse by any of these is rolled back; may be empty.
  public var rollback: [RollbackRule]

  /// Takes the values as they are; nothing is checked.
  public init(
    name: String, model: String, target: EndpointTarget, rollout: RolloutSpecification = .init(), rollback: [RollbackRule] = []
  ) {
    self.name = name
    self.model = model
    self.target = target
    self.rollout = rollout
    self.rollback = rollback
  }
}

/// The systems whose traffic Kedge can move.
public enum EndpointTarget: Hashable, Sendable {
  /// A directory with `traffic.json` that any server can follow, by its absolute path, and the URL at which the server tells
  /// which versions it serves.
  case local(directory: String, health: String?)
}

/// The way of a new version into traffic.
public struct RolloutSpecification: Hashable, Codable, Sendable {
  /// How many people must approve, never the one who asked; 0 or more.
  public var approvals: Int
  /// At least one; the last gives the new version all traffic.
  public var stages: [RolloutStage]

  /// By default one approval, then all traffic at once.
  public init(approvals: Int = 1, stages: [RolloutStage] = [RolloutStage(traffic: 100)]) {
    self.approvals = approvals
    self.stages = stages
  }
}

/// One step of a rollout.
public struct RolloutStage: Hashable, Codable, Sendable {
  /// The candidate sees all requests, and its answers are logged only; `traffic` is 0 then.
  public var shadow: Bool
  /// The share of requests that the candidate answers, in percent, 0...100.
  public var traffic: Int
  /// How long the stage lasts at least.
  public var hold: Span
  /// Whether the stage ends only once a comparison with the champion had an answer.
  public var requireConclusive: Bool

  /// Takes the values as they are; nothing is checked.
  public init(shadow: Bool = false, traffic: Int, hold: Span = .zero, requireConclusive: Bool = false) {
    self.shadow = shadow
    self.traffic = traffic
    self.hold = hold
    self.requireConclusive = requireConclusive
  }
}

/// When a new version counts as worse than the one it replaced.
public struct RollbackRule: Hashable, Sendable {
  /// The margin beyond which the interval of the difference must lie.
  public enum Margin: Hashable, Sendable {
    /// For metrics of which more is better.
    case belowChampionBy(Double)
    /// For metrics of which less is better.
    case aboveChampionBy(Double)
  }

  /// The number that is compared.
  public var metric: MetricName
  /// How much worse it may be, and which way worse is.
  public var margin: Margin
  /// How many compared windows in a row; at least 1.
  public var `for`: Int

  /// Takes the values as they are; nothing is checked.
  public init(metric: MetricName, _ margin: Margin, for windows: Int = 1) {
    self.metric = metric
    self.margin = margin
    self.for = windows
  }
}

extension EndpointTarget: Codable {
  private enum Key: String, CodingKey { case local }
  private struct Local: Codable { var directory: String, health: String? }

  /// Reads `{local: {directory, health}}`.
  public init(from decoder: any Decoder) throws {
    let local = try decoder.container(keyedBy: Key.self).decode(Local.self, forKey: .local)
    self = .local(directory: local.directory, health: local.health)
  }

  /// Writes `{local: {directory, health}}`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .local(let directory, let health): try container.encode(Local(directory: directory, health: health), forKey: .local)
    }
  }
}

extension RollbackRule: Codable {
  private enum Key: String, CodingKey { case metric, `for` }

  /// Reads `metric`, `for`, and `below_champion_by` or `above_champion_by`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    metric = try container.decode(MetricName.self, forKey: .metric)
    self.for = try container.decode(Int.self, forKey: .for)
    let members = try decoder.container(keyedBy: BoundKey.self)
    if let margin = try members.decodeIfPresent(Double.self, forKey: .belowChampionBy) {
      self.margin = .belowChampionBy(margin)
    } else {
      self.margin = .aboveChampionBy(try members.decode(Double.self, forKey: .aboveChampionBy))
    }
  }

  /// Writes the metric and its margin side by side.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(metric, forKey: .metric)
    try container.encode(self.for, forKey: .for)
    var members = encoder.container(keyedBy: BoundKey.self)
    switch margin {
    case .belowChampionBy(let margin): try members.encode(margin, forKey: .belowChampionBy)
    case .aboveChampionBy(let margin): try members.encode(margin, forKey: .aboveChampionBy)
    }
  }
}
