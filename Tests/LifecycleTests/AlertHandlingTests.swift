import Foundation
import Lifecycle
import Testing
import Values

/// Silences, inhibition and groups: who is told what, and when. And what alerts do by themselves.
@Suite struct AlertHandlingTests {
  static func world(_ rules: [AlertRuleSpecification]) -> Simulation { Simulation(Simulation.spec.with { $0.rules = rules }) }

  static func drifted(_ change: (inout AlertRuleSpecification) -> Void = { _ in }) -> AlertRuleSpecification {
    var rule = AlertRuleSpecification(name: "drifted", monitor: "live", when: AlertCondition(metric: "drift.share", .atLeast(0.2)), notify: ["ops"])
    change(&rule)
    return rule
  }

  static func silence(_ world: inout Simulation, _ matching: SilenceMatcher, for span: Duration) throws -> SilenceID {
    let id = SilenceID(UUID(namespace: Simulation.namespace, name: "silence/\(world.log.count)"))
    let facts = try SilenceState().start(SilenceStarted(matching: matching, untilAt: world.now + span, reason: "quiet"), at: world.now)
    world.append(facts, to: id.stream, by: "olga")
    world.settle()
    return id
  }

  @Test func `an alert that fires through a silence is told when it ends`() throws {
    var world = Self.world([Self.drifted()])
    let id = try Self.silence(&world, SilenceMatcher(monitor: "live"), for: .seconds(600))
    world.measure(0.5)
    #expect(world.messages.isEmpty && world.firing.count == 1)
    world.advance(by: .seconds(600))
    #expect(world.types(id.stream) == ["silence_started", "deadline_passed", "silence_ended"])
    #expect(world.messages.map(\.state) == ["firing"])
    world.measure(0.0)
    #expect(world.messages.map(\.state) == ["firing", "resolved"])
  }

  @Test func `an alert that came and went in a silence is told when it ends`() throws {
    var world = Self.world([Self.drifted()])
    let id = try Self.silence(&world, SilenceMatcher(rule: "drifted"), for: .seconds(6000))
    world.measure(0.5)
    world.measure(0.0)
    #expect(world.messages.isEmpty)
    world.append(try world.state(id.stream, SilenceState.self).end(reason: nil), to: id.stream, by: "olga")
    world.settle()
    #expect(world.messages.map(\.state) == ["resolved"])
    #expect(world.messages[0].text.contains("it came and went while nobody was to be told"))
    world.advance(by: .seconds(7000))
    #expect(world.messages.count == 1)
  }

  @Test func `an alert that people know of and that resolves in a silence is told when it ends`() throws {
    var world = Self.world([Self.drifted()])
    world.measure(0.5)
    _ = try Self.silence(&world, SilenceMatcher(model: "m"), for: .seconds(600))
    world.measure(0.0)
    #expect(world.messages.map(\.state) == ["firing"])
    world.advance(by: .seconds(700))
    #expect(world.messages.map(\.state) == ["firing", "resolved"])
  }

  @Test func `a silence of something else silences nothing`() throws {
    var world = Self.world([Self.drifted()])
    _ = try Self.silence(&world, SilenceMatcher(monitor: "live", rule: "other"), for: .seconds(600))
    _ = try Self.silence(&world, SilenceMatcher(monitor: "other"), for: .seconds(600))
    world.measure(0.5)
    #expect(world.messages.count == 1)
    #expect(!SilenceMatcher().matches(AlertSubject(rule: "r", severity: "info", notify: [])), "one that names nothing is about nothing")
  }

  @Test func `a silence cannot begin twice, nor end twice, nor be over before it begins`() throws {
    let now = Timestamp(seconds: 100)
    var state = SilenceState()
    #expect(throws: Refusal.self) { try state.start(SilenceStarted(matching: SilenceMatcher(rule: "r"), untilAt: now, reason: nil), at: now) }
    #expect(throws: Refusal.unknown("there is no such silence")) { try state.end(reason: nil) }
    for fact in try state.start(SilenceStarted(matching: SilenceMatcher(rule: "r"), untilAt: now + .seconds(1), reason: nil), at: now)
      + [.silenceEnded(SilenceEnded(reason: nil))]
    {
      state.evolve(
        FactRecord(fact, id: UUID(), stream: "silence/x", version: 1, position: nil, actor: "a", principal: "p", at: now, correlation: nil))
    }
    #expect(throws: Refusal.conflict("the silence is over already")) { try state.end(reason: nil) }
  }

  @Test func `a dead source inhibits what is said about it`() {
    var dead = Self.drifted {
      $0.name = "dead"
      $0.when = .noData(.minutes(10))
    }
    dead.notify = ["ops"]
    let failing = AlertRuleSpecification(name: "training", monitor: "live", when: .outcome(.runFailed), notify: ["ops"])
    var world = Self.world([dead, Self.drifted(), failing])
    world.advance(by: .seconds(700))
    #expect(world.messages.map(\.title) == ["dead fires on live"])
    // Something about the monitor while its source is dead.
    let run = world.retrain(Simulation.spec.pipelines[0], by: "dora")
    try? world.start(run)
    try? world.fail(run, retryable: false)
    #expect(world.firing.count == 2 && world.messages.count == 1)
    world.measure(0.0)
    #expect(Set(world.messages.dropFirst().map(\.title)) == ["dead is resolved on live", "training fires on live"])
  }

  @Test func `a rule inhibits another one that says so`() {
    let quality = AlertRuleSpecification(name: "unsure", monitor: "live", when: AlertCondition(metric: "mean_confidence", .below(0.95)), notify: ["ops"])
    var inhibited = quality
    inhibited.inhibitedBy = ["drifted"]
    var world = Self.world([Self.drifted(), inhibited])
    world.measure(0.5)
    #expect(world.firing.count == 2)
    #expect(world.messages.map(\.title) == ["drifted fires on live"])
    world.measure(0.0)
    #expect(world.messages.map(\.title) == ["drifted fires on live", "drifted is resolved on live", "unsure fires on live"])
  }

  @Test func `alerts of a group are told together, and their end when all are over`() {
    let group = AlertGrouping(by: .monitor, wait: .minutes(2))
    let unsure = AlertRuleSpecification(
      name: "unsure", monitor: "live", when: AlertCondition(metric: "drift.share", .atLeast(0.6)), group: group, notify: ["ops"])
    var world = Self.world([Self.drifted { $0.group = group }, unsure])
    world.measure(0.9)
    #expect(world.messages.isEmpty && world.firing.count == 2)
    world.advance(by: .seconds(120))
    #expect(world.messages.map(\.title) == ["2 alerts fire on live"])
    world.measure(0.3)
    #expect(world.messages.count == 1 && world.firing.count == 1)
    world.measure(0.9)
    #expect(world.messages.last?.title == "unsure fires too on live")
    world.measure(0.0)
    #expect(world.messages.last?.title == "3 alerts are over on live")
    #expect(Set(world.messages.compactMap(\.alert)).count == 1, "they stay in one conversation")
  }

  @Test func `a group of one that is over before anybody was told is not worth a message`() {
    var world = Self.world([Self.drifted { $0.group = AlertGrouping(by: .rule, wait: .minutes(5)) }])
    world.measure(0.9)
    world.measure(0.0)
    world.advance(by: .seconds(1000))
    #expect(world.messages.isEmpty)
    world.measure(0.9)
    world.advance(by: .seconds(400))
    #expect(world.messages.map(\.title) == ["drifted fires on live"])
  }

  // MARK: actions

  @Test func `an action is done as often a day as its guard allows, and the log says when it was not`() throws {
    var world = Self.world([Self.drifted { $0.actions = [AlertAction(.freeze(endpoint: "prod"), atMostADay: 1)] }])
    world.measure(0.5)
    #expect(world.types("endpoint/prod").contains("endpoint_frozen"))
    world.append(try world.endpoint().thaw(reason: nil), to: "endpoint/prod", by: "olga")
    world.measure(0.0)
    world.measure(0.5)
    #expect(!world.endpoint().isFrozen)
    #expect(world.types(world.alerts[1].stream).contains("action_withheld"))
    world.measure(0.0)
    world.advance(by: .seconds(86_400))
    world.measure(0.5)
    #expect(world.endpoint().isFrozen)
  }

  @Test func `an action waits for its severity and keeps to its hours`() {
    let actions = [
      AlertAction(.command(["page"]), severity: .critical), AlertAction(.call(url: "http://127.0.0.1"), hours: HoursOfDay(between: "08:00-18:00")),
    ]
    var world = Self.world([
      Self.drifted {
        $0.actions = actions
        $0.levels = [SeverityLevel(.atLeast(0.8), .critical)]
      }
    ])
    world.measure(0.5)
    #expect(world.types(world.alerts[0].stream) == ["alert_raised", "action_withheld"], "it is a minute past midnight")
    world.measure(0.9)
    world.measure(0.9)
    #expect(world.types(world.alerts[0].stream) == ["alert_raised", "action_withheld", "alert_escalated", "action_requested"])
  }

  @Test func `an alert can start a pipeline that no trigger starts`() {
    var world = Simulation(
      Simulation.spec.with {
        $0.rules = [Self.drifted { $0.actions = [AlertAction(.retrain(pipeline: "retrain"))] }]
        $0.pipelines = [Specifications.pipeline(trigger: [])]
      })
    world.measure(0.5)
    #expect(world.streams(of: "run").count == 1)
    world.measure(0.0)
    world.measure(0.5)
    #expect(world.streams(of: "run").count == 1, "one is under way")
  }

  @Test func `hours go by the clock of their place, over midnight too`() {
    let noon = Timestamp("2026-07-01T12:00:00Z")!
    #expect(HoursOfDay(between: "13:30-14:30", timeZone: "Europe/Berlin").contains(noon))
    #expect(!HoursOfDay(between: "08:00-14:00", timeZone: "Europe/Berlin").contains(noon))
    #expect(HoursOfDay(between: "22:00-13:00").contains(noon))
    #expect(HoursOfDay(between: "00:00-24:00").contains(noon))
    for nonsense in ["8-18", "08:00", "25:00-26:00", "08:00-08:00", "08:60-09:00"] { #expect(!HoursOfDay(between: nonsense).isValid, "\(nonsense)") }
  }
}
