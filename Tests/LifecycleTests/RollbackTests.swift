import Foundation
import Lifecycle
import Testing
import Values

struct RollbackTests {
  /// The points of a rollout of version 2 over version 1, in seconds after it began; nil: before its first traffic moved.
  static let points: [(name: String, seconds: Int?)] = [
    ("before the first stage", nil), ("in shadow", 0), ("at 5 %", 300), ("at 50 %", 900), ("in the bake", 1500), ("after completion", 2100),
  ]

  static func world(at point: Int) throws -> (Simulation, DeploymentID) {
    guard let seconds = points[point].seconds else {
      var world = Simulation(Simulation.spec)
      try world.release()
      world.deployer = .down
      let id = try world.propose()
      try world.approve(id, by: "olga")
      return (world, id)
    }
    var (world, id) = try RolloutTests.rolling()
    world.advance(by: .seconds(seconds))
    return (world, id)
  }

  @Test(arguments: 0..<6)
  func `a rollback by hand goes back to the last good version from every point of a rollout`(point: Int) throws {
    var (world, id) = try Self.world(at: point)
    try world.rollBack()
    world.deployer = .working
    world.settle()
    let endpoint = world.endpoint()
    #expect(endpoint.plan == TrafficPlan(current: v(1)), "\(Self.points[point].name)")
    #expect(world.champion == v(1))
    #expect(world.deployment(id).word == "rolled_back")
    #expect(endpoint.good == [v(1)] && endpoint.rollout == nil && endpoint.pending == nil && endpoint.isGuarded)
    #expect(endpoint.replaced == nil, "a version reached by rollback is not compared")
    let facts = world.records("endpoint/prod").map(\.fact)
    #expect(facts.contains(.rolledBack(RolledBack(from: v(2), to: v(1)))))
    guard case .rollbackDecided(let decided) = try facts.first(where: { $0.type == "rollback_decided" }).unwrapped else { throw Missing() }
    #expect(decided == RollbackDecided(from: v(2), to: v(1), deployment: id, automatic: false, reason: "complaints"))
    world.advance(by: .seconds(86_400))
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)) && world.champion == v(1))
  }

  @Test(arguments: 0..<6)
  func `a rollback asked for again while it is under way changes nothing`(point: Int) throws {
    var (world, _) = try Self.world(at: point)
    world.deployer = .down
    try world.rollBack()
    #expect(throws: Refusal.conflict("the way back to m/1 is decided already and under way")) { try world.rollBack() }
    world.deployer = .working
    world.settle()
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)))
    #expect(world.types("endpoint/prod").filter { $0 == "rolled_back" }.count == 1)
  }

  @Test(arguments: 0..<6)
  func `a rollback under way can still be sent to another version`(point: Int) throws {
    var (world, _) = try Self.world(at: point)
    // Version 3 is registered and was never deployed.
    let run = world.retrain(Specifications.pipeline(deploy: nil), by: "dora")
    try world.train(run)
    world.deployer = .down
    try world.rollBack()
    try world.rollBack(to: v(3))
    world.deployer = .working
    world.settle()
    #expect(world.endpoint().plan == TrafficPlan(current: v(3)))
    #expect(world.records("endpoint/prod").map(\.fact).filter { $0.type == "rolled_back" } == [.rolledBack(RolledBack(from: v(2), to: v(3)))])
    #expect(world.champion == v(3), "what serves is the champion, as before")
  }

  @Test func `two rollbacks in a row go back two versions`() throws {
    var world = Simulation(Simulation.spec)
    let ids = try (1...3).map { _ in try world.release() }
    #expect(world.champion == v(3) && world.endpoint().good == [v(1), v(2), v(3)])
    try world.rollBack()
    #expect(world.champion == v(2) && world.endpoint().plan == TrafficPlan(current: v(2)))
    try world.rollBack()
    #expect(world.champion == v(1) && world.endpoint().plan == TrafficPlan(current: v(1)))
    #expect(ids.map { world.deployment($0).word } == ["completed", "rolled_back", "rolled_back"])
    #expect(throws: Refusal.conflict("no version before m/1 completed its bake at prod, so there is none to go back to; name one with --to")) {
      try world.rollBack()
    }
  }

  @Test func `a version that was rolled back is no target until it completes a bake again`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    try world.release()
    try world.rollBack()
    try world.release()
    #expect(world.champion == v(3) && world.endpoint().rollbackTarget == v(1))
    let again = try world.promote(v(2))
    try world.approve(again, by: "olga")
    world.advance(by: .seconds(3600))
    #expect(world.champion == v(2) && world.endpoint().rollbackTarget == v(3))
    #expect(world.endpoint().good == [v(1), v(3), v(2)])
  }

  @Test func `a rollback goes to the version that is named, even if it never baked`() throws {
    var world = Simulation(Simulation.spec)
    for _ in 0..<3 { try world.release() }
    try world.rollBack(to: v(1))
    #expect(world.champion == v(1) && world.endpoint().plan == TrafficPlan(current: v(1)))
    #expect(world.endpoint().good == [v(1), v(2)])
    try world.rollBack(to: v(3))
    #expect(world.champion == v(3) && world.endpoint().good == [v(2)])
    #expect(world.endpoint().rollbackTarget == v(2))
  }

  @Test func `a rollback to a named version out of a rollout leaves the version under way`() throws {
    var world = Simulation(Simulation.spec)
    for _ in 0..<2 { try world.release() }
    let id = try world.propose()
    try world.approve(id, by: "olga")
    try world.rollBack(to: v(1))
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)) && world.champion == v(1))
    #expect(world.deployment(id).word == "rolled_back")
    #expect(world.endpoint().good == [v(1), v(2)], "version 2 was not found wanting")
  }

  @Test func `a rollback to itself, to another model's version, or from nothing is refused`() throws {
    var world = Simulation(Simulation.spec)
    #expect(throws: Refusal.conflict("nothing serves at prod yet, so there is nothing to go back from")) { try world.rollBack() }
    try world.release()
    #expect(throws: Refusal.conflict("m/1 is the version to be left; name another one with --to")) { try world.rollBack(to: v(1)) }
    #expect(throws: Refusal.invalid("x/1 is no version of m, which prod serves")) { try world.rollBack(to: VersionName(model: "x", number: 1)) }
    #expect(throws: Refusal.unknown("there is no such endpoint")) { try EndpointState().rollBack(automatic: false, reason: "") }
    #expect(throws: Refusal.self) { try world.rollBack() }
    #expect(!world.endpoint().isGuarded, "what is refused changes nothing")
  }

  @Test func `a first version under way has nowhere to go back to`() throws {
    var world = Simulation(Simulation.spec)
    let id = try world.propose()
    try world.approve(id, by: "olga")
    #expect(throws: Refusal.self) { try world.rollBack() }
    #expect(world.deployment(id).phase == .rolling)
  }

  @Test func `a way back is tried for ever, with pauses of at most a minute`() throws {
    var world = Simulation(Simulation.spec)
    for _ in 0..<2 { try world.release() }
    world.deployer = .failing
    try world.rollBack()
    world.advance(by: .seconds(3600))
    let failures = world.records("endpoint/prod").compactMap { if case .trafficMoveFailed(let fact) = $0.fact { fact } else { nil } }
    #expect(failures.count > 50 && failures.allSatisfy { $0.retryAt != nil })
    world.deployer = .working
    world.advance(by: .seconds(60))
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)))
  }

  @Test func `pending approvals are void after a rollback, and a waiting deployment needs them anew`() throws {
    var world = Simulation(Simulation.spec.with { $0.endpoints = [Specifications.endpoint(approvals: 2)] })
    let first = try world.propose()
    try world.approve(first, by: "olga")
    try world.approve(first, by: "otto")
    world.advance(by: .seconds(3600))
    let second = try world.propose()
    try world.approve(second, by: "olga")
    try world.approve(second, by: "otto")
    let partly = try world.propose()
    try world.approve(partly, by: "olga")
    try world.rollBack()
    #expect(world.deployment(second).word == "rolled_back")
    #expect(world.deployment(partly).word == "awaiting_approval" && world.deployment(partly).approvals.isEmpty)
    #expect(world.types(partly.stream).last == "approval_voided")
    try world.approve(partly, by: "otto")
    try world.approve(partly, by: "olga")
    #expect(world.deployment(partly).stage == 0, "who approved before may approve again")
  }

  @Test func `what was approved and waited for the endpoint does not start after a rollback`() throws {
    var (world, _) = try RolloutTests.rolling()
    let waiting = try world.propose()
    try world.approve(waiting, by: "olga")
    try world.rollBack()
    world.advance(by: .seconds(3600))
    #expect(world.deployment(waiting).word == "awaiting_approval" && world.deployment(waiting).stage == nil)
    try world.approve(waiting, by: "olga")
    #expect(world.deployment(waiting).stage == 0)
  }

  static var unattended: Specifications { Simulation.spec.with { $0.endpoints = [Specifications.endpoint(approvals: 0)] } }

  @Test func `after a rollback automatic proposals need an approval until the endpoint is thawed`() throws {
    var world = Simulation(Self.unattended)
    for _ in 0..<2 { try world.release() }
    try world.rollBack()
    let guarded = try world.propose()
    #expect(world.deployment(guarded).word == "awaiting_approval" && world.deployment(guarded).proposal?.approvals == 1)
    try world.approve(guarded, by: "olga")
    #expect(world.deployment(guarded).stage == 0)
    world.advance(by: .seconds(3600))
    #expect(world.endpoint().isGuarded, "a rollout that goes well does not thaw")
    try world.endpoint { try $0.thaw(reason: "understood") }
    let free = try world.propose()
    #expect(world.deployment(free).stage == 0)
  }

  @Test func `what a policy proposed without approvals before a rollback needs one after it`() throws {
    var world = Simulation(Self.unattended)
    try world.release()
    let bad = try world.propose()
    let waiting = try world.propose()
    let held = try world.propose(passed: false)
    #expect(world.deployment(waiting).word == "rolling" && world.deployment(waiting).stage == nil)
    try world.rollBack()
    world.advance(by: .seconds(3600))
    #expect(world.deployment(bad).word == "rolled_back")
    #expect(world.deployment(waiting).word == "awaiting_approval")
    try world.command(held, .overrideGate(reason: "x"))
    #expect(world.deployment(held).word == "awaiting_approval")
    #expect(world.deployment(waiting).word == "superseded")
    try world.approve(held, by: "olga")
    #expect(world.deployment(held).stage == 0)
  }

  @Test func `what a policy proposes while a rollback is under way needs an approval`() throws {
    var world = Simulation(Self.unattended)
    for _ in 0..<2 { try world.release() }
    world.deployer = .down
    try world.rollBack()
    let id = try world.propose()
    world.deployer = .working
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).word == "awaiting_approval")
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)))
  }

  @Test func `what a policy proposes in ignorance of a rollback needs an approval`() throws {
    var world = Simulation(Self.unattended)
    for _ in 0..<2 { try world.release() }
    let run = world.retrain(Simulation.spec.pipelines[0], by: "dora")
    try world.train(run)
    try world.start(run)
    // In the log the evaluation stands before the rollback, and its proposal after it.
    let evaluated = Fact.runEvaluated(
      RunEvaluated(
        model: "m", pipeline: "retrain", champion: v(2), challenger: v(3), rows: 1, metrics: [:], difference: [:], gate: [], passed: true, deploy: "prod"))
    let event = world.append([evaluated], to: run.stream)[0].id
    world.append(try world.endpoint().rollBack(automatic: false, reason: "x"), to: "endpoint/prod", by: "otto")
    world.settle()
    let id = DeploymentID(cause: event, policy: "promoting", name: "prod")
    #expect(world.deployment(id).proposal?.approvals == 0)
    #expect(world.deployment(id).word == "awaiting_approval")
    world.advance(by: .seconds(3600))
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)))
    #expect(throws: Refusal.self) { try world.endpoint().startRollout(id, world.deployment(id)) }
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).stage == 0)
  }

  @Test func `the endpoint itself refuses what a policy proposed without approvals after a rollback`() throws {
    var world = Simulation(Self.unattended)
    for _ in 0..<2 { try world.release() }
    let id = DeploymentID(UUID())
    var proposal = try world.deployment(DeploymentID(stream: world.streams(of: "deployment")[1]).unwrapped).proposal.unwrapped
    proposal.version = v(3)
    world.append([.deploymentProposed(proposal)], to: id.stream)
    let deployment = world.deployment(id)
    world.append(try world.endpoint().rollBack(automatic: false, reason: "x"), to: "endpoint/prod", by: "otto")
    world.append(try world.endpoint().recordMove(request: world.endpoint().pending.unwrapped.event, token: 1), to: "endpoint/prod")
    #expect(throws: Refusal.conflict("after a rollback what a policy proposes needs an approval, until the endpoint is thawed")) {
      try world.endpoint().startRollout(id, deployment)
    }
  }

  @Test func `after a rollback a person may still promote as declared`() throws {
    var world = Simulation(Self.unattended)
    for _ in 0..<2 { try world.release() }
    try world.rollBack()
    let id = try world.promote(v(2))
    #expect(world.deployment(id).stage == 0)
  }

  @Test func `a rollback at one endpoint leaves the champion that another endpoint made`() throws {
    let other = Specifications.pipeline("second", trigger: [], deploy: "canary")
    var world = Simulation(
      Simulation.spec.with {
        $0.endpoints.append(Specifications.endpoint("canary")); $0.pipelines.append(other)
      })
    try world.release()  // 1 at prod
    try world.release(other)  // 2 at canary
    try world.release()  // 3 at prod
    #expect(world.champion == v(3))
    let id = try world.propose(other)  // 4 at canary
    try world.approve(id, by: "olga")
    try world.rollBack("canary")
    #expect(world.endpoint("canary").plan == TrafficPlan(current: v(2)))
    #expect(world.champion == v(3))
    try world.rollBack("prod")
    #expect(world.champion == v(1))
  }

  @Test func `a rollback leaves a champion that a person named`() throws {
    var world = Simulation(Simulation.spec)
    for _ in 0..<3 { try world.release() }
    world.append(try world.state("model/m", ModelState.self).moveAlias("champion", to: v(1)), to: "model/m", by: "otto")
    world.settle()
    try world.rollBack()
    #expect(world.endpoint().plan == TrafficPlan(current: v(2)) && world.champion == v(1))
  }

  @Test func `after an aborted bake a rollback leaves the version that serves again`() throws {
    var world = Simulation(Simulation.spec)
    let ids = try (1...2).map { _ in try world.release() }
    let aborted = try world.propose()
    try world.approve(aborted, by: "olga")
    world.advance(by: .seconds(1500))
    #expect(world.endpoint().plan == TrafficPlan(current: v(3)))
    try world.command(aborted, .abort(reason: nil))
    try world.rollBack()
    #expect(world.endpoint().plan == TrafficPlan(current: v(1)))
    #expect(world.deployment(aborted).word == "aborted" && world.deployment(ids[1]).word == "rolled_back")
  }
}
