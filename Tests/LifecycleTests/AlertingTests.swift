import Foundation
import Lifecycle
import Testing
import Values

struct AlertingTests {
  static func rule(_ change: (inout AlertRuleSpecification) -> Void = { _ in }) -> Specifications {
    Simulation.spec.with { change(&$0.rules[0]) }
  }

  @Test func `quiet windows raise nothing`() {
    var world = Simulation(Simulation.spec)
    for _ in 0..<5 { world.measure(0.1) }
    #expect(world.alerts.isEmpty)
  }

  @Test func `an alert fires after as many windows in a row as the rule asks for`() throws {
    var world = Simulation(Self.rule { $0.for = 3 })
    let first = world.measure(0.5)
    #expect(world.alert(0).phase == .pending)
    world.measure(0.5)
    #expect(world.alert(0).phase == .pending)
    let last = world.measure(0.7)
    #expect(world.alert(0).phase == .firing)
    #expect(world.types(world.alerts[0].stream) == ["alert_pending", "alert_raised"])
    guard case .alertRaised(let raised) = world.records(world.alerts[0].stream)[1].fact else { throw Missing() }
    #expect(raised.sinceAt == first.endAt && raised.value == 0.7 && raised.driftedColumns == ["x"])
    #expect(raised.condition == "drift.share at least 0.2")
    #expect(raised.subject.model == "m" && raised.subject.monitor == "live" && raised.subject.notify == ["ops"])
    #expect(raised.because?.count == 2)
    _ = last
  }

  @Test func `an alert for one window fires at once and was never pending`() {
    var world = Simulation(Self.rule { $0.for = 1 })
    world.measure(0.2)
    #expect(world.types(world.alerts[0].stream) == ["alert_raised"])
  }

  @Test func `a pending alert clears with the first good window`() {
    var world = Simulation(
      Self.rule {
        $0.for = 3; $0.resolveAfter = 3
      })
    world.measure(0.5)
    world.measure(0.5)
    world.measure(0.1)
    #expect(world.types(world.alerts[0].stream) == ["alert_pending", "alert_resolved"])
    world.measure(0.5)
    world.measure(0.5)
    #expect(world.alerts.count == 2)
    #expect(world.alert(1).phase == .pending, "windows are counted anew")
  }

  @Test func `an alert resolves after as many good windows in a row as the rule asks for`() {
    var world = Simulation(Simulation.spec)
    for share in [0.5, 0.5, 0.1, 0.5, 0.1] { world.measure(share) }
    #expect(world.alert(0).phase == .firing, "the good windows were not in a row")
    world.measure(0.1)
    #expect(world.alert(0).phase == .resolved)
    #expect(world.alerts.count == 1)
  }

  @Test func `late windows count neither way`() {
    var world = Simulation(Simulation.spec)
    let early = world.window("early")
    world.measure(0.5)
    world.measure(early, 0.5)
    #expect(world.records("monitor/live").last.map { if case .measurementRecorded(let fact) = $0.fact { fact.late } else { false } } == true)
    #expect(world.alert(0).phase == .pending)
    world.measure(0.5)
    #expect(world.alert(0).phase == .firing)
    world.measure(early, 0.0)
    world.measure(0.1)
    #expect(world.alert(0).phase == .firing)
  }

  @Test func `inconclusive windows count neither way`() {
    var world = Simulation(Simulation.spec)
    world.measure(0.5)
    world.measure(0.0, inconclusive: true)
    #expect(world.alert(0).phase == .pending)
    world.measure(0.9, inconclusive: true)
    #expect(world.alert(0).phase == .pending)
    world.measure(0.5)
    #expect(world.alert(0).phase == .firing)
    world.measure(0.0, inconclusive: true)
    world.measure(0.1)
    world.measure(nil)
    #expect(world.alert(0).phase == .firing)
    world.measure(0.1)
    #expect(world.alert(0).phase == .resolved)
  }

  @Test func `a window measured again counts once`() {
    var world = Simulation(Simulation.spec)
    let window = world.measure(0.5)
    world.measure(window, 0.5)
    world.measure(window, 0.5)
    #expect(world.alert(0).phase == .pending)
    world.measure(window, 0.0)
    #expect(world.alert(0).phase == .pending, "measuring again supersedes for display only")
    world.measure(0.5)
    #expect(world.alert(0).phase == .firing)
  }

  @Test func `a window that had too few labels counts when it has enough`() {
    var world = Simulation(
      Simulation.spec.with { $0.rules = [AlertRuleSpecification(name: "low", monitor: "live", when: AlertCondition(metric: "accuracy", .below(0.8)))] })
    world.advance(by: .seconds(60))
    let first = world.window("1")
    world.advance(by: .seconds(60))
    let second = world.window("2")
    world.label(first, 0.5, rows: 10)
    world.label(second, 0.5, rows: 10)
    #expect(world.alerts.isEmpty)
    world.label(first, 0.5, rows: 300)
    #expect(world.firing.count == 1)
  }

  @Test func `windows that end at the same time both count`() {
    var world = Simulation(Simulation.spec)
    world.advance(by: .seconds(60))
    world.measure(world.window("a"), 0.5)
    world.measure(world.window("b"), 0.5)
    #expect(world.firing.count == 1)
  }

  @Test func `rules on quality count quality and rules on inputs count inputs`() {
    var world = Simulation(
      Simulation.spec.with {
        $0.rules.append(AlertRuleSpecification(name: "low", monitor: "live", when: AlertCondition(metric: "accuracy", .below(0.8)), for: 2))
      })
    world.measure(0.5)
    world.label(0.9)
    world.measure(0.5)
    #expect(world.firing.count == 1)
    world.label(0.5)
    world.measure(0.0)
    world.label(0.5)
    #expect(world.firing.count == 2)
    #expect(world.alert(1).subject?.rule == "low")
  }

  @Test func `rules watch the windows of their own monitor`() {
    var world = Simulation(Simulation.spec)
    world.append([.monitorDefined(MonitorSpecification(name: "other", model: "m", window: MonitorWindow(source: .predictions)))], to: "monitor/other")
    world.measure(0.5, monitor: "other")
    world.measure(0.5, monitor: "other")
    #expect(world.alerts.isEmpty)
  }

  @Test func `rows and missing values count in a window with too few rows too`() {
    var world = Simulation(
      Simulation.spec.with { $0.rules = [AlertRuleSpecification(name: "few", monitor: "live", when: AlertCondition(metric: "rows", .below(50)))] })
    world.measure(0.0, inconclusive: true)
    #expect(world.firing.count == 1)
  }

  @Test func `no alert is raised within the cooldown after one was resolved`() throws {
    var world = Simulation(
      Self.rule {
        $0.for = 1; $0.resolveAfter = 1; $0.cooldown = .hours(1)
      })
    world.measure(0.5)
    world.advance(by: .seconds(7200))
    world.measure(0.0)
    #expect(world.alert(0).phase == .resolved)
    world.measure(0.5)
    world.advance(by: .seconds(3000))
    world.measure(0.5)
    #expect(world.alert(1).phase == .pending, "it waits for the cooldown to pass")
    world.advance(by: .seconds(600))
    world.measure(0.5)
    #expect(world.alert(1).phase == .firing)
  }

  @Test func `an alert that was only pending starts no cooldown`() {
    var world = Simulation(Self.rule { $0.cooldown = .hours(1) })
    world.measure(0.5)
    world.measure(0.0)
    world.measure(0.5)
    world.measure(0.5)
    #expect(world.firing.count == 1)
  }

  @Test func `a rule that is removed while its alert fires resolves it`() throws {
    var world = Simulation(Simulation.spec)
    world.measure(0.5)
    world.measure(0.5)
    world.append([.ruleRemoved(Remark(reason: nil))], to: "rule/drifted", by: "ann")
    world.settle()
    #expect(world.alert(0).phase == .resolved)
    world.measure(0.5)
    world.measure(0.5)
    #expect(world.alerts.count == 1)
  }

  @Test func `a monitor that is removed takes the alerts on it along`() {
    var world = Simulation(Simulation.spec)
    world.measure(0.5)
    world.append([.monitorRemoved(Remark(reason: nil))], to: "monitor/live", by: "ann")
    world.settle()
    #expect(world.alert(0).phase == .resolved)
  }

  @Test func `a rule that is changed to another metric begins anew`() {
    var world = Simulation(Simulation.spec)
    world.measure(0.5)
    world.measure(0.5)
    var rule = Simulation.spec.rules[0]
    rule.when = AlertCondition(metric: "mean_confidence", .below(0.95))
    world.append([.ruleDefined(rule)], to: "rule/drifted", by: "ann")
    world.settle()
    #expect(world.alert(0).phase == .resolved)
    world.measure(0.0)
    #expect(world.alert(1).phase == .pending)
  }

  @Test func `a rule with another limit keeps its alert`() {
    var world = Simulation(Simulation.spec)
    world.measure(0.5)
    world.measure(0.5)
    var rule = Simulation.spec.rules[0]
    rule.when = AlertCondition(metric: "drift.share", .atLeast(0.8))
    world.append([.ruleDefined(rule)], to: "rule/drifted", by: "ann")
    world.settle()
    #expect(world.alert(0).phase == .firing)
    world.measure(0.5)
    world.measure(0.5)
    #expect(world.alert(0).phase == .resolved)
  }

  @Test func `an alert that an operator resolves is over, and windows are counted anew`() throws {
    var world = Simulation(Simulation.spec)
    world.measure(0.5)
    world.measure(0.5)
    let id = world.alerts[0]
    world.append(try world.alert(0).decide(.resolve(AlertResolved(reason: "known"))), to: id.stream, by: "otto")
    world.settle()
    world.measure(0.5)
    #expect(world.alerts.count == 2)
    #expect(world.alert(1).phase == .pending)
    world.measure(0.5)
    #expect(world.alert(1).phase == .firing)
  }

  @Test func `an operator who resolves while the policy is behind wins`() throws {
    var world = Simulation(Simulation.spec)
    world.measure(0.5)
    world.measure(0.5)
    let id = world.alerts[0]
    let resolving = try world.alert(0).decide(.resolve(AlertResolved(reason: "known")))
    // The policy decides about two good windows before it has read what the operator did.
    let window = { (world: inout Simulation) in
      world.now = world.now + .seconds(60)
      return MeasurementRecorded(
        window: world.window("\(world.log.count)"), part: .input, rows: 200, drift: DriftVerdict(detected: false, share: 0, driftedColumns: []),
        columns: [], metrics: [:], late: false, inconclusive: false)
    }
    world.append([.measurementRecorded(window(&world)), .measurementRecorded(window(&world))], to: "monitor/live")
    world.append(resolving, to: id.stream, by: "otto")
    world.settle()
    #expect(world.types(id.stream).filter { $0 == "alert_resolved" }.count == 1)
    world.measure(0.5)
    world.measure(0.5)
    #expect(world.firing.count == 1)
  }

  @Test func `a false alarm is over`() throws {
    var world = Simulation(Simulation.spec)
    world.measure(0.5)
    world.measure(0.5)
    world.append(try world.alert(0).decide(.markFalse(reason: "holiday")), to: world.alerts[0].stream, by: "otto")
    world.settle()
    #expect(world.alert(0).phase == .falseAlarm)
    #expect(world.messages.map(\.state) == ["firing", "false_alarm"])
  }

  @Test func `statistic, p-value and score of a column are told apart`() {
    let column = ColumnMeasurement(
      name: "x", test: "ks", score: 0.01, statistic: 0.4, pValue: 0.01, pAdjusted: 0.02, effect: 0.3, threshold: 0.05, verdict: "drifted", missing: 0.1)
    let now = Timestamp(seconds: 0)
    let measurement = MeasurementRecorded(
      window: WindowReference(id: WindowID(UUID()), startAt: now, endAt: now, source: ""), part: .input, rows: 7,
      drift: DriftVerdict(detected: true, share: 1, driftedColumns: ["x"]), columns: [column], metrics: ["mean_confidence": 0.7], late: false,
      inconclusive: false)
    let values = ["score", "statistic", "p_value", "p_adjusted", "effect"].map { measurement.value(of: MetricName("column.x.\($0)")) }
    #expect(values == [0.01, 0.4, 0.01, 0.02, 0.3])
    #expect(measurement.value(of: "missing.x") == 0.1)
    #expect(measurement.value(of: "rows") == 7)
    #expect(measurement.value(of: "drift.columns") == 1)
    #expect(measurement.value(of: "drift.share") == 1)
    #expect(measurement.value(of: "mean_confidence") == 0.7)
    #expect(measurement.value(of: "column.y.score") == nil)
    #expect(measurement.value(of: "nonsense") == nil)
  }
}

struct AlertDecisionTests {
  static let subject = AlertSubject(rule: "r", severity: "warning", notify: [])
  static let raised = AlertRaised(subject: subject, value: 1, condition: "c", sinceAt: Timestamp(seconds: 0))

  static func state(_ facts: [Fact]) -> AlertState {
    AlertState(
      facts.map {
        FactRecord($0, id: UUID(), stream: "alert/x", version: 1, position: nil, actor: "otto", principal: "p", at: Timestamp(seconds: 0), correlation: nil)
      })
  }

  @Test func `what does not fit the alert is refused`() {
    let none = AlertState()
    let over = Self.state([.alertRaised(Self.raised), .alertResolved(AlertResolved(reason: "x"))])
    let handled = Self.state([.alertRaised(Self.raised), .alertAcknowledged(AlertHandled(reason: nil))])
    #expect(throws: Refusal.unknown("there is no such alert")) { try none.decide(.acknowledge(reason: nil)) }
    #expect(throws: Refusal.unknown("there is no such alert")) { try none.decide(.resolve(AlertResolved(reason: ""))) }
    #expect(throws: Refusal.unknown("there is no such alert")) { try none.decide(.markFalse(reason: nil)) }
    #expect(throws: Refusal.conflict("the alert is resolved already")) { try over.decide(.acknowledge(reason: nil)) }
    #expect(throws: Refusal.conflict("the alert is resolved already")) { try over.decide(.resolve(AlertResolved(reason: ""))) }
    #expect(throws: Refusal.conflict("the alert is resolved")) { try over.decide(.raise(Self.raised)) }
    #expect(throws: Refusal.conflict("otto has acknowledged the alert already")) { try handled.decide(.acknowledge(reason: nil)) }
  }

  @Test func `a resolved alert can still turn out to have been a false alarm, once`() throws {
    var facts: [Fact] = [.alertRaised(Self.raised), .alertResolved(AlertResolved(reason: "x"))]
    facts += try Self.state(facts).decide(.markFalse(reason: nil))
    #expect(Self.state(facts).phase == .falseAlarm)
    #expect(throws: Refusal.conflict("the alert is marked as a false alarm already")) { try Self.state(facts).decide(.markFalse(reason: nil)) }
  }

  @Test func `an acknowledged alert still fires, and who looks after it is known`() throws {
    let state = Self.state([.alertRaised(Self.raised), .alertAcknowledged(AlertHandled(reason: nil))])
    #expect(state.phase == .firing && state.acknowledgedBy == "otto" && state.isOpen)
  }

  @Test func `an escalated alert has the new severity`() {
    #expect(Self.state([.alertRaised(Self.raised), .alertEscalated(AlertEscalated(severity: "critical", reason: "x"))]).subject?.severity == "critical")
  }
}
