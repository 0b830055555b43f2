import Foundation
import Lifecycle
import Testing
import Values

/// What happened, told again under other declarations.
@Suite struct RerunTests {
  @Test func `under the same declarations the whole loop comes out as it did`() throws {
    let world = try loop()
    let (happened, again) = rerun(world)
    #expect(happened.alerts.count == 2)
    #expect(happened.rollbacks.count == 1)
    expectSame(again, happened)
    // Declared from the beginning instead of at the beginning.
    let declared = Hypothesis(declarations: [.rule(Simulation.spec.rules[0]), .pipeline(Simulation.spec.pipelines[0]), .endpoint(Simulation.spec.endpoints[0])])
    expectSame(rerun(world, declared).again, happened)
  }

  @Test func `a threshold that is never met raises nothing and requests nothing`() throws {
    var rule = Simulation.spec.rules[0]
    rule.when = AlertCondition(metric: "drift.share", .atLeast(0.99))
    let (happened, again) = try rerun(loop(), Hypothesis(declarations: [.rule(rule)]))
    #expect(!happened.alerts.isEmpty)
    #expect(again.alerts.isEmpty)
    // What people asked for stays, and what came of it.
    let byHand = happened.runs.filter { $0.reason == .person(nil) }
    #expect(again.runs.map(\.id) == byHand.map(\.id))
  }

  @Test func `without the rule nobody is alarmed`() throws {
    #expect(try rerun(loop(), Hypothesis(removed: [DeclarationKey(.rule, "drifted")])).again.alerts.isEmpty)
  }

  @Test func `a rule that needs fewer windows raises earlier, and its run is one that never happened`() throws {
    var world = Simulation(Simulation.spec)
    for share in [0.5, 0.0, 0.0] { world.measure(share) }
    var rule = Simulation.spec.rules[0]
    rule.for = 1
    let (happened, again) = rerun(world, Hypothesis(declarations: [.rule(rule)]))
    #expect(happened.alerts.isEmpty)
    #expect(again.alerts.map(\.raised.value) == [0.5])
    #expect(again.alerts.first?.end?.isFalse == false)
    #expect(again.runs.map(\.pipeline) == ["retrain"])
    #expect(again.proposals.isEmpty)
  }

  @Test func `a run that never happened occupies its pipeline as long as the last one took`() throws {
    var world = Simulation(Simulation.spec)
    let run = world.retrain(Simulation.spec.pipelines[0], by: "dora")
    try world.start(run)
    world.advance(by: .seconds(150))
    try world.fail(run, retryable: false)
    for share in [0.5, 0.0, 0.5, 0.0, 0.5, 0.0, 0.5, 0.0] { world.measure(share) }
    var rule = Simulation.spec.rules[0]
    rule.for = 1
    rule.resolveAfter = 1
    let (_, again) = rerun(world, Hypothesis(declarations: [.rule(rule)]))
    #expect(again.alerts.count == 4)
    // One a minute from the first on, every other a bad one: the second falls into the 150 s of the first, the third does not.
    #expect(again.runs.dropFirst().map(\.reason) == [again.alerts[0], again.alerts[2]].map { .alert($0.id, rule: "drifted") })
  }

  @Test func `a stricter gate holds what went through, a milder one lets through what was held`() throws {
    var world = Simulation(Simulation.spec)
    let good = try world.propose(passed: true)
    let bad = try world.propose(passed: false)
    let happened = rerun(world).happened
    #expect(happened.proposals.map(\.gatePassed) == [true, false])
    #expect(happened.proposals.map(\.id) == [good, bad])
    func gate(_ bound: MetricBound) -> Hypothesis {
      var pipeline = Simulation.spec.pipelines[0]
      pipeline.evaluate.gate = [GateRule(metric: "accuracy", .absolute(bound))]
      return Hypothesis(declarations: [.pipeline(pipeline)])
    }
    // The figures of these evaluations: 0.95 and 0.5.
    var figures = world
    figures.giveFigures()
    #expect(rerun(figures, gate(.above(0.99))).again.proposals.map(\.gatePassed) == [false, false])
    #expect(rerun(figures, gate(.above(0.4))).again.proposals.map(\.gatePassed) == [true, true])
    #expect(rerun(figures, gate(.above(0.9))).again.proposals.map(\.gatePassed) == [true, false])
  }

  @Test func `a wider margin leaves the new version where it is`() throws {
    let world = try loop()
    var endpoint = Simulation.spec.endpoints[0]
    endpoint.rollback = [RollbackRule(metric: "accuracy", .belowChampionBy(0.9), for: 2)]
    let (happened, again) = rerun(world, Hypothesis(declarations: [.endpoint(endpoint)]))
    #expect(happened.rollbacks.count == 1)
    #expect(again.rollbacks.isEmpty)
    expectSame(again.alerts, happened.alerts)
  }

  @Test func `an alert that a person ended ends so again`() throws {
    var world = Simulation(Simulation.spec)
    for share in [0.5, 0.5] { world.measure(share) }
    let id = try #require(world.firing.first)
    let facts = try world.state(id.stream, AlertState.self).decide(.markFalse(reason: "a test"))
    world.append(facts, to: id.stream, by: "olga")
    world.settle()
    for share in [0.5, 0.5] { world.measure(share) }
    let (happened, again) = rerun(world)
    #expect(happened.alerts.map { $0.end?.isFalse } == [true, nil])
    expectSame(again, happened)
  }

  @Test(arguments: 1...40)
  func `alerts of any history come out again, whatever else differs`(seed: Int) throws {
    var dice = Dice(UInt64(seed))
    var world = Simulation(Simulation.spec.with { $0.rules.append(contentsOf: RerunTests.rules) })
    for _ in 0..<80 {
      switch dice.roll(6) {
      case 0, 1, 2: world.measure(Double(dice.roll(10)) / 10, inconclusive: dice.roll(10) == 0)
      case 3: world.label(Double(dice.roll(10)) / 10)
      case 4:
        if let run = world.activeRuns.first {
          if dice.roll(3) == 0 { try world.fail(world.started(run), retryable: false) } else { try world.train(run) }
        }
      default:
        if let id = world.firing.first, dice.roll(2) == 0 {
          let facts = try world.state(id.stream, AlertState.self).decide(.resolve(AlertResolved(reason: "by hand")))
          world.append(facts, to: id.stream, by: "olga")
          world.settle()
        }
      }
    }
    let (happened, again) = rerun(world)
    expectSame(again.alerts, happened.alerts)
    #expect(again.runs.map(\.id) == happened.runs.map(\.id))
    #expect(!happened.alerts.isEmpty)
  }

  private static let rules = [
    AlertRuleSpecification(name: "jumpy", monitor: "live", when: AlertCondition(metric: "drift.share", .atLeast(0.8)), cooldown: .minutes(10)),
    AlertRuleSpecification(name: "wrong", monitor: "live", when: AlertCondition(metric: "accuracy", .below(0.5)), for: 2, resolveAfter: 3),
  ]

  // MARK: a story

  /// Drift, a run, a first version; drift again, a second one that does worse and is rolled back.
  private func loop() throws -> Simulation {
    var world = Simulation(Simulation.spec)
    for _ in 0..<2 {
      for share in [0.0, 0.5, 0.5] { world.measure(share) }
      let run = try #require(world.activeRuns.first)
      try world.train(run)
      let id = try #require(try world.evaluate(run, passed: true))
      try world.approve(id, by: "olga")
      for _ in 0..<3 { world.measure(0.0) }
      world.advance(by: .seconds(7200))
    }
    for _ in 0..<3 {
      world.label(0.7)
      world.compare(difference: -0.2)
    }
    world.advance(by: .seconds(7200))
    return world
  }

  private func rerun(_ world: Simulation, _ hypothesis: Hypothesis = Hypothesis()) -> (happened: Outcomes, again: Outcomes) {
    var recorded = RecordedRuns()
    var happened = Outcomes()
    for record in world.log { recorded.take(record) }
    var rerun = Rerun(hypothesis, recorded: recorded)
    for record in world.log {
      happened.take(record)
      rerun.take(record, recordedAt: record.at)
    }
    return (happened, rerun.outcomes)
  }

  private func expectSame(_ one: Outcomes, _ other: Outcomes) {
    expectSame(one.alerts, other.alerts)
    #expect(one.runs.map(\.id) == other.runs.map(\.id))
    #expect(one.runs.map(\.reason) == other.runs.map(\.reason))
    #expect(one.proposals == other.proposals)
    #expect(one.rollbacks.map(\.endpoint) == other.rollbacks.map(\.endpoint))
    // The moves of traffic among their causes are others in each world.
    func decided(_ outcomes: Outcomes) -> [RollbackDecided] {
      outcomes.rollbacks.map { rollback in
        var decided = rollback.decided
        decided.because = nil
        return decided
      }
    }
    #expect(decided(one) == decided(other))
  }

  private func expectSame(_ one: [Outcomes.Alert], _ other: [Outcomes.Alert]) { #expect(one == other) }
}

extension Simulation {
  /// A run, under way.
  fileprivate mutating func started(_ run: RunID) throws -> RunID {
    if state(run.stream, RunState.self).phase == .requested { try start(run) }
    return run
  }

  /// Evaluations with the figures that their gates speak of.
  fileprivate mutating func giveFigures() {
    rewrite { fact in
      guard case .runEvaluated(var evaluation) = fact else { return fact }
      evaluation.metrics = ["challenger": ["accuracy": evaluation.gate.first?.value ?? 0]]
      return .runEvaluated(evaluation)
    }
  }
}
