import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// Rules on everything that is measured, from the file that declares them to the alert.
@Suite struct RuleTests {
  /// A rule, and what its alerts are about: columns, groups or versions; nil where the rule has no star.
  private static let rules: [(name: String, monitor: String, when: String, series: [String?])] = [
    ("groups-drifted", "judge-live", "{metric: segment.*.drift.share, above: 0.4}", ["large", "small"]),
    ("column-drifted", "judge-live", "{metric: column.x.effect, above: 0.25}", [nil]),
    ("estimate-rose", "judge-live", "{metric: estimated_accuracy, change: {above: 0.02, windows: 1}}", [nil]),
    ("old-data", "judge-live", "{metric: lateness, above: 86400}", [nil]),
    ("unreadable", "judge-live", "{outcome: measurement_failed}", [nil]),
    ("toxic", "posted", "{all: [{metric: posted.toxicity, above: 0.5}, {metric: rows, above: 5}]}", [nil]),
    ("changed", "posted", "{metric: posted.level, detector: {name: page_hinkley, threshold: 5}}", [nil]),
    ("nobody-works", "kedge", "{metric: kedge.idle_roles, at_least: 1}", [nil]),
  ]

  @Test func `rules on groups, estimates, lateness, failures, what others post, detectors and Kedge itself raise alerts`() async throws {
    try await Scenario.run { scenario in
      try scenario.write("reference.csv", MeasuringTests.reference())
      let rules = Self.rules.map { "kind: AlertRule\nname: \($0.name)\nmonitor: \($0.monitor)\nwhen: \($0.when)\nfor: 1\nkeep_firing: 1d\n" }
      let posted = "kind: Monitor\nname: posted\nmodel: judge\nwindow: {measurements: true}\n"
      try scenario.write("kedge.yaml", ([MeasuringTests.declarations, posted] + rules).joined(separator: "\n---\n"))
      // No trainer, no deployer, no notifier.
      try scenario.worker("projector,scheduler,measurer")
      let applied = try await scenario.kedge("apply", "-f", "kedge.yaml")
      #expect(applied.status == 0, "\(applied.err)")
      try scenario.write("incoming/a.csv", MeasuringTests.rows(800, "a", seed: 2).window)
      try await scenario.waitFor("the first window", sql: "select 1 from kedge.measurement where monitor = 'judge-live'")
      try scenario.write("incoming/b.csv", MeasuringTests.rows(800, "b", shift: 2, seed: 3).window)
      try scenario.write("incoming/c.csv", MeasuringTests.rows(200, "c", seed: 4).window.replacing(",x,", with: ",z,"))
      // What others measured, appended as any language may.
      let windows = (0..<60).map { hour -> JSON in
        let end = Timestamp("2026-11-01T00:00:00Z")! + .seconds(Int64(hour) * 3600)
        return [
          "type": "measurement_recorded",
          "data": [
            "window": ["id": JSON(UUID().uuidString.lowercased()), "start_at": JSON(end - .seconds(3600)), "end_at": JSON(end), "source": "mine"],
            "part": "input", "rows": 9, "drift": .null, "schema_changes": [], "columns": [], "intervals": [:], "by_version": [:], "late": false,
            "inconclusive": false, "labelled": 0, "metrics": ["toxicity": hour == 59 ? 0.9 : 0.1, "level": hour < 40 ? 0 : 2],
          ],
        ]
      }
      try await scenario.client.query("select kedge.append('monitor/posted', -1, \(JSON.array(windows)), 'a notebook')")
      for (name, _, _, series) in Self.rules {
        let wanted = series.map { $0 ?? "" }.joined(separator: ",")
        try await scenario.waitFor(
          "the alerts of \(name)",
          sql: "select 1 from kedge.alert where rule = \(name) and state = 'firing' having string_agg(coalesce(series, ''), ',' order by series) = \(wanted)")
      }
      let idle = try await scenario.kedge("get", "alerts", "nobody-works", "-o", "json").json()["items"]?[0]
      #expect(idle?["value"] == 3 && idle?["condition"] == "kedge.idle_roles at least 1" && idle?["model"]?.isNull == true)
      let measured = try await scenario.kedge("get", "measurements", "kedge", "-o", "json").json()["items"]?[0]?["metrics"]?.object?.members.map(\.key) ?? []
      #expect(Set(measured).isSuperset(of: ["lag_seconds", "ready_work", "idle_roles", "database_bytes"]))
      let changed = try await scenario.kedge("get", "alerts", "changed", "-o", "json").json()["items"]?[0]
      #expect(changed?["condition"] == "page_hinkley finds a change of posted.level")
      try await scenario.verify()
    }
  }
}
