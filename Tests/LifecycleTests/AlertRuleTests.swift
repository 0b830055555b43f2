import Foundation
import Lifecycle
import Testing
import Values

/// What rules can be besides a threshold for some windows in a row; the alerts themselves are compared with a reference in `AlertReferenceTests`.
@Suite struct AlertRuleTests {
  static func world(_ change: (inout AlertRuleSpecification) -> Void) -> Simulation { Simulation(Simulation.spec.with { change(&$0.rules[0]) }) }

  @Test func `an alert recovers before it resolves, and may relapse, all of it in the log`() {
    var world = Self.world { _ in }
    for share in [0.5, 0.5, 0.1, 0.5, 0.1] { world.measure(share) }
    #expect(world.alert(0).phase == .firing && world.alert(0).recoveringSince != nil)
    world.measure(0.1)
    #expect(
      world.types(world.alerts[0].stream) == [
        "alert_pending", "alert_raised", "alert_recovering", "alert_relapsed", "alert_recovering", "alert_resolved",
      ])
  }

  @Test func `severity rises and falls with the value`() {
    var world = Self.world {
      $0.levels = [SeverityLevel(.atLeast(0.4), .warning), SeverityLevel(.atLeast(0.8), .critical)]
      $0.severity = .info
      $0.resolveAfter = 5
    }
    for share in [0.3, 0.3] { world.measure(share) }
    #expect(world.alert(0).subject?.severity == "info")
    world.measure(0.9)
    #expect(world.alert(0).subject?.severity == "critical")
    world.measure(0.5)
    #expect(world.alert(0).subject?.severity == "warning")
    world.measure(0.5)
    #expect(world.types(world.alerts[0].stream) == ["alert_pending", "alert_raised", "alert_escalated", "alert_eased"])
    #expect(world.messages.map(\.state) == ["firing", "escalated", "eased"])
  }

  @Test func `an alert that nobody acknowledges escalates, and tells others; one that somebody looks after does not`() throws {
    let rule = { (rule: inout AlertRuleSpecification) in
      rule.for = 1
      rule.escalate = Escalation(after: .minutes(30), severity: .critical, notify: ["pager"])
    }
    var world = Self.world(rule)
    world.measure(0.5)
    world.advance(by: .seconds(1799))
    #expect(world.alert(0).subject?.severity == "warning")
    world.advance(by: .seconds(2))
    #expect(world.alert(0).subject?.severity == "critical")
    #expect(world.types("channel/pager") == ["message_requested"])
    #expect(world.messages.last?.title == "drifted is still unacknowledged on live")

    var handled = Self.world(rule)
    handled.measure(0.5)
    handled.append(try handled.alert(0).decide(.acknowledge(reason: nil)), to: handled.alerts[0].stream, by: "olga")
    handled.settle()
    handled.advance(by: .seconds(4000))
    #expect(handled.alert(0).subject?.severity == "warning")
  }

  @Test func `lost data never look like recovery: they are a state of their own`() {
    for (then, alerts, phase) in [
      (NoDataRule.Reaction.keep, 1, AlertState.Phase.firing), (.alert, 2, .firing), (.ok, 1, .resolved),
    ] {
      var world = Self.world { $0.noData = NoDataRule(after: .hours(1), then: then) }
      world.measure(0.5)
      world.measure(0.5)
      world.advance(by: .seconds(3500))
      #expect(!world.types("rule/drifted").contains("rule_data_lost"))
      world.advance(by: .seconds(200))
      #expect(world.types("rule/drifted").contains("rule_data_lost"))
      #expect(world.alerts.count == alerts && world.alert(0).phase == phase, "\(then)")
      world.measure(0.5)
      #expect(world.types("rule/drifted").contains("rule_data_returned"))
      if then == .alert { #expect(world.alert(1).phase == .resolved) }
      // The clock runs anew.
      world.advance(by: .seconds(3700))
      #expect(world.types("rule/drifted").filter { $0 == "rule_data_lost" }.count == 2)
    }
  }

  @Test func `while data come, the clock costs an event now and then and not one a measurement`() {
    var world = Self.world { $0.noData = NoDataRule(after: .hours(1), then: .alert) }
    for _ in 0..<180 { world.measure(0.0) }
    #expect(world.types("rule/drifted").filter { $0 == "deadline_set" }.count <= 4)
    #expect(world.alerts.isEmpty)
  }

  @Test func `windows without an answer are no data, and those with too few rows count neither way`() {
    var world = Self.world {
      $0.noData = NoDataRule(after: .minutes(10), then: .alert)
      $0.minimumRows = 100
    }
    for _ in 0..<12 { world.measure(0.9, inconclusive: true) }
    #expect(world.alerts.count == 1 && world.alert(0).subject?.metric == AlertSubject.noData)
  }

  @Test func `a rule may be about nothing but missing data`() {
    var world = Self.world { $0.when = .noData(.minutes(10)) }
    world.measure(0.5)
    world.advance(by: .seconds(700))
    #expect(world.firing.count == 1)
    #expect(world.messages.map(\.text).first?.hasPrefix("no data for 10m since") == true)
    world.measure(0.5)
    #expect(world.firing.isEmpty)
  }

  @Test func `nothing is judged and nothing missed within maintenance`() {
    var world = Self.world {
      $0.for = 1
      $0.maintenance = [MaintenanceWindow(cron: "0 0 * * *", lasts: .hours(2))]
      $0.noData = NoDataRule(after: .minutes(30), then: .alert)
    }
    world.measure(0.9)
    world.advance(by: .seconds(7000))
    #expect(world.alerts.isEmpty, "it is a minute to midnight and then night")
    world.advance(by: .seconds(3600))
    #expect(world.alerts.count == 1, "and at last data are missed")
    world.measure(0.9)
    #expect(world.firing.count == 1)
  }

  @Test func `an alert that flaps fires on until it is calm`() {
    var world = Self.world {
      ($0.for, $0.resolveAfter) = (1, 1)
      $0.flapping = Flapping(count: 3, within: .minutes(30))
    }
    for _ in 0..<3 {
      world.measure(0.5)
      world.measure(0.0)
    }
    #expect(world.alerts.count == 3 && world.alert(2).phase == .firing)
    guard case .alertRaised(let raised)? = world.records(world.alerts[2].stream).first?.fact else { return }
    #expect(raised.flapping == 3)
    for _ in 0..<10 { world.measure(0.0) }
    #expect(world.alert(2).phase == .resolved)
  }

  @Test func `each column is judged by itself where the metric has a star`() {
    var world = Self.world {
      $0.when = AlertCondition(metric: "column.*.score", .below(0.01))
      $0.for = 2
    }
    func measure(_ scores: [String: Double]) {
      world.advance(by: .seconds(60))
      let columns = scores.sorted { $0.key < $1.key }.map {
        ColumnMeasurement(name: $0, test: "ks", score: $1, pAdjusted: $1, effect: 0.1, threshold: 0.05, verdict: "stable", missing: 0)
      }
      world.append(
        [
          .measurementRecorded(
            MeasurementRecorded(
              window: world.window("\(world.log.count)"), part: .input, rows: 200, drift: nil, columns: columns, metrics: [:], late: false, inconclusive: false)
          )
        ], to: "monitor/live")
      world.settle()
    }
    measure(["a": 0.001, "b": 0.5])
    measure(["a": 0.001, "b": 0.001])
    #expect(world.firing.count == 1 && world.alert(0).subject?.series == "a")
    measure(["a": 0.5, "b": 0.001])
    #expect(world.firing.count == 2 && world.alert(1).subject?.series == "b")
    world.append([.ruleRemoved(Remark(reason: nil))], to: "rule/drifted", by: "ann")
    world.settle()
    #expect(world.firing.isEmpty)
  }

  @Test func `a run that fails is an alert, and one that succeeds ends it`() throws {
    var world = Simulation(
      Simulation.spec.with {
        $0.rules = [AlertRuleSpecification(name: "training", monitor: "live", when: .outcome(.runFailed), notify: ["ops"])]
        $0.pipelines = [Specifications.pipeline(trigger: [], retries: 0)]
      })
    let first = world.retrain(Simulation.spec.pipelines[0], by: "dora")
    try world.start(first)
    try world.fail(first, retryable: false)
    #expect(world.firing.count == 1)
    let second = world.retrain(Simulation.spec.pipelines[0], by: "dora")
    try world.train(second)
    _ = try world.evaluate(second, passed: true)
    #expect(world.firing.isEmpty)
    #expect(world.messages.map(\.state) == ["firing", "resolved"])
  }

  @Test func `what a person ended is learned as usual`() throws {
    var world = Self.world {
      $0.when = .comparison(AlertComparison(metric: "drift.share", .deviation(windows: 5), .above(3)))
      $0.for = 1
    }
    for share in [0.10, 0.11, 0.12, 0.11, 0.10] { world.measure(share) }
    for _ in 0..<3 { world.measure(0.5) }
    #expect(world.firing.count == 1, "what drifts is no reference for itself")
    world.append(try world.alert(0).decide(.markFalse(reason: "a new laboratory")), to: world.alerts[0].stream, by: "olga")
    world.settle()
    for share in [0.50, 0.51, 0.49, 0.50, 0.51, 0.50, 0.50] { world.measure(share) }
    #expect(world.firing.isEmpty)
  }

  @Test func `rules of the past read as they did`() throws {
    let json = try JSON(
      parsing: """
        {"name": "drifted", "monitor": "live", "when": {"metric": "drift.share", "at_least": 0.2}, "for": 2, "resolve_after": 3, "cooldown": "6h",
         "severity": "info", "notify": ["ops"]}
        """)
    let rule = AlertRuleSpecification(
      name: "drifted", monitor: "live", when: AlertCondition(metric: "drift.share", .atLeast(0.2)), for: 2, resolveAfter: 3, cooldown: .hours(6),
      severity: .info, notify: ["ops"])
    #expect(try Fact(type: "rule_defined", schema: 1, data: json) == .ruleDefined(rule))
    #expect(try Fact.ruleDefined(rule).data() == JSON(encoding: rule))
    #expect(try JSON(encoding: rule)["no_data"] == nil)
  }
}
