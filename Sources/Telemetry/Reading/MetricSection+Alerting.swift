internal import Lifecycle
internal import PostgreSQL

extension MetricSection {
  /// Open alerts, and messages that wait.
  static let alerting = [alerts, rules, channels]

  private static let alerts = MetricSection(
    name: "rules",
    query: { _ in
      """
      select rule, coalesce(monitor, ''), coalesce(endpoint, ''), severity, state, count(*), count(*) filter (where acknowledged_by is null),
        max(extract(epoch from clock_timestamp() - coalesce(raised_at, since_at)))::double precision
      from kedge.alert where state not in ('resolved', 'false_alarm') group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
      """
    },
    families: { rows, limits in
      var all = MetricFamily("kedge_alerts", .gauge, "Open alerts by state and severity.")
      var unseen = MetricFamily("kedge_alerts_unacknowledged", .gauge, "Open alerts that nobody has acknowledged, by severity.")
      var rules = MetricFamily("kedge_rule_alerts", .gauge, "Open alerts of a rule; a rule without any has no series.")
      var ages = MetricFamily("kedge_rule_alert_age_seconds", .gauge, "For how long the oldest open alert of a rule has been there.")
      var totals: [String: [String: Double]] = ["pending": [:], "firing": [:]]
      var unacknowledged: [String: Double] = [:]
      for (place, row) in rows.enumerated() {
        let (rule, monitor, endpoint, severity, state, count, unseen, age) = try row.decode(
          String.self, String.self, String.self, String.self, String.self, Int64.self, Int64.self, Double.self)
        totals[state, default: [:]][severity, default: 0] += Double(count)
        unacknowledged[severity, default: 0] += Double(unseen)
        guard place < limits.others else { continue }
        rules.add(Double(count), ["rule": rule, "monitor": monitor, "endpoint": endpoint, "severity": severity, "state": state])
        ages.add(max(0, age), ["rule": rule, "monitor": monitor, "endpoint": endpoint, "severity": severity, "state": state])
      }
      for (state, counts) in totals.sorted(by: { $0.key < $1.key }) {
        for severity in AlertSeverity.allCases { all.add(counts[severity.rawValue] ?? 0, ["state": state, "severity": severity.rawValue]) }
      }
      for severity in AlertSeverity.allCases { unseen.add(unacknowledged[severity.rawValue] ?? 0, ["severity": severity.rawValue]) }
      return ([all, unseen, rules, ages], rows.count > limits.others)
    })

  private static let rules = MetricSection(
    name: "rules_without_data",
    query: { limits in
      """
      select name, coalesce(monitor, ''), extract(epoch from no_data_since)::double precision,
        (select count(*) from kedge.silence where ended_at is null and until_at > clock_timestamp())
      from (select 1) one left join kedge.rule on no_data_since is not null order by name limit \(Int64(limits.others + 1))
      """
    },
    families: { rows, limits in
      var lost = MetricFamily(
        "kedge_rule_no_data_since_timestamp_seconds", .gauge, "Since when a rule has had no data, in seconds since 1970; a rule that has data has no series.")
      var silences = MetricFamily("kedge_silences", .gauge, "Silences that hold.")
      for (place, row) in rows.prefix(limits.others).enumerated() {
        let (name, monitor, since, count) = try row.decode(String?.self, String.self, Double?.self, Int64.self)
        if place == 0 { silences.add(Double(count)) }
        if let name, let since { lost.add(since, ["rule": name, "monitor": monitor]) }
      }
      return ([lost, silences], rows.count > limits.others)
    })

  private static let channels = MetricSection(
    name: "channels",
    query: { limits in
      """
      select c.name, (select count(*) from kedge.work w where w.stream = 'channel/' || c.name and w.kind = 'notify')
      from (select name from kedge.channel order by name limit \(Int64(limits.others + 1))) c
      """
    },
    families: { rows, limits in
      var waiting = MetricFamily("kedge_channel_messages_waiting", .gauge, "Messages of a channel that are not sent yet.")
      for row in rows.prefix(limits.others) {
        let (name, count) = try row.decode(String.self, Int64.self)
        waiting.add(Double(count), ["channel": name])
      }
      return ([waiting], rows.count > limits.others)
    })
}
