import Foundation
import Lifecycle
import Testing
import Values

struct ComparisonTests {
  static func analyses(_ world: Simulation, _ id: DeploymentID) -> [AnalysisRecorded] {
    world.records(id.stream).compactMap { if case .analysisRecorded(let fact) = $0.fact { fact } else { nil } }
  }

  static func requests(_ world: Simulation) -> [ComparisonRequested] {
    world.log.compactMap { if case .comparisonRequested(let fact) = $0.fact { fact } else { nil } }
  }

  /// Version 2 answers half of the requests.
  static func sharing(_ specifications: Specifications = Simulation.spec) throws -> (Simulation, DeploymentID) {
    var (world, id) = try RolloutTests.rolling(specifications)
    world.advance(by: .seconds(900))
    #expect(world.endpoint().plan?.share == 50)
    return (world, id)
  }

  /// Version 2 has completed.
  static func completed(_ specifications: Specifications = Simulation.spec) throws -> (Simulation, DeploymentID) {
    var (world, id) = try RolloutTests.rolling(specifications)
    world.advance(by: .seconds(3600))
    return (world, id)
  }

  static let worse = [v(1): 0.95, v(2): 0.7]
  static let same = [v(1): 0.95, v(2): 0.95]

  // MARK: arms

  @Test func `a version that does worse beside the old one in as many windows as the rule asks for is rolled back`() throws {
    var (world, id) = try Self.sharing()
    world.label(0.8, arms: Self.worse)
    #expect(world.endpoint().rollout?.deployment == id, "one window is not two")
    world.label(0.8, arms: Self.worse)
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)) && world.endpoint().isGuarded && world.champion == v(1))
    #expect(world.deployment(id).word == "rolled_back")
    guard case .rollbackDecided(let decided) = try world.records("endpoint/prod").map(\.fact).first(where: { $0.type == "rollback_decided" }).unwrapped
    else { throw Missing() }
    #expect(decided.automatic && decided.from == v(2) && decided.to == v(1) && decided.deployment == id)
    #expect(decided.reason == "accuracy of m/2 is 0.7, that of m/1 is 0.95 (difference -0.25, -0.2783…-0.2217) in 2 windows in a row")
    let records = world.records(id.stream).filter { $0.fact.type == "analysis_recorded" }
    let moved = world.records("endpoint/prod").last { if case .trafficMoved(let fact) = $0.fact { fact.plan.candidate == v(2) } else { false } }
    #expect(decided.because == [records[0].id, try moved.unwrapped.id])
    let event = try world.records("endpoint/prod").first { $0.fact.type == "rollback_decided" }.unwrapped
    #expect(world.causes[event.id] == records[1].id && event.actor == "kedge/guarding")
  }

  @Test func `worse windows must be in a row`() throws {
    var (world, id) = try Self.sharing()
    world.label(0.8, arms: Self.worse)
    world.label(0.9, arms: Self.same)
    world.label(0.8, arms: Self.worse)
    #expect(world.deployment(id).phase == .rolling)
    #expect(Self.analyses(world, id).map(\.outcome) == [.worse, .notWorse, .worse])
  }

  @Test func `an inconclusive window counts neither way`() throws {
    var (world, id) = try Self.sharing()
    world.label(0.8, arms: Self.worse)
    world.label(0.8, arms: Self.worse, rows: 99)
    #expect(world.deployment(id).phase == .rolling)
    world.label(0.8, arms: [v(1): 0.9])
    #expect(world.deployment(id).phase == .rolling)
    #expect(Self.analyses(world, id).map(\.outcome) == [.worse, .inconclusive, .inconclusive])
    #expect(Self.analyses(world, id)[1].reason == "m/1 has 99 labelled rows and m/2 99, and each needs 100")
    world.label(0.8, arms: Self.worse)
    #expect(world.deployment(id).word == "rolled_back")
  }

  @Test func `a window measured again counts once`() throws {
    var (world, id) = try Self.sharing()
    let window = world.label(0.8, arms: Self.worse)
    world.label(window, 0.8, arms: Self.worse)
    world.label(window, 0.8, arms: Self.worse)
    #expect(world.deployment(id).phase == .rolling)
    #expect(Self.analyses(world, id).count == 1)
  }

  @Test func `a window measured twice before anybody looked counts once`() throws {
    var (world, id) = try Self.sharing()
    world.advance(by: .seconds(60))
    let window = world.window("w")
    var other = world
    other.label(window, 0.8, arms: Self.worse)
    let measured = try other.records("monitor/live").last.unwrapped.fact
    world.append([measured, measured], to: "monitor/live")
    world.settle()
    #expect(world.deployment(id).phase == .rolling)
  }

  @Test func `a window whose arms had too few labels counts when they have enough`() throws {
    var (world, id) = try Self.sharing(Simulation.spec.with { $0.endpoints[0].rollback[0].for = 1 })
    let window = world.label(0.8, arms: Self.worse, rows: 60)
    world.label(window, 0.8, arms: Self.worse)
    #expect(world.deployment(id).word == "rolled_back")
  }

  @Test func `a late window and one from before the rollout are not compared`() throws {
    var (world, id) = try Self.sharing()
    let late = world.window("late")
    world.label(0.9, arms: Self.same)
    world.label(late, 0.7, arms: Self.worse)
    #expect(Self.analyses(world, id).count == 1)
    var (fresh, other) = try Self.sharing()
    var before = fresh.window("before")
    before.endAt = before.endAt - .seconds(3600)
    fresh.label(before, 0.7, arms: Self.worse)
    #expect(Self.analyses(fresh, other).isEmpty)
  }

  @Test func `in shadow nothing is compared`() throws {
    var (world, id) = try RolloutTests.rolling()
    world.label(0.7, arms: Self.worse)
    #expect(Self.analyses(world, id).isEmpty)
  }

  @Test func `worse within the margin is not worse`() throws {
    var (world, id) = try Self.sharing(Simulation.spec.with { $0.endpoints[0].rollback[0].for = 1 })
    world.label(0.9, arms: [v(1): 0.95, v(2): 0.88])
    #expect(Self.analyses(world, id).map(\.outcome) == [.notWorse], "the interval reaches into the margin")
    #expect(world.deployment(id).phase == .rolling)
  }

  @Test func `windows count across stages`() throws {
    var (world, id) = try RolloutTests.rolling()
    world.advance(by: .seconds(300))
    world.label(0.8, arms: Self.worse)
    world.advance(by: .seconds(600))
    #expect(world.endpoint().plan?.share == 50)
    world.label(0.8, arms: Self.worse)
    #expect(world.deployment(id).word == "rolled_back")
  }

  @Test func `an endpoint without rules of rollback compares nothing`() throws {
    var (world, id) = try Self.sharing(Simulation.spec.with { $0.endpoints[0].rollback = [] })
    world.label(0.7, arms: Self.worse)
    #expect(Self.analyses(world, id).isEmpty)
  }

  @Test func `two rules on one metric are counted each for itself`() throws {
    let rules = [RollbackRule(metric: "accuracy", .belowChampionBy(0.01), for: 3), RollbackRule(metric: "accuracy", .belowChampionBy(0.2), for: 2)]
    var (world, id) = try Self.sharing(Simulation.spec.with { $0.endpoints[0].rollback = rules })
    world.label(0.9, arms: [v(1): 0.95, v(2): 0.85])
    world.label(0.9, arms: [v(1): 0.95, v(2): 0.85])
    #expect(world.deployment(id).phase == .rolling, "two windows met the lenient rule, which asks for three")
    world.label(0.9, arms: [v(1): 0.95, v(2): 0.6])
    #expect(world.deployment(id).word == "rolled_back")
    var (other, second) = try Self.sharing(Simulation.spec.with { $0.endpoints[0].rollback = rules })
    other.label(0.9, arms: [v(1): 0.95, v(2): 0.6])
    other.label(0.9, arms: [v(1): 0.95, v(2): 0.6])
    #expect(other.deployment(second).word == "rolled_back")
  }

  // MARK: paired

  @Test func `after all traffic went over both versions predict the labelled rows of a window`() throws {
    var (world, id) = try Self.completed()
    world.label(0.9)
    let request = try Self.requests(world).first.unwrapped
    #expect(request.champion == v(1) && request.challenger == v(2) && request.endpoint == "prod" && request.monitor == "live")
    #expect(request.specification.name == "retrain" && request.rules == Simulation.spec.endpoints[0].rollback)
    #expect(world.types(id.stream).last == "comparison_requested")
  }

  @Test(arguments: [false, true])
  func `a version found worse on the same rows for as many windows is rolled back, in the bake and after it`(baking: Bool) throws {
    var (world, id) = try RolloutTests.rolling()
    world.advance(by: .seconds(baking ? 1500 : 3600))
    world.label(0.7)
    world.compare(difference: -0.2)
    #expect(world.deployment(id).word == (baking ? "baking" : "completed"))
    world.label(0.7)
    world.compare(difference: -0.2)
    #expect(world.deployment(id).word == "rolled_back")
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)) && world.champion == v(1))
    #expect(world.types("model/m").last == (baking ? "version_registered" : "alias_moved"))
  }

  @Test func `an inconclusive pair counts neither way, and is asked for again when there are more labels`() throws {
    var (world, id) = try Self.completed()
    world.label(0.7)
    world.compare(difference: -0.2)
    let window = world.label(0.7)
    world.compare(difference: nil)
    #expect(world.deployment(id).phase == .completed)
    world.label(window, 0.7)
    world.compare(difference: -0.2)
    #expect(world.deployment(id).word == "rolled_back")
  }

  @Test func `a pair that has its answer is not asked for again`() throws {
    var (world, id) = try Self.completed()
    let window = world.label(0.7)
    world.compare(difference: -0.2)
    world.label(window, 0.7)
    #expect(Self.requests(world).count == 1)
    world.compare(difference: -0.2)
    #expect(world.deployment(id).phase == .completed)
  }

  @Test func `two answers for one window count once`() throws {
    var (world, id) = try Self.completed()
    world.label(0.7)
    let request = try Self.requests(world).first.unwrapped
    world.answer(request, in: id.stream, -0.2)
    world.answer(request, in: id.stream, -0.2)
    world.settle()
    #expect(world.deployment(id).phase == .completed)
  }

  @Test func `too few labels are inconclusive without being compared`() throws {
    var (world, id) = try Self.completed()
    world.label(0.7, rows: 99)
    #expect(Self.requests(world).isEmpty)
    #expect(Self.analyses(world, id).map(\.reason) == ["99 labelled rows, and 100 are needed"])
  }

  @Test func `without a pipeline there is nothing to compare with, which is said`() throws {
    var (world, id) = try Self.completed()
    world.append([.pipelineRemoved(Remark(reason: nil))], to: "pipeline/retrain", by: "ann")
    world.label(0.7)
    #expect(Self.analyses(world, id).map(\.reason) == ["no pipeline of m has an evaluation command"])
  }

  @Test func `of several pipelines the one that deploys to the endpoint compares`() throws {
    var (world, _) = try Self.completed(Simulation.spec.with { $0.pipelines.insert(Specifications.pipeline("a", deploy: nil), at: 1) })
    world.label(0.9)
    #expect(Self.requests(world).map(\.specification.name) == ["retrain"])
  }

  @Test func `a first version is not compared`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    world.label(0.5)
    #expect(Self.requests(world).isEmpty)
  }

  @Test func `a version reached by rollback is not compared`() throws {
    var (world, _) = try Self.completed()
    try world.rollBack()
    world.label(0.5)
    #expect(Self.requests(world).isEmpty)
  }

  @Test func `comparing ends when traffic next changes, also if the next rollout is called off`() throws {
    var (world, id) = try Self.completed()
    world.label(0.9)
    world.compare(difference: 0)
    let next = try world.propose()
    try world.approve(next, by: "olga")
    world.label(0.9)
    #expect(Self.requests(world).count == 1)
    try world.command(next, .abort(reason: nil))
    world.label(0.9)
    #expect(Self.requests(world).count == 1)
    #expect(Self.analyses(world, id).count == 1)
  }

  @Test func `after a rollback out of a stage the version that stayed is not compared with its own predecessor`() throws {
    var (world, _) = try Self.completed()
    let next = try world.propose()
    try world.approve(next, by: "olga")
    try world.rollBack()
    #expect(world.endpoint().plan == TrafficPlan(current: v(2)) && world.endpoint().good == [v(1), v(2)])
    world.label(0.5)
    #expect(Self.requests(world).isEmpty)
  }

  @Test func `an answer that comes after the version was left changes nothing`() throws {
    var (world, id) = try Self.completed(Simulation.spec.with { $0.endpoints[0].rollback[0].for = 1 })
    world.label(0.7)
    try world.rollBack()
    let count = world.log.count
    world.compare(difference: -0.3)
    #expect(world.log.count == count && world.deployment(id).word == "rolled_back")
  }

  @Test func `an answer about the champion that comes during the next rollout changes nothing`() throws {
    var (world, id) = try Self.completed(Simulation.spec.with { $0.endpoints[0].rollback[0].for = 1 })
    world.label(0.7)
    let next = try world.propose()
    try world.approve(next, by: "olga")
    world.compare(difference: -0.3)
    #expect(world.deployment(id).phase == .completed && world.deployment(next).phase == .rolling)
    #expect(world.alerts.isEmpty)
  }

  @Test func `a rollback that has no version to go to raises one alert, and traffic stays`() throws {
    var world = Simulation(Simulation.spec.with { $0.endpoints[0].rollback[0].for = 1 })
    // The first version never completed its bake.
    let first = try world.propose()
    try world.approve(first, by: "olga")
    try world.command(first, .abort(reason: nil))
    let second = try world.release()
    #expect(world.endpoint().rollbackTarget == nil && world.endpoint().replaced == v(1))
    for _ in 0..<3 {
      world.label(0.7)
      world.compare(difference: -0.2)
    }
    #expect(world.deployment(second).phase == .completed && world.endpoint().plan == TrafficPlan(current: v(2)))
    #expect(world.alerts.count == 1)
    #expect(world.alert(0).phase == .firing && world.alert(0).subject?.rule == "no-rollback-target" && world.alert(0).subject?.severity == "critical")
    #expect(world.types(world.alerts[0].stream) == ["alert_raised"])
    #expect(world.messages.map(\.title) == ["no-rollback-target fires on prod"])
    #expect(throws: Refusal.self) { try world.rollBack() }
  }

  @Test func `after a rollback the same version may come again and is judged anew`() throws {
    var (world, _) = try Self.completed()
    world.label(0.7)
    world.compare(difference: -0.2)
    try world.rollBack()
    let again = try world.promote(v(2))
    try world.approve(again, by: "olga")
    world.advance(by: .seconds(3600))
    world.label(0.7)
    world.compare(difference: -0.2)
    #expect(world.deployment(again).phase == .completed, "the window before the rollback does not count")
    world.label(0.7)
    world.compare(difference: -0.2)
    #expect(world.deployment(again).word == "rolled_back")
  }
}

struct ArmComparisonTests {
  static func measurement(_ old: (Double, [Double], Int)?, _ new: (Double, [Double], Int)?) -> MeasurementRecorded {
    var arms: [String: ArmMeasurement] = [:]
    for (name, arm) in [("m/1", old), ("m/2", new)] {
      if let arm { arms[name] = ArmMeasurement(rows: arm.2, metrics: ["accuracy": arm.0], intervals: ["accuracy": arm.1]) }
    }
    let now = Timestamp(seconds: 0)
    return MeasurementRecorded(
      window: WindowReference(id: WindowID(UUID()), startAt: now, endAt: now, source: ""), part: .quality, rows: 1000, drift: nil, columns: [],
      metrics: [:], byVersion: arms, late: false, inconclusive: false)
  }

  static let comparison = ArmComparison(champion: v(1), challenger: v(2), minimumRows: 100)
  static let rule = RollbackRule(metric: "accuracy", .belowChampionBy(0.05))

  @Test func `the interval of a difference is Newcombe's`() throws {
    // 56/70 against 48/80, hybrid score interval without continuity correction. Source: Newcombe (1998), Statistics in Medicine 17, 873,
    // table II, column (a), method 10: 0.2, 0.0524 to 0.3339.
    let old = (56.0 / 70, [0.6919, 0.8770], 70)
    let new = (48.0 / 80, [0.4904, 0.7004], 80)
    let analysis = ArmComparison(champion: v(1), challenger: v(2), minimumRows: 1).analyse(Self.measurement(old, new), rules: [Self.rule])
    let difference = try analysis.results.first.unwrapped.difference
    #expect(abs(difference[0] + 0.2) < 1e-9)
    #expect(abs(difference[1] + 0.3339) < 2e-4 && abs(difference[2] + 0.0524) < 2e-4)
    #expect(analysis.outcome == .worse, "the whole interval lies below -0.05")
    #expect(analysis.rows == 70 && analysis.kind == "arms")
  }

  @Test func `a missing arm, too few rows and a missing metric are inconclusive`() {
    let good = (0.9, [0.88, 0.92], 400)
    for measurement in [
      Self.measurement(nil, good), Self.measurement(good, nil), Self.measurement(nil, nil), Self.measurement(good, (0.5, [0.4, 0.6], 99)),
      Self.measurement(good, (0.5, [], 400)),
    ] {
      #expect(Self.comparison.analyse(measurement, rules: [Self.rule]).outcome == .inconclusive)
    }
    let other = Self.comparison.analyse(Self.measurement(good, good), rules: [RollbackRule(metric: "f1", .belowChampionBy(0.1))])
    #expect(other.outcome == .inconclusive && other.results.first?.outcome == .inconclusive)
  }

  @Test func `worse means that the interval lies beyond the margin, on the side of the rule`() {
    func outcome(_ rule: RollbackRule, _ difference: [Double]) -> AnalysisOutcome { rule.judge(champion: 1, challenger: 1, difference: difference).outcome }
    let above = RollbackRule(metric: "log_loss", .aboveChampionBy(0.1))
    #expect(outcome(Self.rule, [-0.1, -0.15, -0.051]) == .worse)
    #expect(outcome(Self.rule, [-0.1, -0.15, -0.05]) == .notWorse)
    #expect(outcome(Self.rule, [0.5, 0.4, 0.6]) == .notWorse)
    #expect(outcome(above, [0.2, 0.11, 0.3]) == .worse)
    #expect(outcome(above, [0.2, 0.1, 0.3]) == .notWorse)
    #expect(outcome(above, [-0.5, -0.6, -0.4]) == .notWorse)
    #expect(outcome(above, []) == .inconclusive)
    #expect(outcome(above, [.nan, 0, 1]) == .inconclusive)
    #expect(outcome(above, [0, -.infinity, .infinity]) == .inconclusive)
  }

  @Test func `one metric that is worse makes the analysis worse, and one answer makes it conclusive`() {
    func result(_ outcome: AnalysisOutcome) -> AnalysisResult {
      AnalysisResult(metric: "x", champion: nil, challenger: nil, difference: [], margin: 0, outcome: outcome)
    }
    #expect(AnalysisOutcome(of: [result(.notWorse), result(.worse), result(.inconclusive)]) == .worse)
    #expect(AnalysisOutcome(of: [result(.inconclusive), result(.notWorse)]) == .notWorse)
    #expect(AnalysisOutcome(of: [result(.inconclusive)]) == .inconclusive)
    #expect(AnalysisOutcome(of: []) == .inconclusive)
  }
}
