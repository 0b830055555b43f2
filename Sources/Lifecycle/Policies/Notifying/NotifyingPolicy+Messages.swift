internal import Foundation
internal import Values

/// What messages say: what, how bad, since when, and the command to type next.
extension NotifyingPolicy {
  /// Messages about one alert.
  /// - Parameters:
  ///   - id: whose messages they are among; another one than the alert's own in a group.
  ///   - channels: those that are told; nil: those of the alert.
  mutating func messages(about id: AlertID, _ alert: Open, _ news: News, _ record: FactRecord, to channels: [String]? = nil) -> [Command] {
    let subject = alert.subject
    let raised = alert.raised
    var fields = [MessageRequested.Field("condition", raised.condition), .init("since", raised.sinceAt.description)]
    if let value = raised.value { fields.insert(.init("value", JSON(value).description), at: 1) }
    if let model = subject.model { fields.append(.init("model", model)) }
    if !raised.driftedColumns.isEmpty {
      let shown = raised.driftedColumns.prefix(10).joined(separator: ", ")
      let rest = raised.driftedColumns.count - 10
      fields.append(.init("drifted", rest > 0 ? "\(shown) and \(rest) more" : shown))
    }
    if let count = raised.flapping { fields.append(.init("flapping", "\(count) alerts of late; it fires on until it has been calm")) }
    fields += response(to: alert, news, record)
    return send(
      about: id, raised, to: channels ?? subject.notify, record, state: news.state, severity: subject.severity,
      title: "\(subject.rule) \(news.verb) on \(subject.place)", text: news.note ?? "\(raised.condition) since \(raised.sinceAt)", fields: fields)
  }

  /// What was done about an alert, or what its rule and the pipelines are about to do.
  private func response(to alert: Open, _ news: News, _ record: FactRecord) -> [MessageRequested.Field] {
    if !alert.done.isEmpty { return [.init("done", alert.done.joined(separator: "; "))] }
    guard news.state == "firing", let severity = AlertSeverity(rawValue: alert.subject.severity) else { return [] }
    let actions = (rules[alert.subject.rule]?.actions ?? []).filter { severity >= $0.severity && $0.hours?.contains(record.at) != false }
    let pipelines = retrained.entries.filter { $0.value.contains(alert.subject.rule) }.keys.sorted()
    let deeds = actions.map(\.deed.description) + pipelines.map { AlertAction.Deed.retrain(pipeline: $0).description }
    return deeds.isEmpty ? [] : [.init("response", deeds.joined(separator: "; "))]
  }

  /// One message about several alerts.
  mutating func messages(about id: AlertID, _ alerts: [Open], state: String, _ record: FactRecord) -> [Command] {
    guard let first = alerts.first else { return [] }
    let places = alerts.map(\.subject.place)
    let common = Set(places).count == 1 ? places.first ?? "" : alerts.lazy.compactMap(\.subject.model).first ?? "several monitors"
    let severity = alerts.compactMap { AlertSeverity(rawValue: $0.subject.severity) }.max() ?? .warning
    let names = alerts.map { "\($0.subject.rule)\(Set(places).count == 1 ? "" : " on \($0.subject.place)")" }
    let shown = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
    return send(
      about: id, first.raised, to: first.subject.notify, record, state: state, severity: severity.rawValue,
      title: "\(alerts.count) alerts \(state == "firing" ? "fire" : "are over") on \(common)", text: shown,
      fields: alerts.prefix(10).map { .init($0.subject.rule, "\($0.raised.condition) since \($0.raised.sinceAt)") })
  }

  private mutating func send(
    about id: AlertID, _ raised: AlertRaised, to channels: [String], _ record: FactRecord, state: String, severity: String, title: String, text: String,
    fields: [MessageRequested.Field]
  ) -> [Command] {
    let short = id.description.prefix(8)
    // What one event gives rise to about several alerts needs several names.
    let suffix = record.stream == id.stream ? "" : "/\(id)"
    let former = (open[id.description]?.severitiesTold ?? []).filter { $0 != severity }
    open[id.description]?.severitiesTold = former + [severity]
    var about = raised
    about.subject.severity = severity
    about.because = nil
    let isOpen = ["firing", "escalated", "eased"].contains(state)
    return channels.map { channel in
      .requestMessage(
        channel: channel,
        MessageRequested(
          message: UUID(namespace: record.id, name: "message/\(channel)\(suffix)"), alert: id, state: state, severity: severity, title: title, text: text,
          fields: fields, command: isOpen ? "kedge describe alert \(short); kedge ack \(short)" : "kedge why alert \(short)", about: about,
          formerSeverities: former.isEmpty ? nil : former, at: record.at))
    }
  }
}

extension AlertSubject {
  /// What it is about, in words.
  fileprivate var place: String {
    let place = monitor ?? endpoint ?? model ?? "kedge"
    return series.map { "\(place): \($0)" } ?? place
  }
}
