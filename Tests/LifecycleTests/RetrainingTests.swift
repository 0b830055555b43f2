import Foundation
import Lifecycle
import Testing
import Values

struct RetrainingTests {
  static func world(_ triggers: [Trigger], for windows: Int = 1) -> Simulation {
    Simulation(
      Simulation.spec.with {
        $0.pipelines = [Specifications.pipeline(trigger: triggers)]
        $0.rules[0].for = .windows(windows)
        $0.rules[0].resolveAfter = 1
      })
  }

  static func requests(_ world: Simulation) -> [RunRequested] {
    world.log.compactMap { if case .runRequested(let fact) = $0.fact { fact } else { nil } }
  }

  /// An alert of the rule is raised and resolved.
  static func alarm(_ world: inout Simulation) {
    world.measure(0.5)
    world.measure(0.0)
  }

  @Test func `an alert starts a run, which says why`() throws {
    var world = Self.world([.alert(rule: "drifted")])
    world.measure(0.5)
    let request = try Self.requests(world).first.unwrapped
    #expect(Self.requests(world).count == 1)
    #expect(request.reason == .alert(world.alerts[0], rule: "drifted"))
    #expect(request.specification == Specifications.pipeline(trigger: [.alert(rule: "drifted")]))
    let raised = try world.records(world.alerts[0].stream).last.unwrapped
    #expect(world.causes[try world.records(world.runs[0].stream).first.unwrapped.id] == raised.id)
    #expect(world.records(world.runs[0].stream).first?.correlation == raised.correlation)
  }

  @Test func `a pending alert starts nothing`() {
    var world = Self.world([.alert(rule: "drifted")], for: 2)
    world.measure(0.5)
    #expect(world.runs.isEmpty)
  }

  @Test func `alerts of another rule start nothing`() {
    var world = Self.world([.alert(rule: "other")])
    world.measure(0.5)
    #expect(world.runs.isEmpty)
  }

  @Test func `no second run of a pipeline starts while one is under way`() throws {
    var world = Self.world([.alert(rule: "drifted")])
    Self.alarm(&world)
    Self.alarm(&world)
    #expect(world.runs.count == 1)
    try world.train(world.runs[0])
    Self.alarm(&world)
    #expect(world.runs.count == 1, "being evaluated is under way")
    try world.evaluate(world.runs[0], passed: true)
    Self.alarm(&world)
    #expect(world.runs.count == 2)
  }

  @Test func `two alerts in one batch start one run`() {
    var world = Simulation(
      Simulation.spec.with {
        $0.rules[0].for = 1
        $0.rules.append(AlertRuleSpecification(name: "unsure", monitor: "live", when: AlertCondition(metric: "mean_confidence", .below(0.95))))
        $0.pipelines = [Specifications.pipeline(trigger: [.alert(rule: "drifted"), .alert(rule: "unsure")])]
      })
    // Both alerts are in the log before the policy reads the first.
    world.measure(0.5)
    #expect(world.firing.count == 2)
    #expect(world.runs.count == 1)
  }

  @Test func `a run by hand keeps policies from starting another`() {
    var world = Self.world([.alert(rule: "drifted")])
    world.retrain(Simulation.spec.pipelines[0], by: "dora")
    world.measure(0.5)
    #expect(world.runs.count == 1)
  }

  @Test func `pipelines do not wait for each other`() {
    var world = Simulation(
      Simulation.spec.with {
        $0.rules[0].for = 1
        $0.pipelines = [Specifications.pipeline("a"), Specifications.pipeline("b", deploy: nil)]
      })
    world.measure(0.5)
    #expect(world.activeRuns.count == 2)
    #expect(Set(Self.requests(world).map(\.pipeline)) == ["a", "b"])
  }

  @Test(arguments: ["failed", "timed_out", "cancelled"])
  func `a run that ended badly makes way for the next`(how: String) throws {
    var world = Self.world([.alert(rule: "drifted")])
    Self.alarm(&world)
    let run = world.runs[0]
    try world.start(run)
    if how == "cancelled" {
      world.append(try world.state(run.stream, RunState.self).cancel(reason: nil), to: run.stream, by: "otto")
    } else {
      try world.fail(run, timedOut: how == "timed_out", retryable: false)
    }
    world.settle()
    #expect(world.state(run.stream, RunState.self).phase.rawValue == how)
    Self.alarm(&world)
    #expect(world.runs.count == 2)
  }

  @Test func `a failed attempt that is retried is still under way`() throws {
    var world = Self.world([.alert(rule: "drifted")])
    Self.alarm(&world)
    try world.start(world.runs[0])
    try world.fail(world.runs[0])
    Self.alarm(&world)
    #expect(world.runs.count == 1)
  }

  @Test func `a pipeline removed and declared again remembers its run`() throws {
    var world = Self.world([.alert(rule: "drifted")])
    Self.alarm(&world)
    world.append([.pipelineRemoved(Remark(reason: nil))], to: "pipeline/retrain", by: "ann")
    world.append([.pipelineDefined(Specifications.pipeline())], to: "pipeline/retrain", by: "ann")
    world.settle()
    Self.alarm(&world)
    #expect(world.runs.count == 1)
  }

  @Test func `a removed pipeline starts nothing`() {
    var world = Self.world([.alert(rule: "drifted")])
    world.append([.pipelineRemoved(Remark(reason: nil))], to: "pipeline/retrain", by: "ann")
    world.settle()
    world.measure(0.5)
    #expect(world.runs.isEmpty)
  }

  @Test func `as many alerts as asked for within the span start a run, and name each other as causes`() throws {
    var world = Self.world([.alerts(rule: "drifted", count: 3, within: .hours(1))])
    Self.alarm(&world)
    Self.alarm(&world)
    #expect(world.runs.isEmpty)
    Self.alarm(&world)
    let request = try Self.requests(world).first.unwrapped
    #expect(request.reason == .alerts(world.alerts, rule: "drifted"))
    let raised = try world.alerts.map { try world.records($0.stream).first.unwrapped.id }
    #expect(request.because == Array(raised.dropLast()))
    #expect(world.causes[try world.records(world.runs[0].stream).first.unwrapped.id] == raised.last)
  }

  @Test func `alerts further apart than the span start nothing`() {
    var world = Self.world([.alerts(rule: "drifted", count: 3, within: .hours(1))])
    for _ in 0..<6 {
      Self.alarm(&world)
      world.advance(by: .seconds(1800))
    }
    #expect(world.runs.isEmpty)
  }

  @Test func `the alerts that started a run are not counted for the next`() throws {
    var world = Self.world([.alerts(rule: "drifted", count: 2, within: .days(7))])
    for _ in 0..<2 { Self.alarm(&world) }
    try world.train(world.runs[0])
    try world.evaluate(world.runs[0], passed: false)
    Self.alarm(&world)
    #expect(world.runs.count == 1)
    Self.alarm(&world)
    #expect(world.runs.count == 2)
  }

  @Test func `alerts are counted while a run is under way`() throws {
    var world = Self.world([.alerts(rule: "drifted", count: 2, within: .days(7))])
    for _ in 0..<4 { Self.alarm(&world) }
    #expect(world.runs.count == 1)
    try world.train(world.runs[0])
    try world.evaluate(world.runs[0], passed: false)
    Self.alarm(&world)
    #expect(world.runs.count == 2)
  }

  @Test func `a schedule starts a run`() {
    var world = Self.world([.schedule(cron: "0 2 * * *", timeZone: "UTC")])
    world.append([.scheduleDue(ScheduleDue(pipeline: "retrain", dueAt: world.now, nextAt: nil))], to: "schedule/retrain", by: "kedge/scheduler")
    world.settle()
    #expect(Self.requests(world).map(\.reason) == [.schedule("retrain", dueAt: world.now)])
  }

  @Test func `a schedule that falls due while a run is under way is skipped`() {
    var world = Self.world([.schedule(cron: "0 2 * * *", timeZone: "UTC")])
    let run = world.retrain(Simulation.spec.pipelines[0], by: "dora")
    world.append([.scheduleDue(ScheduleDue(pipeline: "retrain", dueAt: world.now, nextAt: nil))], to: "schedule/retrain", by: "kedge/scheduler")
    world.settle()
    #expect(world.runs.count == 1)
    #expect(
      world.records("schedule/retrain").last?.fact
        == .scheduleSkipped(ScheduleSkipped(dueAt: world.now, reason: "run \(run) of retrain is still under way")))
  }

  @Test func `a schedule and an alert at once start one run`() {
    var world = Self.world([.schedule(cron: "0 2 * * *", timeZone: "UTC"), .alert(rule: "drifted")])
    let subject = AlertSubject(rule: "drifted", severity: "warning", notify: [])
    let raised = Fact.alertRaised(AlertRaised(subject: subject, value: 1, condition: "c", sinceAt: world.now))
    world.append([raised], to: "alert/\(UUID().lowercased)")
    world.append([.scheduleDue(ScheduleDue(pipeline: "retrain", dueAt: world.now, nextAt: nil))], to: "schedule/retrain")
    world.settle()
    #expect(world.runs.count == 1)
    #expect(world.types("schedule/retrain") == ["schedule_due", "schedule_skipped"])
  }

  @Test func `a schedule of a pipeline that is gone does nothing`() {
    var world = Self.world([])
    world.append([.scheduleDue(ScheduleDue(pipeline: "gone", dueAt: world.now, nextAt: nil))], to: "schedule/gone")
    world.settle()
    #expect(world.runs.isEmpty && world.types("schedule/gone") == ["schedule_due"])
  }
}
