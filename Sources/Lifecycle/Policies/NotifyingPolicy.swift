internal import Foundation
public import Values

/// Alerts into messages to the channels of their rule.
public struct NotifyingPolicy: Policy {
  /// Names its checkpoint, for good.
  public static let name = "notifying"

  private var open = Keyed<AlertRaised>()

  /// As before the first event.
  public init() {}

  public mutating func restore(key: String, entry: JSON) throws { try open.restore(key: split(key: key).rest, entry: entry) }

  public mutating func takeChanges() throws -> [String: JSON] { try open.takeChanges(prefix: "alert/") }

  public mutating func react(to record: FactRecord) -> [Command] {
    guard let id = AlertID(stream: record.stream) else { return [] }
    let key = id.description
    switch record.fact {
    case .alertRaised(let fact):
      open[key] = fact
      return messages(record, id, fact, state: "firing", verb: "fires", note: nil)
    case .alertEscalated(let fact):
      open[key]?.subject.severity = fact.severity
      return open[key].map { messages(record, id, $0, state: "escalated", verb: "is \(fact.severity) now", note: fact.reason) } ?? []
    case .alertResolved(let fact):
      defer { open[key] = nil }
      return open[key].map { messages(record, id, $0, state: "resolved", verb: "is resolved", note: fact.reason) } ?? []
    case .alertMarkedFalse(let fact):
      defer { open[key] = nil }
      return open[key].map { messages(record, id, $0, state: "false_alarm", verb: "was a false alarm", note: fact.reason) } ?? []
    default: return []
    }
  }

  private func messages(_ record: FactRecord, _ id: AlertID, _ alert: AlertRaised, state: String, verb: String, note: String?) -> [Command] {
    let subject = alert.subject
    let about = subject.monitor ?? subject.endpoint ?? subject.model ?? "kedge"
    var fields = [MessageRequested.Field("condition", alert.condition), .init("since", alert.sinceAt.description)]
    if let value = alert.value { fields.insert(.init("value", JSON(value).description), at: 1) }
    if let model = subject.model { fields.append(.init("model", model)) }
    if !alert.driftedColumns.isEmpty {
      let shown = alert.driftedColumns.prefix(10).joined(separator: ", ")
      let rest = alert.driftedColumns.count - 10
      fields.append(.init("drifted", rest > 0 ? "\(shown) and \(rest) more" : shown))
    }
    let short = id.description.prefix(8)
    return subject.notify.map { channel in
      .requestMessage(
        channel: channel,
        MessageRequested(
          message: UUID(namespace: record.id, name: "message/\(channel)"), alert: id, state: state, severity: subject.severity,
          title: "\(subject.rule) \(verb) on \(about)", text: note ?? "\(alert.condition) since \(alert.sinceAt)", fields: fields,
          command: state == "firing" || state == "escalated" ? "kedge describe alert \(short); kedge ack \(short)" : "kedge why alert \(short)"))
    }
  }
}
