import Foundation
import Lifecycle
import Values

/// SplitMix64: the same numbers for the same seed. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &self) }
  mutating func chance(_ percent: Int) -> Bool { roll(100) < percent }
}

/// Random histories: people, workers and the clock do anything at any time, and policies read when they like.
extension Simulation {
  /// - Parameter check: called after every step.
  static func random(seed: UInt64, steps: Int = 140, check: (Simulation) -> Void = { _ in }) -> Simulation {
    var dice = Dice(seed)
    var world = Simulation()
    let second = Specifications.pipeline("second", trigger: [.alerts(rule: "low", count: 2, within: .hours(2))], retries: 1, deploy: "canary")
    let specifications = Simulation.spec.with {
      $0.rules.append(
        AlertRuleSpecification(
          name: "low", monitor: "live", when: AlertCondition(metric: "accuracy", .below(0.8)), cooldown: dice.chance(50) ? .minutes(30) : .zero,
          notify: ["ops", "mail"]))
      $0.pipelines.append(second)
      $0.endpoints = [
        Specifications.endpoint(approvals: dice.roll(3)),
        Specifications.endpoint("canary", approvals: dice.roll(2), stages: [RolloutStage(traffic: 50, hold: .minutes(5)), RolloutStage(traffic: 100)]),
      ]
    }
    world.declare(specifications)
    for _ in 0..<steps {
      world.isLagging = dice.chance(60)
      world.seesAhead = dice.chance(50)
      world.step(&dice, specifications)
      check(world)
    }
    world.isLagging = false
    world.deployer = .working
    world.advance(by: .seconds(120))
    return world
  }

  private mutating func step(_ dice: inout Dice, _ specifications: Specifications) {
    let people = ["dora", "olga", "otto"]
    let actor = people[dice.roll(3)]
    switch dice.roll(15) {
    case 0, 1: measureRaw(&dice, .input)
    case 2, 3: measureRaw(&dice, .quality)
    case 4: retrain(specifications.pipelines[dice.roll(2)], by: actor)
    case 5, 6:
      if let run = activeRuns.randomElement(using: &dice) { work(run, &dice) }
    case 7, 8:
      if let id = deployments.randomElement(using: &dice) { try? command(id, anything(&dice, actor), by: actor) }
    case 9:
      for id in deployments where dice.chance(60) { try? approve(id, by: actor) }
    case 10:
      let name = dice.chance(70) ? "prod" : "canary"
      let version: VersionName? = dice.chance(30) ? v(1 + dice.roll(4)) : nil
      switch dice.roll(4) {
      case 0, 1: try? rollBackUnsettled(name, version, actor)
      case 2: try? endpoint(name, by: actor) { try $0.freeze(reason: nil) }
      default: try? endpoint(name, by: actor) { try $0.thaw(reason: nil) }
      }
    case 11: deployer = [.working, .working, .down, .failing][dice.roll(4)]
    case 12:
      if let id = alerts.randomElement(using: &dice), let facts = try? state(id.stream, AlertState.self).decide(.resolve(AlertResolved(reason: "x"))) {
        append(facts, to: id.stream, by: actor)
      }
    case 13: news(&dice, specifications)
    default: compare(difference: dice.chance(50) ? -0.2 : dice.chance(50) ? 0 : nil)
    }
    // Policies lag behind each other, now and then all catch up.
    if dice.chance(40) {
      isLagging = false
      advance(by: .seconds(dice.roll(900)))
    } else {
      now = now + .seconds(dice.roll(120))
      for _ in 0..<dice.roll(8) { read(dice.roll(readers.count), atMost: 1 + dice.roll(4)) }
      if dice.chance(30) { _ = deploy() }
    }
  }

  private var deployments: [DeploymentID] { streams(of: "deployment").compactMap { DeploymentID(stream: $0) } }

  private mutating func rollBackUnsettled(_ name: String, _ version: VersionName?, _ actor: String) throws {
    append(try endpoint(name).rollBack(to: version, automatic: false, reason: "x"), to: "endpoint/\(name)", by: actor)
  }

  private func anything(_ dice: inout Dice, _ actor: String) -> DeploymentCommand {
    switch dice.roll(6) {
    case 0: .overrideGate(reason: "x")
    case 1: .reject(reason: nil)
    case 2: .pause(reason: nil)
    case 3: .resume(reason: nil)
    case 4: .abort(reason: nil)
    default: .approve(by: person(actor), reason: nil, seenPosition: Int64(dice.roll(log.count + 1)))
    }
  }

  /// What changes the picture on which people approve.
  private mutating func news(_ dice: inout Dice, _ specifications: Specifications) {
    switch dice.roll(4) {
    case 0:
      var endpoint = specifications.endpoints[dice.roll(2)]
      if dice.chance(50) { endpoint.rollback = [] }
      append([.endpointDefined(endpoint)], to: "endpoint/\(endpoint.name)", by: "ann")
    case 1:
      var pipeline = specifications.pipelines[dice.roll(2)]
      if dice.chance(50) { pipeline.evaluate.gate.append(GateRule(metric: "f1", .absolute(.above(0.1)))) }
      append([.pipelineDefined(pipeline)], to: "pipeline/\(pipeline.name)", by: "ann")
    case 2:
      guard let id = alerts.randomElement(using: &dice) else { return }
      append([.alertEscalated(AlertEscalated(severity: "critical", reason: "x"))], to: id.stream, by: "kedge/alerting")
    default:
      guard let id = deployments.randomElement(using: &dice), let proposal = state(id.stream, DeploymentState.self).proposal, let run = proposal.run
      else { return }
      append(
        [
          .runEvaluated(
            RunEvaluated(
              model: "m", pipeline: "retrain", champion: nil, challenger: proposal.version, rows: 4, metrics: [:], difference: [:], gate: [],
              passed: dice.chance(50), deploy: nil))
        ], to: run.stream, by: "kedge/trainer")
    }
  }

  private mutating func work(_ run: RunID, _ dice: inout Dice) {
    if dice.chance(15) {
      try? start(run)
      try? fail(run, timedOut: dice.chance(30))
    } else if state(run.stream, RunState.self).phase == .evaluating {
      _ = try? evaluate(run, passed: dice.chance(75))
    } else {
      _ = try? train(run)
    }
  }

  private mutating func measureRaw(_ dice: inout Dice, _ part: Part) {
    now = now + .seconds(30)
    var window = window(dice.chance(15) ? "\(dice.roll(5))" : "\(log.count)")
    if dice.chance(10) { window.endAt = window.endAt - .seconds(300) }
    if part == .input {
      measure(window, dice.chance(50) ? 0.5 : 0.0, inconclusive: dice.chance(10))
    } else {
      let plan = endpoint().plan
      var arms: [VersionName: Double] = [:]
      if let plan { arms[plan.current] = 0.95 }
      if let candidate = plan?.candidate { arms[candidate] = dice.chance(40) ? 0.6 : 0.95 }
      label(window, dice.chance(50) ? 0.7 : 0.9, arms: arms, rows: dice.chance(15) ? 50 : 400)
    }
  }
}
