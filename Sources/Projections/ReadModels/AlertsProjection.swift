public import Lifecycle
internal import Values

/// Alert rules and alerts.
public struct AlertsProjection: Projection {
  /// Names its checkpoint, for good.
  public static let name = "alerts"
  /// The tables that it fills.
  public static let tables = ["rule", "alert"]
  /// The categories of streams that it reads.
  public static let categories = ["rule", "alert"]

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
      return [.put("alert", key: ["id"], row)]
    case .alertEscalated(let fact): return [.update("alert", where: key, ["severity": JSON(fact.severity)])]
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
      "model": JSON(subject.model), "metric": JSON(subject.metric), "severity": JSON(subject.severity), "position": record.place,
    ]
  }
}
