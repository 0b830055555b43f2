public import Lifecycle
internal import Values

/// Alert rules, alerts and silences.
public struct AlertsProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "alerts"
  /// The tables that it fills.
  public static let tables = ["rule", "alert", "silence"]
  /// The categories of streams that it reads.
  public static let categories = ["rule", "alert", "silence"]

  /// As before the first event.
  public init() {}

  public mutating func changes(for record: FactRecord) throws -> [RowChange] {
    let key: JSON = ["id": JSON(record.name)]
    switch record.fact {
    case .ruleDefined(let rule):
      return [
        .put(
          "rule", key: ["name"],
          [
            "name": JSON(rule.name), "monitor": JSON(rule.monitor), "specification": try JSON(encoding: rule), "defined_at": record.time,
            "position": record.place,
          ])
      ]
    case .ruleRemoved: return [.delete("rule", where: ["name": JSON(record.name)])]
    case .alertPending(let fact):
      var row = subject(fact.subject, record)
      row["state"] = "pending"
      row["value"] = JSON(fact.value)
      row["condition"] = JSON(fact.condition)
      row["since_at"] = JSON(fact.sinceAt)
      return [.put("alert", key: ["id"], row)]
    case .alertRaised(let fact):
      var row = subject(fact.subject, record)
      row["state"] = "firing"
      row["value"] = JSON(fact.value)
      row["condition"] = JSON(fact.condition)
      row["since_at"] = JSON(fact.sinceAt)
      row["raised_at"] = record.time
      row["drifted_columns"] = JSON(fact.driftedColumns)
      row["flapping"] = JSON(fact.flapping.map(Int64.init))
      return [.put("alert", key: ["id"], row)]
    case .alertEscalated(let fact): return [.update("alert", where: key, ["severity": JSON(fact.severity)])]
    case .alertEased(let fact): return [.update("alert", where: key, ["severity": JSON(fact.severity)])]
    case .alertRecovering(let fact): return [.update("alert", where: key, ["recovering_since": JSON(fact.sinceAt)])]
    case .alertRelapsed: return [.update("alert", where: key, ["recovering_since": nil])]
    case .ruleDataLost(let fact): return [.update("rule", where: ["name": JSON(record.name)], ["no_data_since": JSON(fact.sinceAt)])]
    case .ruleDataReturned: return [.update("rule", where: ["name": JSON(record.name)], ["no_data_since": nil])]
    case .silenceStarted(let fact):
      return [
        .put(
          "silence", key: ["id"],
          [
            "id": JSON(record.name), "monitor": JSON(fact.matching.monitor), "rule": JSON(fact.matching.rule), "model": JSON(fact.matching.model),
            "started_at": record.time, "until_at": JSON(fact.untilAt), "started_by": JSON(record.actor), "reason": JSON(fact.reason),
            "position": record.place,
          ])
      ]
    case .silenceEnded: return [.update("silence", where: key, ["ended_at": record.time, "ended_by": JSON(record.actor)])]
    case .alertAcknowledged:
      return [.update("alert", where: key, ["acknowledged_by": JSON(record.actor), "acknowledged_at": record.time])]
    case .alertResolved(let fact):
      return [.update("alert", where: key, ["state": "resolved", "resolved_at": record.time, "reason": JSON(fact.reason)])]
    case .alertMarkedFalse(let fact):
      return [.update("alert", where: key, ["state": "false_alarm", "resolved_at": record.time, "reason": JSON(fact.reason)])]
    default: return []
    }
  }

  private func subject(_ subject: AlertSubject, _ record: FactRecord) -> JSON {
    [
      "id": JSON(record.name), "rule": JSON(subject.rule), "monitor": JSON(subject.monitor), "endpoint": JSON(subject.endpoint),
      "model": JSON(subject.model), "metric": JSON(subject.metric), "series": JSON(subject.series), "severity": JSON(subject.severity),
      "position": record.place,
    ]
  }
}
