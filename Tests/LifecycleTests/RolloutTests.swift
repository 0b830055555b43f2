import Foundation
import Lifecycle
import Testing
import Values

struct RolloutTests {
  /// A world in which version 1 is the champion and a rollout of version 2 has just begun.
  static func rolling(_ specifications: Specifications = Simulation.spec) throws -> (Simulation, DeploymentID) {
    var world = Simulation(specifications)
    try world.release()
    let id = try world.propose()
    if world.deployment(id).phase == .awaitingApproval { try world.approve(id, by: "olga") }
    return (world, id)
  }

  static let restored = TrafficPlan(current: v(1))

  @Test func `an endpoint's first version serves at once, and its holds still pass`() throws {
    var world = Simulation(Simulation.spec)
    let id = try world.propose()
    try world.approve(id, by: "olga")
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)))
    #expect(world.deployment(id).stage == 0 && world.champion == nil)
    world.advance(by: .seconds(35 * 60 - 1))
    #expect(world.deployment(id).word == "baking" && world.champion == nil)
    world.advance(by: .seconds(1))
    #expect(world.deployment(id).word == "completed" && world.champion == v(1))
    #expect(world.endpoint().good == [v(1)] && world.endpoint().replaced == nil)
  }

  @Test func `a rollout goes from stage to stage as holds pass, and completes after the bake`() throws {
    var (world, id) = try Self.rolling()
    var plans = [world.endpoint().plan]
    for hold in [5, 10, 10] {
      world.advance(by: .seconds(hold * 60))
      plans.append(world.endpoint().plan)
    }
    #expect(
      plans == [
        TrafficPlan(current: v(1), candidate: v(2), shadow: true), TrafficPlan(current: v(1), candidate: v(2), share: 5),
        TrafficPlan(current: v(1), candidate: v(2), share: 50), TrafficPlan(current: v(2)),
      ])
    #expect(world.champion == v(1), "the alias moves only after the bake")
    #expect(world.endpoint().replaced == v(1) && world.endpoint().deployment == id)
    world.advance(by: .seconds(600))
    #expect(world.champion == v(2))
    #expect(world.types(id.stream).filter { $0 == "stage_entered" }.count == 4)
    #expect(world.types(id.stream).last == "deployment_completed")
    #expect(world.endpoint().rollout == nil && world.endpoint().good == [v(1), v(2)])
  }

  @Test func `stages without holds follow each other at once`() throws {
    let stages = [RolloutStage(traffic: 50), RolloutStage(traffic: 100)]
    var world = Simulation(Simulation.spec.with { $0.endpoints = [Specifications.endpoint(approvals: 0, stages: stages)] })
    let id = try world.propose()
    #expect(world.deployment(id).word == "completed")
  }

  @Test func `two stages of all traffic keep what was replaced`() throws {
    let stages = [RolloutStage(traffic: 100, hold: .minutes(1)), RolloutStage(traffic: 100, hold: .minutes(1))]
    var (world, _) = try Self.rolling(Simulation.spec.with { $0.endpoints = [Specifications.endpoint(approvals: 0, stages: stages)] })
    #expect(world.endpoint().replaced == v(1))
    world.advance(by: .seconds(60))
    #expect(world.endpoint().replaced == v(1))
  }

  @Test func `one endpoint has one rollout at a time`() throws {
    var (world, id) = try Self.rolling()
    let next = try world.propose()
    try world.approve(next, by: "olga")
    #expect(throws: Refusal.conflict("deployment \(id) is being rolled out")) { try world.endpoint().startRollout(next, world.deployment(next)) }
    #expect(world.deployment(next).word == "rolling" && world.deployment(next).stage == nil)
  }

  @Test func `two endpoints of one model roll out beside each other`() throws {
    let other = Specifications.pipeline("second", trigger: [], deploy: "canary")
    var world = Simulation(
      Simulation.spec.with {
        $0.endpoints = [Specifications.endpoint(approvals: 0), Specifications.endpoint("canary", approvals: 0)]
        $0.pipelines.append(other)
      })
    let first = try world.propose()
    let second = try world.propose(other)
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)) && world.endpoint("canary").plan == TrafficPlan(current: v(2)))
    world.advance(by: .seconds(3600))
    #expect(world.deployment(first).word == "completed" && world.deployment(second).word == "completed")
  }

  @Test func `a paused rollout stays in its stage, also when the hold is over, until it is resumed`() throws {
    var (world, id) = try Self.rolling()
    try world.command(id, .pause(reason: "latency"))
    #expect(world.deployment(id).word == "paused")
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).stage == 0)
    try world.command(id, .resume(reason: nil))
    #expect(world.deployment(id).stage == 1, "the hold was over")
  }

  @Test func `a rollout resumed before its hold is over waits for it`() throws {
    var (world, id) = try Self.rolling()
    try world.command(id, .pause(reason: nil))
    world.advance(by: .seconds(60))
    try world.command(id, .resume(reason: nil))
    #expect(world.deployment(id).stage == 0)
    world.advance(by: .seconds(240))
    #expect(world.deployment(id).stage == 1)
  }

  @Test func `pausing twice and resuming what is not paused are refused`() throws {
    var (world, id) = try Self.rolling()
    #expect(throws: Refusal.conflict("the deployment is not paused: it is rolling")) { try world.command(id, .resume(reason: nil)) }
    try world.command(id, .pause(reason: nil))
    #expect(throws: Refusal.conflict("the deployment is paused already")) { try world.command(id, .pause(reason: nil)) }
    try world.command(id, .abort(reason: nil))
    #expect(throws: Refusal.conflict("only a rollout under way can be paused: the deployment is aborted")) {
      try world.command(id, .pause(reason: nil))
    }
  }

  @Test func `a rollout paused before it began begins when it is resumed`() throws {
    var (world, first) = try Self.rolling()
    let next = try world.propose()
    try world.approve(next, by: "olga")
    try world.command(next, .pause(reason: nil))
    world.advance(by: .seconds(3600))
    #expect(world.deployment(first).word == "completed" && world.deployment(next).stage == nil)
    try world.command(next, .resume(reason: nil))
    #expect(world.deployment(next).stage == 0)
  }

  @Test(arguments: 0..<4)
  func `an abort restores what served, at each stage`(stage: Int) throws {
    var (world, id) = try Self.rolling()
    world.advance(by: .seconds([0, 300, 900, 1500][stage]))
    #expect(world.deployment(id).stage == stage)
    try world.command(id, .abort(reason: "enough"))
    #expect(world.deployment(id).word == "aborted")
    #expect(world.endpoint().plan == Self.restored && world.endpoint().rollout == nil && world.endpoint().pending == nil)
    #expect(world.champion == v(1) && world.endpoint().good == [v(1)])
    #expect(world.endpoint().replaced == nil && !world.endpoint().isGuarded)
    world.advance(by: .seconds(86_400))
    #expect(world.deployment(id).stage == stage && world.endpoint().plan == Self.restored)
    #expect(throws: Refusal.conflict("the deployment is aborted already")) { try world.command(id, .abort(reason: nil)) }
  }

  @Test func `an abort before the first stage's traffic moved asks for what serves all the same`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    world.deployer = .down
    let id = try world.propose()
    try world.approve(id, by: "olga")
    try world.command(id, .abort(reason: nil))
    #expect(world.endpoint().pending?.order == TrafficRequested(plan: Self.restored, purpose: .restore, deployment: id, stage: nil))
    world.deployer = .working
    world.settle()
    #expect(world.endpoint().plan == Self.restored && world.deployment(id).stage == nil)
  }

  @Test func `an aborted paused rollout is over`() throws {
    var (world, id) = try Self.rolling()
    try world.command(id, .pause(reason: nil))
    try world.command(id, .abort(reason: nil))
    #expect(world.deployment(id).word == "aborted" && world.endpoint().plan == Self.restored)
  }

  @Test func `the next rollout starts only after the traffic of an aborted one is restored`() throws {
    var (world, id) = try Self.rolling()
    let next = try world.propose()
    try world.approve(next, by: "olga")
    world.deployer = .down
    try world.command(id, .abort(reason: nil))
    #expect(world.endpoint().rollout == nil)
    world.deployer = .working
    world.settle()
    #expect(world.deployment(next).stage == 0)
    #expect(world.endpoint().rollout?.base == v(1))
  }

  @Test func `the first version of an endpoint, aborted, goes on serving until another comes`() throws {
    var world = Simulation(Simulation.spec)
    let id = try world.propose()
    try world.approve(id, by: "olga")
    try world.command(id, .abort(reason: nil))
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)) && world.endpoint().good.isEmpty)
    try world.release()
    #expect(world.champion == v(2))
  }

  @Test func `a move that fails three times aborts the rollout`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    world.deployer = .failing
    let id = try world.propose()
    try world.approve(id, by: "olga")
    world.advance(by: .seconds(60))
    #expect(world.deployment(id).word == "aborted")
    let failures = world.records("endpoint/prod").compactMap { if case .trafficMoveFailed(let fact) = $0.fact { fact } else { nil } }
    #expect(failures.map(\.attempt) == [1, 2, 3])
    #expect(failures.map { $0.retryAt != nil } == [true, true, false])
    #expect(world.endpoint().plan == Self.restored && world.endpoint().pending == nil && world.endpoint().rollout == nil)
    guard case .deploymentAborted(let remark) = try world.records(id.stream).last.unwrapped.fact else { throw Missing() }
    #expect(remark.reason == "traffic could not be moved: the server is deaf")
  }

  @Test func `a move that fails in a later stage restores what served, however often that fails`() throws {
    var (world, id) = try Self.rolling()
    world.advance(by: .seconds(300))
    world.deployer = .failing
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).word == "aborted")
    #expect(world.endpoint().pending?.order.purpose == .restore)
    world.deployer = .working
    world.advance(by: .seconds(60))
    #expect(world.endpoint().plan == Self.restored)
  }

  @Test func `a move that works at last goes on as if nothing had been`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    world.deployer = .failing
    let id = try world.propose()
    try world.approve(id, by: "olga")
    world.deployer = .working
    world.advance(by: .seconds(1))
    #expect(world.deployment(id).stage == 0)
  }

  @Test func `a failed move aborts its own rollout, and not another deployment of the same version`() throws {
    var (world, _) = try Self.rolling()
    world.advance(by: .seconds(3600))
    let one = try world.promote(v(1), by: "otto")
    try world.approve(one, by: "olga")
    let two = try world.promote(v(1), by: "otto")
    world.deployer = .failing
    world.advance(by: .seconds(3600))
    #expect(world.deployment(one).word == "aborted")
    #expect(world.deployment(two).word == "awaiting_approval")
  }

  @Test func `a stage that asks for a conclusive comparison waits for one`() throws {
    let stages = [RolloutStage(traffic: 50, hold: .minutes(1), requireConclusive: true), RolloutStage(traffic: 100, hold: .minutes(1))]
    var (world, id) = try Self.rolling(Simulation.spec.with { $0.endpoints = [Specifications.endpoint(stages: stages)] })
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).stage == 0)
    world.label(0.9, arms: [v(1): 0.9, v(2): 0.9], rows: 50)
    #expect(world.deployment(id).stage == 0, "an inconclusive one is no answer")
    world.label(0.9, arms: [v(1): 0.9, v(2): 0.9])
    #expect(world.deployment(id).stage == 1)
  }

  @Test func `a conclusive comparison before the hold is over does not cut it short`() throws {
    let stages = [RolloutStage(traffic: 50, hold: .minutes(30), requireConclusive: true), RolloutStage(traffic: 100)]
    var (world, id) = try Self.rolling(Simulation.spec.with { $0.endpoints = [Specifications.endpoint(stages: stages)] })
    world.label(0.9, arms: [v(1): 0.9, v(2): 0.9])
    #expect(world.deployment(id).stage == 0)
    world.advance(by: .seconds(1800))
    #expect(world.deployment(id).word == "completed")
  }

  @Test func `each stage asks for a comparison of its own`() throws {
    let stages = [RolloutStage(traffic: 50, hold: .minutes(5), requireConclusive: true), RolloutStage(traffic: 100, requireConclusive: true)]
    var (world, id) = try Self.rolling(Simulation.spec.with { $0.endpoints = [Specifications.endpoint(stages: stages)] })
    world.label(0.9, arms: [v(1): 0.9, v(2): 0.9])
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).word == "baking")
    world.label(0.9)
    world.compare(difference: nil)
    #expect(world.deployment(id).word == "baking")
    world.label(0.9)
    world.compare(difference: 0)
    #expect(world.deployment(id).word == "completed")
  }

  @Test func `a shadow stage and a first version wait for no comparison, as there is none`() throws {
    let stages = [RolloutStage(shadow: true, traffic: 0, requireConclusive: true), RolloutStage(traffic: 100, requireConclusive: true)]
    let specifications = Simulation.spec.with { $0.endpoints = [Specifications.endpoint(stages: stages)] }
    var (world, id) = try Self.rolling(specifications)
    #expect(world.champion == v(1))
    #expect(world.deployment(id).word == "baking")
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).word == "baking")
  }

  @Test func `no rollout begins while the endpoint is frozen, and what waits begins when it is thawed`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    try world.endpoint { try $0.freeze(reason: "audit") }
    let id = try world.propose()
    try world.approve(id, by: "olga")
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).stage == nil && world.endpoint().plan == Self.restored)
    try world.endpoint { try $0.thaw(reason: nil) }
    #expect(world.deployment(id).stage == 0)
  }

  @Test func `a rollout goes to no further stage while the endpoint is frozen, and goes on when it is thawed`() throws {
    var (world, id) = try Self.rolling()
    try world.endpoint { try $0.freeze(reason: "audit") }
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).stage == 0)
    try world.endpoint { try $0.thaw(reason: nil) }
    #expect(world.deployment(id).stage == 1)
  }

  @Test func `a rollout under way can be aborted and rolled back while the endpoint is frozen`() throws {
    var (world, id) = try Self.rolling()
    try world.endpoint { try $0.freeze(reason: "audit") }
    var other = world
    try world.command(id, .abort(reason: nil))
    #expect(world.endpoint().plan == Self.restored)
    try other.rollBack()
    #expect(other.endpoint().plan == Self.restored && other.deployment(id).word == "rolled_back")
  }

  @Test func `freezing twice and thawing what is warm are refused`() throws {
    var world = Simulation(Simulation.spec)
    #expect(throws: Refusal.conflict("the endpoint is neither frozen nor guarded after a rollback")) { try world.endpoint { try $0.thaw(reason: nil) } }
    try world.endpoint { try $0.freeze(reason: nil) }
    #expect(throws: Refusal.conflict("the endpoint is frozen already")) { try world.endpoint { try $0.freeze(reason: nil) } }
    #expect(throws: Refusal.unknown("there is no such endpoint")) { try EndpointState().freeze(reason: nil) }
    #expect(throws: Refusal.unknown("there is no such endpoint")) { try EndpointState().thaw(reason: nil) }
  }

  @Test func `a version that serves is not rolled out over itself`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    let id = try world.promote(v(1))
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).stage == nil && world.endpoint().rollout == nil)
  }

  @Test func `a move that is no longer asked for is not recorded`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    world.deployer = .down
    let id = try world.propose()
    try world.approve(id, by: "olga")
    let asked = try world.endpoint().pending.unwrapped.event
    try world.command(id, .abort(reason: nil))
    #expect(throws: Refusal.conflict("another change of traffic was asked for meanwhile")) { try world.endpoint().recordMove(request: asked, token: 1) }
    #expect(throws: Refusal.conflict("another change of traffic was asked for meanwhile")) {
      try world.endpoint().recordMoveFailure(request: asked, reason: "", at: world.now)
    }
  }

  @Test func `a stage is asked for once, however often its time comes`() throws {
    var (world, id) = try Self.rolling()
    world.deployer = .down
    world.advance(by: .seconds(300))
    let requests = world.types("endpoint/prod").filter { $0 == "traffic_requested" }.count
    world.label(0.9, arms: [:])
    try world.command(id, .pause(reason: nil))
    try world.command(id, .resume(reason: nil))
    #expect(world.types("endpoint/prod").filter { $0 == "traffic_requested" }.count == requests)
  }

  @Test func `the plan of a rollout is that of its proposal, whatever is declared meanwhile`() throws {
    var (world, id) = try Self.rolling()
    world.append([.endpointDefined(Specifications.endpoint(stages: [RolloutStage(traffic: 100)]))], to: "endpoint/prod", by: "ann")
    world.advance(by: .seconds(300))
    #expect(world.endpoint().plan == TrafficPlan(current: v(1), candidate: v(2), share: 5))
    _ = id
  }
}
