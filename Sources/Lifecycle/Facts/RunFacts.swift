public import Foundation
public import Values

/// Why a run was requested; `kind` in JSON.
public enum RunReason: Equatable, Sendable {
  case alert(AlertID, rule: String)
  case alerts([AlertID], rule: String)
  case schedule(String, dueAt: Timestamp)
  case person(String?)
  case stream(String)

  /// The word in JSON.
  public var kind: String {
    switch self {
    case .alert: "alert"
    case .alerts: "alerts"
    case .schedule: "schedule"
    case .person: "person"
    case .stream: "stream"
    }
  }
}

extension RunReason: Codable {
  private struct Form: Codable {
    var kind: String
    var alert: AlertID?
    var alerts: [AlertID]?
    var rule: String?
    var count: Int?
    var schedule: String?
    var dueAt: Timestamp?
    var reason: String?
    var stream: String?
  }

  /// Reads `{"kind", …}`. Throws `DecodingError` for an unknown kind, or one without what it needs.
  public init(from decoder: any Decoder) throws {
    let form = try Form(from: decoder)
    switch (form.kind, form) {
    case ("alert", let form) where form.alert != nil: self = .alert(form.alert!, rule: form.rule ?? "")
    case ("alerts", let form): self = .alerts(form.alerts ?? [], rule: form.rule ?? "")
    case ("schedule", let form) where form.dueAt != nil: self = .schedule(form.schedule ?? "", dueAt: form.dueAt!)
    case ("person", let form): self = .person(form.reason)
    case ("stream", let form): self = .stream(form.stream ?? "")
    default:
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\"\(form.kind)\" is no complete reason of a run"))
    }
  }

  /// Writes `{"kind", …}` and what the kind has.
  public func encode(to encoder: any Encoder) throws {
    var form = Form(kind: kind)
    switch self {
    case .alert(let alert, let rule):
      form.alert = alert
      form.rule = rule
    case .alerts(let alerts, let rule):
      form.alerts = alerts
      form.rule = rule
      form.count = alerts.count
    case .schedule(let name, let due):
      form.schedule = name
      form.dueAt = due
    case .person(let reason): form.reason = reason
    case .stream(let name): form.stream = name
    }
    try form.encode(to: encoder)
  }
}

/// A challenger is wanted.
public struct RunRequested: Codable, Equatable, Sendable {
  /// The model that is retrained.
  public var model: String
  /// The pipeline's name.
  public var pipeline: String
  /// What or who asked for it.
  public var reason: RunReason
  /// Handed to the commands as they are.
  public var parameters: [String: JSON]
  /// The pipeline as it was declared at that moment: a run is not changed under way.
  public var specification: PipelineSpecification
  /// Further causes, beside the one that the event itself names.
  public var because: [UUID]?

  /// Takes the values as they are; nothing is checked.
  public init(
    model: String, pipeline: String, reason: RunReason, parameters: [String: JSON] = [:], specification: PipelineSpecification, because: [UUID]? = nil
  ) {
    self.model = model
    self.pipeline = pipeline
    self.reason = reason
    self.parameters = parameters
    self.specification = specification
    self.because = because
  }
}

/// The two commands of a run.
public enum RunStep: String, Codable, Hashable, Sendable {
  case train, evaluate
}

/// A worker began an attempt.
public struct RunStarted: Codable, Equatable, Sendable {
  /// Which command.
  public var step: RunStep
  /// Counts from 1.
  public var attempt: Int
  /// The process that does it.
  public var worker: String

  /// Takes the values as they are; nothing is checked.
  public init(step: RunStep, attempt: Int, worker: String) {
    self.step = step
    self.attempt = attempt
    self.worker = worker
  }
}

/// A step ended well.
public struct RunStepFinished: Codable, Equatable, Sendable {
  /// Which command.
  public var step: RunStep
  /// From 1.
  public var attempt: Int
  /// The challenger that training made.
  public var version: VersionName?

  /// Takes the values as they are; nothing is checked.
  public init(step: RunStep, attempt: Int, version: VersionName?) {
    self.step = step
    self.attempt = attempt
    self.version = version
  }
}

/// An attempt failed. With `retryAt` the next follows then, without it the run has failed.
public struct RunFailed: Codable, Equatable, Sendable {
  /// Which command.
  public var step: RunStep
  /// From 1.
  public var attempt: Int
  /// What failed, for people.
  public var reason: String
  /// When the next attempt begins; nil when the run has failed.
  public var retryAt: Timestamp?
  /// The attachment that holds the last lines of output.
  public var lastLines: UUID?

  /// Takes the values as they are; nothing is checked.
  public init(step: RunStep, attempt: Int, reason: String, retryAt: Timestamp?, lastLines: UUID? = nil) {
    self.step = step
    self.attempt = attempt
    self.reason = reason
    self.retryAt = retryAt
    self.lastLines = lastLines
  }
}

/// Somebody called the run off.
public struct RunCancelled: Codable, Equatable, Sendable {
  /// What the person said; nil when nothing.
  public var reason: String?
  /// Takes the values as they are; nothing is checked.
  public init(reason: String?) { self.reason = reason }
}

/// The run ended well.
public struct RunSucceeded: Codable, Equatable, Sendable {
  /// The challenger that it made.
  public var version: VersionName
  /// Takes the values as they are; nothing is checked.
  public init(version: VersionName) { self.version = version }
}

/// One rule of a gate, applied.
public struct GateResult: Codable, Equatable, Sendable {
  /// The metric's name.
  public var metric: String
  /// `passed`, `failed`, `not_applicable` or `not_computable`.
  public var outcome: String
  /// Whether the outcome is `passed`; a rule that does not apply has not passed, and does not fail the gate either.
  public var passed: Bool
  /// The challenger's; nil when not computable.
  public var value: Double?
  /// What it is held against, for a rule on the champion the margin included; nil without a champion to compare with.
  public var limit: Double?
  /// The rule in words: `accuracy above 0.9`.
  public var rule: String

  /// Takes the values as they are; nothing is checked.
  public init(metric: String, outcome: String, passed: Bool, value: Double?, limit: Double?, rule: String) {
    self.metric = metric
    self.outcome = outcome
    self.passed = passed
    self.value = value
    self.limit = limit
    self.rule = rule
  }
}

/// Champion and challenger were compared on the same rows, and the gate was applied, by Kedge and not by the trainer.
public struct RunEvaluated: Codable, Equatable, Sendable {
  /// The model that was retrained.
  public var model: String
  /// The pipeline's name.
  public var pipeline: String
  /// The version it was compared with; nil when there was none.
  public var champion: VersionName?
  /// The version that the run made.
  public var challenger: VersionName
  /// Rows compared.
  public var rows: Int
  /// By arm: `champion`, `challenger`.
  public var metrics: [String: [String: Double]]
  /// By arm: the 95 % confidence interval of each metric that has one, low and high.
  public var intervals: [String: [String: [Double]]]?
  /// Challenger minus champion, with 95 % confidence interval: value, low, high.
  public var difference: [String: [Double]]
  /// One for each rule, in the pipeline's order.
  public var gate: [GateResult]
  /// Whether every rule that applies passed, and at least one of them needs no champion.
  public var passed: Bool
  /// The endpoint the pipeline deploys to.
  public var deploy: String?

  /// Takes the values as they are; nothing is checked.
  public init(
    model: String, pipeline: String, champion: VersionName?, challenger: VersionName, rows: Int, metrics: [String: [String: Double]],
    difference: [String: [Double]], gate: [GateResult], passed: Bool, deploy: String?, intervals: [String: [String: [Double]]]? = nil
  ) {
    self.model = model
    self.pipeline = pipeline
    self.champion = champion
    self.challenger = challenger
    self.rows = rows
    self.metrics = metrics
    self.intervals = intervals
    self.difference = difference
    self.gate = gate
    self.passed = passed
    self.deploy = deploy
  }
}
