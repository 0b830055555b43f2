import Declarations
import Lifecycle
import Testing

/// Rules as people write them, and what they read when one is wrong.
@Suite struct AlertRuleFileTests {
  static let everything = """
    kind: AlertRule
    name: r
    monitor: m
    when:
      all:
        - {metric: column.*.score, below: 0.01}
        - any:
            - {metric: rows, change: {below: -0.5, windows: 5, relative: true}}
            - {metric: mean_confidence, seasonal: {above: 0.1, period: week, periods: 2}}
            - {metric: mean_confidence, trend: {below: -0.01, windows: 24}}
            - {metric: mean_confidence, deviation: {above: 3, windows: 50}}
            - {metric: mean_confidence, quantile: {above: 0.99, windows: 100}}
            - {metric: segment.*.drift.share, above: 0.5}
            - {metric: posted.toxicity, above: 0.5}
    for: 3 of 5
    resolve_after: 2h
    keep_firing: 1h
    cooldown: 6h
    minimum_rows: 50
    no_data: {after: 3h}
    severity: info
    levels: [{at_least: 0.5, severity: critical}]
    escalate: {after: 30m, notify: [pager]}
    flapping: {count: 4, within: 1d}
    maintenance: [{cron: "0 2 * * 0", for: 2h, time_zone: Europe/Berlin}]
    inhibited_by: [dead]
    group: {by: model, wait: 2m}
    notify: [ops]
    actions:
      - {freeze: prod, at_most_a_day: 2, severity: critical, hours: {between: "08:00-18:00", time_zone: Europe/Berlin}}
      - {retrain: p}
      - {rollback: prod}
      - {command: [sh, -c, "echo x"]}
      - {call: "https://example.com/hook"}
    """

  @Test func `a rule with everything is read, and printed so that it reads back`() throws {
    let parsed = try parse(Self.everything)
    guard case .rule(let rule)? = parsed.first else { return }
    #expect(rule.for == .share(3, of: 5) && rule.resolveAfter == .time(.hours(2)))
    #expect(rule.noData == NoDataRule(after: .hours(3), then: .alert) && rule.escalate?.severity == .critical)
    #expect(
      rule.when.comparisons.map(\.basis).dropFirst() == [
        .change(windows: 5, relative: true), .seasonal(.week, periods: 2, relative: false), .trend(windows: 24), .deviation(windows: 50),
        .quantile(windows: 100), .value, .value,
      ])
    #expect(rule.actions.count == 5 && rule.actions[0].hours?.timeZone == "Europe/Berlin")
    #expect(try parse(DeclarationFile.print(parsed)) == parsed)
  }

  @Test func `a rule about data or endings is read`() throws {
    func when(_ text: String) throws -> AlertCondition? {
      guard case .rule(let rule)? = try parse("kind: AlertRule\nname: r\nmonitor: m\nwhen: \(text)\n").first else { return nil }
      return rule.when
    }
    #expect(try when("{no_data: 3h}") == .noData(.hours(3)))
    #expect(try when("{outcome: run_failed}") == .outcome(.runFailed))
    #expect(try when("{outcome: measurement_failed}") == .outcome(.measurementFailed))
  }

  @Test(
    arguments: [
      ("{metric: drift.share, at_least: 0.2}", 3, 2), ("{metric: drift.columns, change: {above: 3, windows: 5}}", 3, 2),
      ("{metric: column.*.score, below: 0.01}", 3, 2), ("{metric: segment.*.drift.share, above: 0.5}", 3, 2),
      ("{any: [{metric: rows, below: 10}, {metric: drift.share, at_least: 0.2}]}", 3, 2), ("{metric: drift.share, detector: adwin}", 1, 1),
      ("{metric: column.x.effect, above: 0.5}", 1, 1), ("{metric: accuracy, below: 0.9}", 1, 1), ("{outcome: run_failed}", 1, 1), ("{no_data: 3h}", 1, 1),
    ] as [(String, AlertSpell, AlertSpell)])
  func `a rule on drift waits for three windows and trusts two good ones when it says nothing else, any other goes by one`(
    when: String, spell: AlertSpell, resolveAfter: AlertSpell
  ) throws {
    guard case .rule(let rule)? = try parse("kind: AlertRule\nname: r\nmonitor: m\nwhen: \(when)\n").first else { return }
    #expect(rule.for == spell && rule.resolveAfter == resolveAfter)
  }

  @Test func `a detector is read by its name alone, or with settings, and printed so that it reads back`() throws {
    func detector(_ text: String) throws -> AlertCondition? {
      let parsed = try parse("kind: AlertRule\nname: r\nmonitor: m\nwhen: {metric: mean_confidence, detector: \(text)}\n")
      #expect(try parse(DeclarationFile.print(parsed)) == parsed)
      guard case .rule(let rule)? = parsed.first else { return nil }
      return rule.when
    }
    func expected(_ detector: DetectorSpecification) -> AlertCondition { .comparison(AlertComparison(metric: "mean_confidence", detector)) }
    #expect(try detector("adwin") == expected(.adwin(delta: 0.002)))
    #expect(try detector("{name: adwin, delta: 0.01}") == expected(.adwin(delta: 0.01)))
    #expect(try detector("kswin") == expected(.kswin(alpha: 0.005, windows: 100)))
    #expect(try detector("hddm_w") == expected(.hddmW(confidence: 0.001, direction: .both)))
    #expect(
      try detector("{name: page_hinkley, threshold: 0.5, direction: down}")
        == expected(.pageHinkley(threshold: 0.5, delta: 0.005, windows: 30, direction: .down)))
  }

  static let wrong: [(line: String, mistake: String)] = [
    (
      "when: {metric: rows, change: {below: 1, windows: 0}}",
      "k.yaml:4:50: when.change.windows: found 0; expected a number of windows, from 1 to 1000"
    ),
    (
      "when: {metric: rows, seasonal: {below: 1, period: month}}",
      "k.yaml:4:51: when.seasonal.period: found \"month\"; expected day or week"
    ),
    (
      "when: {metric: rows, trend: {windows: 9}}",
      "k.yaml:4:29: when.trend: found none of at_least, at_most, above or below; expected a bound: at_least, at_most, above or below"
    ),
    ("when: {metric: rows, quantile: {above: 3, windows: 9}}", "k.yaml:4:40: when.quantile.above: found 3; expected a quantile from 0 to 1"),
    (
      "when: {all: [{no_data: 3h}]}",
      "k.yaml:4:24: when.all[0].no_data: found no_data in a combination; expected a metric: no_data and outcome stand alone"
    ),
    (
      "when: {outcome: run_faild}",
      "k.yaml:4:17: when.outcome: found \"run_faild\"; "
        + "expected run_failed, gate_failed, deployment_failed or measurement_failed; did you mean \"run_failed\"?"
    ),
    (
      "when: {metric: rows, below: 1}\nfor: 6 of 5",
      "k.yaml:5:6: for: found \"6 of 5\"; expected a number of windows in a row from 1, a span of time such as 30m, or windows such as \"3 of 5\""
    ),
    (
      "when: {metric: rows, below: 1}\nno_data: {after: 3h, than: ok}",
      "k.yaml:5:22: no_data.than: found an unknown key; expected after or then; did you mean \"then\"?"
    ),
    (
      "when: {metric: rows, below: 1}\nactions: [{freeze: a, hours: {between: 8-18}}]",
      "k.yaml:5:40: actions[0].hours.between: found \"8-18\"; expected a stretch of the day, e.g. \"08:00-18:00\""
    ),
    (
      "when: {metric: rows, detector: adwinn}",
      "k.yaml:4:32: when.detector.name: found \"adwinn\"; expected adwin, kswin, page_hinkley, hddm_a or hddm_w; did you mean \"adwin\"?"
    ),
    (
      "when: {metric: rows, detector: page_hinkley}",
      "k.yaml:4:32: when.detector.threshold: found no such key; expected how far the sum may stray, in the metric's own unit"
    ),
    ("when: {metric: rows, detector: {name: adwin, delta: 2}}", "k.yaml:4:53: when.detector.delta: found 2; expected a chance between 0 and 1"),
    (
      "when: {metric: rows, detector: {name: kswin, delta: 0.1}}",
      "k.yaml:4:46: when.detector.delta: found an unknown key; expected name, alpha or windows"
    ),
    (
      "when: {metric: rows, detector: hddm_a}",
      "k.yaml:4:32: when.detector: found hddm_a of rows; expected adwin, page_hinkley or kswin: hddm_a takes values from 0 to 1 only"
    ),
    (
      "when: {metric: rows, detector: adwin, above: 1}",
      "k.yaml:4:39: when.above: found an unknown key; "
        + "expected all, any, no_data, outcome, metric, change, seasonal, trend, deviation, quantile or detector"
    ),
    (
      "when: {metric: rows, detector: adwin}\nfor: 2",
      "k.yaml:5:6: for: found 2; expected 1 for a detector: it finds a change in one window and starts afresh; keep_firing holds the alert"
    ),
  ]

  @Test(arguments: wrong) func `a mistake names file, line, key and what was expected`(wrong: (line: String, mistake: String)) {
    #expect(mistakes("kind: AlertRule\nname: r\nmonitor: m\n\(wrong.line)") == [wrong.mistake])
  }

  @Test func `what a rule refers to must be declared`() throws {
    let rule = "kind: AlertRule\nname: r\nmonitor: m\nwhen: {metric: rows, below: 1}\ninhibited_by: [gone]\nactions: [{freeze: prod}]\n"
    let monitor = "kind: Model\nname: a\ntask: regression\n---\nkind: Monitor\nname: m\nmodel: a\nwindow: {files: x}\n---\n"
    #expect(
      mistakes(monitor + rule, declared: []) == [
        "k.yaml:14:16: inhibited_by[0]: found \"gone\"; expected the name of a declared alert rule, such as r",
        "k.yaml:15:20: actions[0].freeze: found \"prod\"; expected the name of a declared endpoint, of which there is none yet",
      ])
  }

  /// What a monitor would have to be for a rule on it, and the metric that lacks it.
  static let lacking: [(monitor: String, metric: String, mistake: String)] = [
    ("", "segment.*.drift.share", "a metric that monitor m can measure, or columns.group in that monitor"),
    ("columns: {group: site}", "segment.a.mean_confidence", "a metric that monitor m can measure, or columns.probability in that monitor"),
    ("columns: {group: site}", "segment.a.accuracy", "a metric that monitor m can measure, or window.labels in that monitor"),
    ("columns: {prediction: p}", "estimated_accuracy", "a metric that monitor m can measure, or columns.label in that monitor"),
    ("columns: {prediction: p, label: y}", "estimated_f1", "a metric that monitor m can measure, or columns.probability in that monitor"),
    ("columns: {prediction: p, label: y}", "estimated_accuracy", ""),
    ("columns: {probability: s}", "mean_confidence", ""),
    ("columns: {probability: s}", "silent_failure", "a metric that monitor m can measure, or window.labels in that monitor"),
    (
      "columns: {prediction: p, label: y, probability: s}", "estimated_mae",
      "a metric of classification: mean_confidence, mean_entropy, mean_margin, low_confidence_share, estimated_accuracy, estimated_precision, "
        + "estimated_recall, estimated_f1 or estimated_roc_auc"
    ),
    ("", "kedge.lag_seconds", "a metric of monitor m, or monitor: kedge"),
    ("", "posted.anything", ""),
  ]

  @Test(arguments: 0..<lacking.count) func `a metric that the monitor cannot measure is refused with what it lacks`(index: Int) {
    let (columns, metric, expected) = Self.lacking[index]
    let monitor = "kind: Model\nname: a\ntask: classification\n---\nkind: Monitor\nname: m\nmodel: a\nwindow: {files: x}\n\(columns)\n---\n"
    let found = mistakes(monitor + "kind: AlertRule\nname: r\nmonitor: m\nwhen: {metric: \"\(metric)\", below: 1}\n", declared: [])
    #expect(found == (expected.isEmpty ? [] : ["k.yaml:14:16: when.metric: found \(metric); expected \(expected)"]))
  }

  @Test func `a regression's errors are estimated from its predictions alone`() {
    let monitor =
      "kind: Model\nname: a\ntask: regression\n---\nkind: Monitor\nname: m\nmodel: a\nwindow: {files: x}\ncolumns: {prediction: p, label: y}\n---\n"
    func rule(_ metric: String) -> String { monitor + "kind: AlertRule\nname: r\nmonitor: m\nwhen: {metric: \(metric), above: 1}\n" }
    #expect(mistakes(rule("estimated_mae"), declared: []) == [])
    #expect(
      mistakes(rule("mean_confidence"), declared: []) == [
        "k.yaml:14:16: when.metric: found mean_confidence; expected a metric of regression: estimated_mae, estimated_rmse or estimated_mse"
      ])
  }

  @Test func `Kedge itself is a monitor that nobody declares`() {
    func rule(_ when: String) -> String { "kind: AlertRule\nname: r\nmonitor: kedge\nwhen: \(when)\n" }
    #expect(mistakes(rule("{metric: kedge.lag_seconds, above: 60}"), declared: []) == [])
    #expect(mistakes(rule("{no_data: 10m}"), declared: []) == [])
    #expect(
      mistakes(rule("{metric: drift.share, above: 0.5}"), declared: []) == [
        "k.yaml:4:16: when.metric: found drift.share; expected a metric such as kedge.lag_seconds, as monitor kedge has no others"
      ])
    #expect(
      mistakes(rule("{outcome: run_failed}"), declared: []) == [
        "k.yaml:4:17: when.outcome: found run_failed; expected a metric such as kedge.lag_seconds: monitor kedge has no model"
      ])
    #expect(
      mistakes("kind: Model\nname: a\ntask: regression\n---\nkind: Monitor\nname: kedge\nmodel: a\nwindow: {files: x}\n", declared: []) == [
        "k.yaml:6:7: name: found kedge; expected another name: rules name Kedge itself by it"
      ])
  }
}
