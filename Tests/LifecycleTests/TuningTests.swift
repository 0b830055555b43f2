import Foundation
import Lifecycle
import Testing
import Values

/// Side by side with what happened, and thresholds from history.
@Suite struct TuningTests {
  /// Three incidents: one that people confirmed, one false alarm, one that nobody looked at.
  static func story() throws -> Simulation {
    var world = Simulation(
      Simulation.spec.with {
        $0.rules[0].for = 1
        $0.rules[0].resolveAfter = 1
      })
    func incident(_ share: Double) { for share in [0.0, 0.0, share, share, 0.0] { world.measure(share) } }
    func handle(_ command: AlertCommand) throws {
      world.append(try world.alert(world.alerts.count - 1).decide(command), to: world.alerts.last!.stream, by: "olga")
    }
    world.measure(0.0)
    world.measure(0.9)
    try handle(.acknowledge(reason: nil))
    world.measure(0.0)
    incident(0.3)
    try handle(.markFalse(reason: "a test"))
    world.settle()
    incident(0.4)
    return world
  }

  static func outcomes(_ world: Simulation, _ hypothesis: Hypothesis) -> (Outcomes, Outcomes) {
    var happened = Outcomes()
    var rerun = Rerun(hypothesis)
    for record in world.log {
      happened.take(record)
      rerun.take(record, recordedAt: record.at)
    }
    return (happened, rerun.outcomes)
  }

  @Test func `precision and delay are those of what people said`() throws {
    let world = try Self.story()
    var rule = Simulation.spec.rules[0]
    rule.when = AlertCondition(metric: "drift.share", .atLeast(0.35))
    rule.for = 1
    let (happened, would) = Self.outcomes(world, Hypothesis(declarations: [.rule(rule)]))
    #expect(happened.alerts.map(\.mark) == [.confirmed, .falseAlarm, .unmarked])
    let verdict = RuleVerdict("drifted", happened: happened, wouldHaveHappened: would, since: nil)
    #expect(verdict.happened.raised == 3 && verdict.wouldHaveHappened.raised == 2)
    #expect(verdict.happened.precision == 0.5 && verdict.wouldHaveHappened.precision == 1)
    #expect(verdict.incidents == 1 && verdict.wouldHaveHappened.incidentsNoticed == 1)
    #expect(verdict.same == 2 && verdict.gone.map(\.mark) == [.falseAlarm] && verdict.new.isEmpty)
    #expect(verdict.wouldHaveHappened.medianDelay == .zero)
    // A rule that waits for windows that never come notices nothing.
    rule.for = 5
    let (_, never) = Self.outcomes(world, Hypothesis(declarations: [.rule(rule)]))
    let blind = RuleVerdict("drifted", happened: happened, wouldHaveHappened: never, since: nil)
    #expect(blind.wouldHaveHappened.incidentsNoticed == 0 && blind.wouldHaveHappened.medianDelay == nil && blind.wouldHaveHappened.precision == nil)
    #expect(RuleVerdict("drifted", happened: happened, wouldHaveHappened: would, since: world.now).happened.raised == 0)
  }

  @Test func `the suggested threshold is the most watchful one that raises as few alerts as wanted`() throws {
    let world = try Self.story()
    let (happened, _) = Self.outcomes(world, Hypothesis())
    var rule = Simulation.spec.rules[0]
    (rule.for, rule.resolveAfter) = (1, 1)
    let measurements = world.log.filter { if case .measurementRecorded = $0.fact { true } else { false } }
    // All of it lies within a day, which counts as the thirtieth part of a month.
    func search(_ wanted: Double) throws -> ThresholdSearch {
      try ThresholdSearch(rule, measurements: measurements, marked: happened.alerts, since: Timestamp(seconds: 0), wanted: wanted)
    }
    let two = try search(61)
    #expect(two.current.alerts == 3 && two.current.falseAlarms == 1 && two.current.incidentsNoticed == 1)
    let suggested = try #require(two.suggested)
    #expect(suggested.alerts == 2)
    #expect(suggested.limit > 0.3 && suggested.limit <= 0.4)
    #expect(two.candidates.last { $0.limit < suggested.limit }?.alerts == 3)
    // Below all that was measured there is one alert, which never ends: nothing to suggest.
    #expect(two.candidates[0].alerts == 1)
    #expect(try search(0).suggested?.alerts == 0)
    // Where less is worse, thresholds are sought on the other side.
    var below = rule
    below.when = AlertCondition(metric: "mean_confidence", .below(0.95))
    let low = try ThresholdSearch(below, measurements: measurements, marked: [], since: Timestamp(seconds: 0), wanted: 0)
    #expect(low.suggested.map { $0.limit < 0.95 } == true)
    below.when = .noData(.hours(1))
    #expect(throws: ThresholdSearch.Refusal.noComparison) {
      try ThresholdSearch(below, measurements: measurements, marked: [], since: Timestamp(seconds: 0), wanted: 0)
    }
  }

  @Test func `history that is measured in one go has an order all the same`() throws {
    // A day of windows within a minute: by the ends of its windows, each alert began before the one before it was over.
    var world = Simulation(
      Simulation.spec.with {
        $0.rules[0].for = 2
        $0.rules[0].resolveAfter = 1
      })
    var hour = 24
    func measure(_ share: Double) {
      world.advance(by: .seconds(1))
      var window = world.window("\(world.log.count)")
      window.endAt = world.now - .seconds(Int64(hour) * 3600)
      world.measure(window, share)
      hour -= 1
    }
    for share in [0.0, 0.9, 0.9] { measure(share) }
    world.append(try world.alert(0).decide(.acknowledge(reason: nil)), to: world.alerts[0].stream, by: "olga")
    for share in [0.0, 0.3, 0.3] { measure(share) }
    world.append(try world.alert(1).decide(.markFalse(reason: "a test")), to: world.alerts[1].stream, by: "olga")
    world.settle()
    for share in [0.0, 0.4, 0.4, 0.0] { measure(share) }
    var rule = Simulation.spec.rules[0]
    (rule.when, rule.for, rule.resolveAfter) = (AlertCondition(metric: "drift.share", .atLeast(0.35)), 2, 1)
    let (happened, would) = Self.outcomes(world, Hypothesis(declarations: [.rule(rule)]))
    let verdict = RuleVerdict("drifted", happened: happened, wouldHaveHappened: would, since: nil)
    #expect(verdict.happened.raised == 3 && verdict.happened.confirmed == 1 && verdict.happened.falseAlarms == 1)
    #expect(verdict.wouldHaveHappened.raised == 2 && verdict.wouldHaveHappened.precision == 1 && verdict.gone.count == 1)
  }
}
