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
        .quantile(windows: 100),
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
  }

  static let wrong: [(line: String, mistake: String)] = [
    ("when: {metric: rows, change: {below: 1, windows: 0}}", "k.yaml:4:50: when.change.windows: found 0; expected a number of windows, from 1 to 1000"),
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
    ("when: {outcome: run_faild}", "k.yaml:4:17: when.outcome: found \"run_faild\"; expected run_failed or deployment_failed; did you mean \"run_failed\"?"),
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
}
