public import Values

/// How a model is retrained, judged and handed on.
public struct PipelineSpecification: Hashable, Codable, Sendable {
  /// Unique among pipelines.
  public var name: String
  /// The model that it retrains.
  public var model: String
  /// What starts a run, besides a person; may be empty.
  public var trigger: [Trigger]
  /// How a challenger is made.
  public var train: TrainSpecification
  /// How it is judged.
  public var evaluate: EvaluateSpecification
  /// The endpoint to which a version that passed its gate is proposed; nil: it is only registered.
  public var deploy: String?
  /// Handed to trainer and evaluator as they are.
  public var parameters: [String: JSON]

  /// Takes the values as they are; nothing is checked.
  public init(
    name: String, model: String, trigger: [Trigger] = [], train: TrainSpecification, evaluate: EvaluateSpecification, deploy: String? = nil,
    parameters: [String: JSON] = [:]
  ) {
    self.name = name
    self.model = model
    self.trigger = trigger
    self.train = train
    self.evaluate = evaluate
    self.deploy = deploy
    self.parameters = parameters
  }
}

/// What starts a run of a pipeline.
public enum Trigger: Hashable, Sendable {
  /// An alert of the rule is raised.
  case alert(rule: String)
  /// The rule raised `count` alerts within the span.
  case alerts(rule: String, count: Int, within: Span)
  /// Whenever the cron expression falls due in the IANA time zone.
  case schedule(cron: String, timeZone: String)
}

/// Who trains and how long it may take.
public struct TrainSpecification: Hashable, Sendable {
  /// The systems that can train.
  public enum Trainer: Hashable, Sendable {
    /// A command and its arguments, run in an absolute directory by the contract of trainers.
    case command([String], directory: String)
  }

  /// Who trains.
  public var trainer: Trainer
  /// One attempt takes at most this long.
  public var timeout: Span
  /// How many more attempts follow a failed one; 0 or more.
  public var retries: Int
  /// The pool that bounds how many runs are under way.
  public var pool: String

  /// Takes the values as they are; nothing is checked.
  public init(trainer: Trainer, timeout: Span = .days(1), retries: Int = 0, pool: String = PoolSpecification.implied.name) {
    self.trainer = trainer
    self.timeout = timeout
    self.retries = retries
    self.pool = pool
  }
}

/// Who writes the predictions that Kedge judges, and by which rules.
public struct EvaluateSpecification: Hashable, Codable, Sendable {
  /// A command and its arguments, run in the trainer's directory.
  public var command: [String]
  /// It takes at most this long.
  public var timeout: Span
  /// All must pass, and at least one is absolute.
  public var gate: [GateRule]

  /// Takes the values as they are; nothing is checked.
  public init(command: [String], timeout: Span = .hours(1), gate: [GateRule]) {
    self.command = command
    self.timeout = timeout
    self.gate = gate
  }
}

/// One condition on a challenger, e.g. `{metric: accuracy, above: 0.90}`.
public struct GateRule: Hashable, Sendable {
  /// What the metric is held against.
  public enum Bound: Hashable, Sendable {
    /// A limit of its own.
    case absolute(MetricBound)
    /// At most this much worse than the champion on the same rows; not applicable without a champion.
    case notWorseThanChampionBy(Double)
  }

  /// The number that is judged.
  public var metric: MetricName
  /// The group column of a fairness metric.
  public var group: String?
  /// What it is held against.
  public var bound: Bound

  /// `{metric: accuracy, above: 0.90}` is `(metric: "accuracy", .absolute(.above(0.90)))`.
  public init(metric: MetricName, group: String? = nil, _ bound: Bound) {
    self.metric = metric
    self.group = group
    self.bound = bound
  }

  /// Whether the rule can be answered without a champion.
  public var isAbsolute: Bool {
    if case .absolute = bound { true } else { false }
  }
}

extension Trigger: Codable {
  private enum Key: String, CodingKey { case alert, alerts, schedule }
  private struct Alerts: Codable { var rule: String, count: Int, within: Span }
  private struct Schedule: Codable { var cron: String, timeZone: String }

  /// Reads one of `alert`, `alerts` and `schedule`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let rule = try container.decodeIfPresent(String.self, forKey: .alert) {
      self = .alert(rule: rule)
    } else if let alerts = try container.decodeIfPresent(Alerts.self, forKey: .alerts) {
      self = .alerts(rule: alerts.rule, count: alerts.count, within: alerts.within)
    } else {
      let schedule = try container.decode(Schedule.self, forKey: .schedule)
      self = .schedule(cron: schedule.cron, timeZone: schedule.timeZone)
    }
  }

  /// Writes one of `alert`, `alerts` and `schedule`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .alert(let rule): try container.encode(rule, forKey: .alert)
    case .alerts(let rule, let count, let span): try container.encode(Alerts(rule: rule, count: count, within: span), forKey: .alerts)
    case .schedule(let cron, let zone): try container.encode(Schedule(cron: cron, timeZone: zone), forKey: .schedule)
    }
  }
}

extension TrainSpecification: Codable {
  private enum Key: String, CodingKey { case command, directory, timeout, retries, pool }

  /// Reads the command beside its timeout, retries and pool; all must be there.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    trainer = .command(
      try container.decode([String].self, forKey: .command), directory: try container.decode(String.self, forKey: .directory))
    timeout = try container.decode(Span.self, forKey: .timeout)
    retries = try container.decode(Int.self, forKey: .retries)
    pool = try container.decode(String.self, forKey: .pool)
  }

  /// Writes the command beside its timeout, retries and pool.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch trainer {
    case .command(let command, let directory):
      try container.encode(command, forKey: .command)
      try container.encode(directory, forKey: .directory)
    }
    try container.encode(timeout, forKey: .timeout)
    try container.encode(retries, forKey: .retries)
    try container.encode(pool, forKey: .pool)
  }
}

extension GateRule: Codable {
  private enum Key: String, CodingKey { case metric, group }

  /// Reads `metric`, `group` and one bound. Throws `DecodingError`, also when there is no bound.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    metric = try container.decode(MetricName.self, forKey: .metric)
    group = try container.decodeIfPresent(String.self, forKey: .group)
    let members = try decoder.container(keyedBy: BoundKey.self)
    if let margin = try members.decodeIfPresent(Double.self, forKey: .notWorseThanChampionBy) {
      bound = .notWorseThanChampionBy(margin)
    } else if let limit = try MetricBound(in: members) {
      bound = .absolute(limit)
    } else {
      throw MetricBound.missing(members)
    }
  }

  /// Writes the metric, its group and its bound side by side.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(metric, forKey: .metric)
    try container.encodeIfPresent(group, forKey: .group)
    var members = encoder.container(keyedBy: BoundKey.self)
    switch bound {
    case .absolute(let limit): try limit.encode(in: &members)
    case .notWorseThanChampionBy(let margin): try members.encode(margin, forKey: .notWorseThanChampionBy)
    }
  }
}
