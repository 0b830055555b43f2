public import Foundation
public import Lifecycle
internal import Values

/// What has to be done: a row for each piece of work that follows from the log and is not done yet.
///
/// A row's id is derived from the event that asks for it and its kind, so that leases outlive a rebuild. Of rows with the same
/// `exclusive` key only the one with the smallest `sequence` can be claimed.
public struct WorkProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "work"
  /// The tables that it fills.
  public static let tables = ["work", "pool"]
  /// The categories of streams that it reads.
  public static let categories = ["monitor", "run", "deployment", "endpoint", "channel", "schedule", "pool", "alert", "rule", "silence"]

  /// As before the first event.
  public init() {}

  /// The stream of the monitor of Kedge itself, and the subject of the work that measures it.
  public static let health = "monitor/\(MonitorSpecification.kedge)"

  /// The id of a piece of work.
  public static func id(cause: UUID, kind: WorkKind) -> UUID { UUID(namespace: cause, name: "work/\(kind.rawValue)") }

  public mutating func changes(for record: FactRecord) throws -> [RowChange] {
    let stream = record.stream
    switch record.fact {
    case .poolDefined(let pool):
      return [.put("pool", key: ["name"], ["name": JSON(pool.name), "slots": JSON(pool.slots), "position": record.place])]
    case .poolRemoved: return [.delete("pool", where: ["name": JSON(record.name)])]

    case .monitorDefined: return ask(.watch, stream, record)
    // One piece of work for all rules on Kedge itself; whoever does it looks whether there are any.
    case .ruleDefined(let rule): return rule.monitor == MonitorSpecification.kedge ? ask(.watch, WorkProjection.health, record) : []
    case .monitorRemoved: return [.delete("work", where: ["stream": JSON(stream)])]
    case .windowFound(let fact):
      return ask(
        .measure, "\(stream)/\(fact.window)", record, data: try JSON(encoding: fact), exclusive: "\(stream)/input",
        sequence: fact.endAt.microseconds)
    case .labelsFound(let fact):
      return ask(.join, "\(stream)/\(fact.checksum)", record, data: try JSON(encoding: fact), exclusive: "\(stream)/quality")
    case .measurementRecorded(let fact):
      let subject = "\(stream)/\(fact.window.id)"
      guard fact.part == .input else { return [done(subject, .join)] }
      // Labels that were there before their window: they are joined now.
      guard fact.labelled > 0 else { return [done(subject, .measure)] }
      return [done(subject, .measure)]
        + ask(.join, subject, record, data: ["window": try JSON(encoding: fact.window)], exclusive: "\(stream)/quality")
    case .measurementFailed(let fact): return [done("\(stream)/\(fact.window.id)", fact.part == .input ? .measure : .join)]
    case .labelsJoined(let fact): return [done("\(stream)/\(fact.checksum)", .join)]

    case .runRequested(let fact):
      return ask(.train, stream, record, exclusive: "pipeline/\(fact.pipeline)", pool: fact.specification.train.pool)
    case .runStepFinished(let fact):
      return fact.step == .train ? [again(.evaluate, where: ["stream": JSON(stream)], at: record.at, record)] : []
    case .runFailed(let fact), .runTimedOut(let fact):
      guard let retry = fact.retryAt else { return [.delete("work", where: ["stream": JSON(stream)])] }
      return [again(fact.step == .train ? .train : .evaluate, where: ["stream": JSON(stream)], at: retry, record)]
    case .runSucceeded, .runCancelled: return [.delete("work", where: ["stream": JSON(stream)])]

    case .stageEntered(let fact):
      return deadline(DeploymentState.hold(fact.stage), at: record.at + fact.hold.duration, record)
    case .deadlineSet(let fact): return deadline(fact.name, at: fact.dueAt, record)
    case .silenceStarted(let fact): return deadline(SilenceState.deadline, at: fact.untilAt, record)
    case .alertResolved, .alertMarkedFalse, .ruleRemoved, .silenceEnded:
      return [.delete("work", where: ["stream": JSON(stream), "kind": JSON(WorkKind.deadline.rawValue)])]
    case .deadlinePassed(let fact): return [done("\(stream)/\(fact.name)", .deadline)]
    case .comparisonRequested(let fact):
      return ask(
        .compare, "\(stream)/\(fact.window.id)", record, data: try JSON(encoding: fact), exclusive: stream, sequence: fact.window.endAt.microseconds)
    case .analysisRecorded(let fact): return fact.kind == "paired" ? [done("\(stream)/\(fact.window.id)", .compare)] : []
    case .deploymentAborted, .deploymentRejected, .deploymentSuperseded, .deploymentRolledBack, .approvalVoided:
      return [.delete("work", where: ["stream": JSON(stream)])]

    case .trafficRequested: return ask(.traffic, stream, record)
    case .trafficMoved: return [done(stream, .traffic)]
    case .trafficMoveFailed(let fact):
      guard let retry = fact.retryAt else { return [done(stream, .traffic)] }
      return [again(.traffic, where: ["kind": "traffic", "subject": JSON(stream)], at: retry, record)]
    case .rolloutEnded(let fact): return fact.outcome == .completed ? [] : [done(stream, .traffic)]

    case .channelDefined(let channel):
      guard case .alertmanager = channel.kind else { return [done(stream, .resend)] }
      return ask(.resend, stream, record)
    case .channelRemoved: return [done(stream, .resend)]
    case .messageRequested(let fact), .messageRedriven(let fact):
      return ask(
        .notify, "\(stream)/\(fact.message.lowercased)", record, data: try JSON(encoding: fact), exclusive: fact.alert.map { "\(stream)/\($0)" })
    case .messageDelayed(let fact):
      return [again(.notify, where: ["kind": "notify", "subject": JSON("\(stream)/\(fact.message.lowercased)")], at: fact.retryAt, record)]
    case .messageSent(let fact): return [done("\(stream)/\(fact.message.lowercased)", .notify)]
    case .messageAbandoned(let fact): return [done("\(stream)/\(fact.message.lowercased)", .notify)]
    case .messageFolded(let fact): return [done("\(stream)/\(fact.message.lowercased)", .notify)]

    case .actionRequested(let fact):
      switch fact.declared.deed {
      case .command, .call: return ask(.act, "\(stream)/\(fact.action.lowercased)", record, data: try JSON(encoding: fact))
      case .retrain, .freeze, .rollBack: return []
      }
    case .actionFinished(let fact): return [done("\(stream)/\(fact.action.lowercased)", .act)]

    case .scheduleDefined(let fact):
      return fact.nextAt.map { ask(.schedule, stream, record, due: $0) } ?? [done(stream, .schedule)]
    case .scheduleDue(let fact):
      return fact.nextAt.map { ask(.schedule, stream, record, due: $0) } ?? [done(stream, .schedule)]
    case .scheduleRemoved: return [done(stream, .schedule)]
    default: return []
    }
  }

  /// A piece of work about `subject`, instead of an older one that was not done yet.
  private func ask(
    _ kind: WorkKind, _ subject: String, _ record: FactRecord, data: JSON = [:], exclusive: String? = nil, sequence: Int64? = nil,
    pool: String? = nil, due: Timestamp? = nil
  ) -> [RowChange] {
    let row: JSON = [
      "id": JSON(WorkProjection.id(cause: record.id, kind: kind)), "kind": JSON(kind.rawValue), "stream": JSON(record.stream),
      "subject": JSON(subject), "data": data, "exclusive": JSON(exclusive), "sequence": JSON(sequence ?? record.position ?? 0),
      "pool": JSON(pool), "due_at": JSON(due ?? record.at), "position": record.place, "created_at": record.time,
    ]
    return [done(subject, kind), .put("work", key: ["id"], row)]
  }

  private func deadline(_ name: String, at due: Timestamp, _ record: FactRecord) -> [RowChange] {
    ask(
      .deadline, "\(record.stream)/\(name)", record, data: ["name": JSON(name), "due_at": JSON(due), "cause": JSON(record.id)], due: due)
  }

  /// The same piece of work once more, as asked for by a later event: it keeps its place among those that exclude each other.
  private func again(_ kind: WorkKind, where key: JSON, at due: Timestamp, _ record: FactRecord) -> RowChange {
    .update(
      "work", where: key,
      [
        "id": JSON(WorkProjection.id(cause: record.id, kind: kind)), "kind": JSON(kind.rawValue), "due_at": JSON(due), "position": record.place,
      ])
  }

  private func done(_ subject: String, _ kind: WorkKind) -> RowChange {
    .delete("work", where: ["kind": JSON(kind.rawValue), "subject": JSON(subject)])
  }
}
