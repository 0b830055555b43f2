public import Lifecycle
internal import Values

/// Pipelines, runs and evaluations.
public struct RunsProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "runs"
  /// The tables that it fills.
  public static let tables = ["pipeline", "run", "evaluation"]
  /// The categories of streams that it reads.
  public static let categories = ["pipeline", "run"]

  /// As before the first event.
  public init() {}

  public mutating func changes(for record: FactRecord) throws -> [RowChange] {
    let key: JSON = ["id": JSON(record.name)]
    switch record.fact {
    case .pipelineDefined(let pipeline):
      return [
        .put(
          "pipeline", key: ["name"],
          [
            "name": JSON(pipeline.name), "model": JSON(pipeline.model), "specification": try JSON(encoding: pipeline),
            "defined_at": record.time, "position": record.place,
          ])
      ]
    case .pipelineRemoved: return [.delete("pipeline", where: ["name": JSON(record.name)])]
    case .runRequested(let fact):
      return [
        .put(
          "run", key: ["id"],
          [
            "id": JSON(record.name), "model": JSON(fact.model), "pipeline": JSON(fact.pipeline), "state": "requested",
            "reason": try JSON(encoding: fact.reason), "parameters": try JSON(encoding: fact.parameters), "attempt": 0,
            "requested_by": JSON(record.actor), "requested_at": record.time, "position": record.place,
          ])
      ]
    case .runStarted(let fact):
      return [
        .update(
          "run", where: key,
          [
            "state": JSON(fact.step == .train ? "running" : "evaluating"), "attempt": JSON(fact.attempt), "worker": JSON(fact.worker),
            "started_at": record.time, "retry_at": nil,
          ])
      ]
    case .runStepFinished(let fact):
      guard fact.step == .train else { return [] }
      return [.update("run", where: key, ["state": "evaluating", "version": JSON(fact.version), "failure": nil, "last_lines": nil])]
    case .runFailed(let fact): return [end(key, fact, "failed", record)]
    case .runTimedOut(let fact): return [end(key, fact, "timed_out", record)]
    case .runCancelled(let fact):
      return [.update("run", where: key, ["state": "cancelled", "failure": JSON(fact.reason), "finished_at": record.time])]
    case .runSucceeded(let fact):
      return [.update("run", where: key, ["state": "succeeded", "version": JSON(fact.version), "finished_at": record.time])]
    case .runEvaluated(let fact):
      return [
        .put(
          "evaluation", key: ["run"],
          [
            "run": JSON(record.name), "model": JSON(fact.model), "pipeline": JSON(fact.pipeline), "champion": JSON(fact.champion),
            "challenger": JSON(fact.challenger), "rows": JSON(fact.rows), "metrics": try JSON(encoding: fact.metrics),
            "intervals": try JSON(encoding: fact.intervals ?? [:]),
            "difference": try JSON(encoding: fact.difference), "gate": try JSON(encoding: fact.gate), "passed": .bool(fact.passed),
            "evaluated_at": record.time, "position": record.place,
          ])
      ]
    default: return []
    }
  }

  private func end(_ key: JSON, _ fact: RunFailed, _ state: String, _ record: FactRecord) -> RowChange {
    let failed: JSON = ["failure": JSON(fact.reason), "last_lines": fact.lastLines.map { JSON($0) } ?? .null]
    guard let retry = fact.retryAt else { return .update("run", where: key, failed.adding(["state": JSON(state), "finished_at": record.time])) }
    return .update("run", where: key, failed.adding(["retry_at": JSON(retry)]).adding(fact.step == .train ? ["state": "requested"] : [:]))
  }
}

extension JSON {
  /// This object with the members of another.
  func adding(_ other: JSON) -> JSON {
    var sum = self
    for (key, value) in other.object?.members ?? [] { sum[key] = value }
    return sum
  }
}
