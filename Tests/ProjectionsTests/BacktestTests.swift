import EventLog
import Foundation
import Lifecycle
import PostgreSQL
import Projections
import TestSupport
import Testing
import Values

/// History read once more under other rules.
@Suite struct BacktestTests {
  @Test(arguments: Seed.batch(4))
  func `the same rules raise exactly the alerts that were raised`(seed: Seed) async throws {
    try await Story.with { story in
      let history = try await history(of: story, seed)
      let raised = try await story.texts("select id::text from kedge.alert where raised_at is not null order by id")
      try #require(raised.count > 3)
      let length = try await story.length()
      let work = try await story.texts("select to_jsonb(w)::text from kedge.work w order by id")
      for hypothesis in [Hypothesis(), Hypothesis(declarations: history.rules.map { .rule($0) })] {
        let report = try await Backtest(hypothesis, on: story.client).run()
        #expect(report.happened.alerts.map(\.id.description).sorted() == raised)
        #expect(report.wouldHaveHappened.alerts.map(\.id) == report.happened.alerts.map(\.id))
        #expect(report.wouldHaveHappened.alerts.map(\.raised) == report.happened.alerts.map(\.raised))
        #expect(report.wouldHaveHappened.alerts.map { $0.end?.reason } == report.happened.alerts.map { $0.end?.reason })
        #expect(report.wouldHaveHappened.runs.map(\.id) == report.happened.runs.map(\.id))
        #expect(!report.happened.runs.isEmpty)
        #expect(report.halted.isEmpty)
      }
      #expect(try await story.length() == length)
      #expect(try await story.texts("select to_jsonb(w)::text from kedge.work w order by id") == work)
    }
  }

  @Test(arguments: Seed.batch(4))
  func `other thresholds raise the alerts that a plain count of the windows does`(seed: Seed) async throws {
    try await Story.with { story in
      let history = try await history(of: story, seed, handled: false)
      for (threshold, windows, good) in [(0.3, 1, 1), (0.5, 2, 1), (0.7, 3, 2), (0.05, 1, 3)] {
        let rules = history.rules.map { rule in
          var rule = rule
          rule.when = AlertCondition(metric: "drift.share", .atLeast(threshold))
          (rule.for, rule.resolveAfter) = (.windows(windows), .windows(good))
          return rule
        }
        let report = try await Backtest(Hypothesis(declarations: rules.map { .rule($0) }), on: story.client).run()
        for rule in rules {
          let expected = alerts(history.shares[rule.monitor] ?? [], threshold, windows, good)
          let found = report.wouldHaveHappened.alerts.filter { $0.raised.subject.rule == rule.name }
          #expect(found.map(\.raised.value) == expected.map(\.value), "\(rule.name) at \(threshold)")
          #expect(found.map { $0.end != nil } == expected.map(\.isOver), "\(rule.name) at \(threshold)")
        }
      }
    }
  }

  @Test func `an event that cannot be read halts its stream, and the others count`() async throws {
    try await Story.with { story in
      try await declare(story, [rule("a", "m0")])
      try await measure(story, "m0", 0.9, 1)
      try await EventStore(story.client).append(
        [NewEvent(type: "rule_removed", schema: 99, data: [:])], to: StreamName("rule/b"), by: Attribution(actor: "x"))
      try await Sealer.seal(story.client)
      let report = try await Backtest(Hypothesis(), on: story.client).run()
      #expect(report.halted.map(\.text) == ["rule/b"])
      #expect(report.wouldHaveHappened.alerts.count == 1)
      #expect(report.happened.alerts.isEmpty)
    }
  }

  // MARK: a history

  private struct History {
    var rules: [AlertRuleSpecification]
    /// Of each monitor, the shares that count, in order.
    var shares: [String: [Double]] = [:]
  }

  private func rule(_ name: String, _ monitor: String, for windows: Int = 1) -> AlertRuleSpecification {
    AlertRuleSpecification(name: name, monitor: monitor, when: AlertCondition(metric: "drift.share", .atLeast(0.5)), for: .windows(windows), notify: ["ops"])
  }

  private func declare(_ story: Story, _ rules: [AlertRuleSpecification]) async throws {
    for monitor in Set(rules.map(\.monitor)).sorted() {
      try await story.append(
        [.monitorDefined(MonitorSpecification(name: monitor, model: "m", window: MonitorWindow(source: .files("/nowhere/*.csv"))))], "monitor/\(monitor)")
    }
    for rule in rules { try await story.append([.ruleDefined(rule)], "rule/\(rule.name)") }
    let pipeline = PipelineSpecification(
      name: "p", model: "m", trigger: rules.map { .alert(rule: $0.name) }, train: TrainSpecification(trainer: .command(["true"], directory: "/")),
      evaluate: EvaluateSpecification(command: ["true"], gate: [GateRule(metric: "accuracy", .absolute(.above(0.9)))]))
    try await story.append([.pipelineDefined(pipeline)], "pipeline/p")
  }

  private func measure(_ story: Story, _ monitor: String, _ share: Double, _ end: Int64, late: Bool = false, inconclusive: Bool = false) async throws {
    let window = WindowReference(id: WindowID(UUID()), startAt: .init(seconds: end - 1), endAt: .init(seconds: end), source: "/w.csv")
    try await story.append(
      [
        .measurementRecorded(
          MeasurementRecorded(
            window: window, part: .input, rows: 200, drift: DriftVerdict(detected: share > 0.5, share: share, driftedColumns: []), columns: [],
            metrics: [:], late: late, inconclusive: inconclusive))
      ], "monitor/\(monitor)", by: "kedge/measurer")
  }

  /// Random windows of three monitors, policies that follow now and then, and people who end alerts.
  private func history(of story: Story, _ seed: Seed, handled: Bool = true) async throws -> History {
    var dice = seed.makeGenerator()
    var history = History(rules: [rule("a", "m0"), rule("b", "m1", for: 2), rule("c", "m2", for: 3)])
    try await declare(story, history.rules)
    try await story.catchUp(allFollowers())
    for round in 1...60 {
      let monitor = "m\(Int.random(in: 0..<3, using: &dice))"
      let share = (Double.random(in: 0...1, using: &dice) * 100).rounded() / 100
      let (late, inconclusive) = (Int.random(in: 0..<10, using: &dice) == 0, Int.random(in: 0..<10, using: &dice) == 0)
      try await measure(story, monitor, share, Int64(round), late: late, inconclusive: inconclusive)
      if !late, !inconclusive { history.shares[monitor, default: []].append(share) }
      guard Int.random(in: 0..<4, using: &dice) == 0 || round == 60 else { continue }
      try await story.catchUp(allFollowers())
      guard handled, Int.random(in: 0..<2, using: &dice) == 0 else { continue }
      if let id = try await story.texts("select id::text from kedge.alert where state = 'firing' order by id limit 1").first {
        let stream = "alert/\(id)"
        try await story.append(
          [Bool.random(using: &dice) ? .alertResolved(AlertResolved(reason: "by hand")) : .alertMarkedFalse(AlertHandled(reason: "no"))], stream, by: "olga")
      }
      if let run = try await story.texts("select id::text from kedge.run where state = 'requested' limit 1").first {
        try await story.append([.runCancelled(RunCancelled(reason: nil))], "run/\(run)", by: "olga")
      }
      try await story.catchUp(allFollowers())
    }
    return history
  }

  /// Counts windows the plain way.
  private func alerts(_ shares: [Double], _ threshold: Double, _ needed: Int, _ goodNeeded: Int) -> [(value: Double?, isOver: Bool)] {
    var alerts: [(value: Double?, isOver: Bool)] = []
    var (bad, good, fires) = (0, 0, false)
    for share in shares {
      if share >= threshold {
        (bad, good) = (bad + 1, 0)
        if !fires, bad >= needed {
          fires = true
          alerts.append((share, false))
        }
      } else {
        (bad, good) = (0, good + 1)
        if fires, good >= goodNeeded {
          fires = false
          alerts[alerts.count - 1].isOver = true
        }
      }
    }
    return alerts
  }
}
