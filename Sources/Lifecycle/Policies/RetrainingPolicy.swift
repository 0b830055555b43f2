internal import Foundation
public import Values

/// Alerts and schedules into runs, never two of one pipeline at once.
public struct RetrainingPolicy: Policy {
  /// Names its checkpoint, for good.
  public static let name = "retraining"

  /// A pipeline and what is under way of it.
  struct Pipeline: Codable, Equatable, Sendable {
    /// Nil once it is removed: it stays known while runs of it are under way.
    var specification: PipelineSpecification?
    var active: [RunID] = []
    /// For each trigger that counts alerts, the alerts of late.
    var counted: [String: [Counted]] = [:]
  }

  /// An alert that counts towards a run.
  struct Counted: Codable, Equatable, Sendable {
    var alert: AlertID
    var event: UUID
    var at: Timestamp
  }

  private var pipelines = Keyed<Pipeline>()

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws { try pipelines.restore(key: split(key: key).rest, entry: entry) }

  public mutating func takeChanges() throws -> [String: JSON] { try pipelines.takeChanges(prefix: "pipeline/") }

  public mutating func react(to record: FactRecord) -> [Command] {
    switch record.fact {
    case .pipelineDefined(let specification):
      pipelines[specification.name, default: Pipeline()].specification = specification
    case .pipelineRemoved:
      pipelines[record.name]?.specification = nil
      forgetIfOver(record.name)
    case .runRequested(let request):
      if let id = RunID(stream: record.stream), pipelines[request.pipeline]?.active.contains(id) == false {
        pipelines[request.pipeline]?.active.append(id)
      }
    case .runSucceeded, .runCancelled: finish(record)
    case .runFailed(let fact), .runTimedOut(let fact): if fact.retryAt == nil { finish(record) }
    case .alertRaised(let fact):
      guard let alert = AlertID(stream: record.stream) else { return [] }
      return pipelines.entries.keys.sorted().compactMap { request($0, alert, fact, record) }
    case .actionRequested(let fact):
      guard case .retrain(let name) = fact.declared.deed, let alert = AlertID(stream: record.stream), pipelines[name]?.active.isEmpty == true else { return [] }
      return [start(name, .alert(alert, rule: fact.rule), record)].compactMap { $0 }
    case .scheduleDue(let fact):
      guard let pipeline = pipelines[fact.pipeline], pipeline.specification != nil else { return [] }
      if let active = pipeline.active.last {
        return [.skipSchedule(record.name, ScheduleSkipped(dueAt: fact.dueAt, reason: "run \(active) of \(fact.pipeline) is still under way"))]
      }
      return [start(fact.pipeline, .schedule(record.name, dueAt: fact.dueAt), record)].compactMap { $0 }
    default: break
    }
    return []
  }

  private mutating func finish(_ record: FactRecord) {
    guard let id = RunID(stream: record.stream) else { return }
    for (name, pipeline) in pipelines.entries where pipeline.active.contains(id) {
      pipelines[name]?.active.removeAll { $0 == id }
      forgetIfOver(name)
    }
  }

  private mutating func forgetIfOver(_ name: String) {
    if let pipeline = pipelines[name], pipeline.specification == nil, pipeline.active.isEmpty { pipelines[name] = nil }
  }

  /// Counts the alert for every trigger that counts alerts of its rule, and starts a run by the first trigger that asks for one.
  private mutating func request(_ name: String, _ alert: AlertID, _ fact: AlertRaised, _ record: FactRecord) -> Command? {
    guard var pipeline = pipelines[name], let specification = pipeline.specification else { return nil }
    let rule = fact.subject.rule
    var reason: (RunReason, because: [UUID])?
    for trigger in specification.trigger where trigger.rule == rule {
      guard case .alerts(_, let count, let within) = trigger else {
        reason = reason ?? (.alert(alert, rule: rule), [])
        continue
      }
      let key = "\(rule) \(count) \(within)"
      let recent = (pipeline.counted[key, default: []] + [Counted(alert: alert, event: record.id, at: record.at)])
        .filter { record.at - $0.at <= within.duration }.suffix(max(count, 1))
      pipeline.counted[key] = Array(recent)
      guard recent.count >= count, pipeline.active.isEmpty, reason == nil else { continue }
      pipeline.counted[key] = []
      reason = (.alerts(recent.map(\.alert), rule: rule), recent.dropLast().map(\.event))
    }
    pipelines[name] = pipeline
    guard pipeline.active.isEmpty, let reason else { return nil }
    return start(name, reason.0, record, because: reason.because)
  }

  /// Asks for a run, which is under way from now on: its request comes back only after what is already in the log.
  private mutating func start(_ name: String, _ reason: RunReason, _ record: FactRecord, because: [UUID] = []) -> Command? {
    guard let specification = pipelines[name]?.specification else { return nil }
    let run = RunID(cause: record.id, policy: RetrainingPolicy.name, name: name)
    pipelines[name]?.active.append(run)
    return .requestRun(
      run,
      RunRequested(
        model: specification.model, pipeline: name, reason: reason, parameters: specification.parameters, specification: specification,
        because: because.isEmpty ? nil : because))
  }
}
