internal import Foundation
public import Values

/// Alerts and schedules into runs, never two of one pipeline at once.
public struct RetrainingPolicy: Policy {
  public static let name = "retraining"

  /// A pipeline and what is under way of it.
  struct Pipeline: Codable, Equatable, Sendable {
    var specification: PipelineSpecification
    var active: [RunID] = []
    /// For each rule of which several alerts are counted, the alerts of late.
    var counted: [String: [Counted]] = [:]
  }

  /// An alert that counts towards a run.
  struct Counted: Codable, Equatable, Sendable {
    var alert: AlertID
    var event: UUID
    var at: Timestamp
  }

  private var pipelines = Keyed<Pipeline>()

  public init() {}

  public mutating func restore(key: String, entry: JSON) throws { try pipelines.restore(key: split(key: key).rest, entry: entry) }

  public mutating func takeChanges() throws -> [String: JSON] { try pipelines.takeChanges(prefix: "pipeline/") }

  public mutating func react(to record: FactRecord) -> [Command] {
    switch record.fact {
    case .pipelineDefined(let specification):
      var pipeline = pipelines[specification.name] ?? Pipeline(specification: specification)
      pipeline.specification = specification
      pipelines[specification.name] = pipeline
    case .pipelineRemoved: pipelines[record.name] = nil
    case .runRequested(let request):
      if let id = RunID(stream: record.stream) { pipelines[request.pipeline]?.active.append(id) }
    case .runSucceeded, .runCancelled: finish(record)
    case .runFailed(let fact), .runTimedOut(let fact): if fact.retryAt == nil { finish(record) }
    case .alertRaised(let fact):
      guard let alert = AlertID(stream: record.stream) else { return [] }
      return pipelines.entries.keys.sorted().compactMap { request($0, alert, fact, record) }
    case .scheduleDue(let fact):
      guard let pipeline = pipelines[fact.pipeline] else { return [] }
      if let active = pipeline.active.last {
        return [.skipSchedule(record.name, ScheduleSkipped(dueAt: fact.dueAt, reason: "run \(active) of \(fact.pipeline) is still under way"))]
      }
      return [start(pipeline, .schedule(record.name, dueAt: fact.dueAt), record)]
    default: break
    }
    return []
  }

  private mutating func finish(_ record: FactRecord) {
    guard let id = RunID(stream: record.stream) else { return }
    for (name, pipeline) in pipelines.entries where pipeline.active.contains(id) { pipelines[name]?.active.removeAll { $0 == id } }
  }

  private mutating func request(_ name: String, _ alert: AlertID, _ fact: AlertRaised, _ record: FactRecord) -> Command? {
    guard var pipeline = pipelines[name] else { return nil }
    defer { pipelines[name] = pipeline }
    for trigger in pipeline.specification.trigger {
      switch trigger {
      case .alert(fact.subject.rule):
        guard pipeline.active.isEmpty else { continue }
        return start(pipeline, .alert(alert, rule: fact.subject.rule), record)
      case .alerts(fact.subject.rule, let count, let within):
        var recent = pipeline.counted[fact.subject.rule, default: []].filter { record.at - $0.at <= within.duration }
        recent.append(Counted(alert: alert, event: record.id, at: record.at))
        pipeline.counted[fact.subject.rule] = Array(recent.suffix(max(count, 1)))
        guard recent.count >= count, pipeline.active.isEmpty else { continue }
        pipeline.counted[fact.subject.rule] = []
        return start(pipeline, .alerts(recent.map(\.alert), rule: fact.subject.rule), record, because: recent.dropLast().map(\.event))
      default: continue
      }
    }
    return nil
  }

  private func start(_ pipeline: Pipeline, _ reason: RunReason, _ record: FactRecord, because: [UUID] = []) -> Command {
    let specification = pipeline.specification
    return .requestRun(
      RunID(cause: record.id, policy: RetrainingPolicy.name, name: specification.name),
      RunRequested(
        model: specification.model, pipeline: specification.name, reason: reason, parameters: specification.parameters,
        specification: specification, because: because.isEmpty ? nil : because))
  }
}
