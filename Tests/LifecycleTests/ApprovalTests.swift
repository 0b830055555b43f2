import Foundation
import Lifecycle
import Testing
import Values

struct ApprovalTests {
  static func world(approvals: Int = 1) -> Simulation {
    Simulation(Simulation.spec.with { $0.endpoints = [Specifications.endpoint(approvals: approvals)] })
  }

  @Test func `a version that passed its gate is proposed and waits for its approvals`() throws {
    var world = Self.world(approvals: 2)
    let id = try world.propose()
    #expect(world.deployment(id).word == "awaiting_approval")
    #expect(world.types(id.stream) == ["deployment_proposed"])
    let proposal = try world.deployment(id).proposal.unwrapped
    #expect(proposal.version == v(1) && proposal.replaces == nil && proposal.automatic && proposal.gatePassed && proposal.approvals == 2)
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).word == "awaiting_approval")
    try world.approve(id, by: "otto")
    #expect(world.deployment(id).word == "rolling")
  }

  @Test func `without approvals a proposal starts by itself`() throws {
    var world = Self.world(approvals: 0)
    let id = try world.propose()
    #expect(world.deployment(id).stage == 0)
  }

  @Test func `whoever requested the run may not approve`() throws {
    var world = Self.world()
    let id = try world.propose(by: "dora")
    #expect(throws: Refusal.notAllowed("dora asked for it, and nobody approves their own request")) { try world.approve(id, by: "dora") }
    #expect(world.deployment(id).approvals.isEmpty)
  }

  @Test func `whoever requested a run that was retried may not approve`() throws {
    var world = Self.world()
    let run = world.retrain(Simulation.spec.pipelines[0], by: "dora")
    try world.start(run)
    try world.fail(run)
    try world.train(run)
    let id = try world.evaluate(run, passed: true).unwrapped
    #expect(throws: Refusal.self) { try world.approve(id, by: "dora") }
  }

  @Test func `anybody may approve what an alert led to`() throws {
    var world = Self.world()
    world.measure(0.5)
    world.measure(0.5)
    try world.train(world.runs[0])
    let id = try world.evaluate(world.runs[0], passed: true).unwrapped
    try world.approve(id, by: "dora")
    #expect(world.deployment(id).approvals.count == 1)
  }

  @Test func `whoever promoted may not approve`() throws {
    var world = Self.world()
    try world.release()
    let run = world.retrain(Specifications.pipeline(deploy: nil), by: "dora")
    let version = try world.train(run)
    let id = try world.promote(version, by: "otto")
    #expect(throws: Refusal.self) { try world.approve(id, by: "otto") }
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).phase == .rolling)
  }

  @Test func `the same principal is refused where the database tells people apart, and allowed where it does not`() throws {
    var shared = Self.world()
    let same = try shared.propose(by: "dora")
    try shared.approve(same, by: "olga")
    #expect(shared.deployment(same).phase == .rolling)
    #expect(shared.deployment(same).approvals.first?.fact.identity == .asserted)

    var world = Self.world()
    world.principals = ["dora": "token:team", "olga": "token:team", "otto": "token:otto"]
    let id = try world.propose(by: "dora")
    #expect(throws: Refusal.notAllowed("olga acts as token:team, who asked for it, and nobody approves their own request")) {
      try world.approve(id, by: "olga")
    }
    // What is said of the identity past the checked command changes nothing.
    world.append([.deploymentApproved(DeploymentApproved(reason: nil, seenPosition: 99, identity: .asserted))], to: id.stream, by: "olga")
    #expect(world.deployment(id).approvals.isEmpty)
    try world.approve(id, by: "otto")
    #expect(world.deployment(id).phase == .rolling)
    #expect(world.deployment(id).approvals.first?.fact.identity == .verified)
  }

  @Test func `nobody approves twice`() throws {
    var world = Self.world(approvals: 2)
    let id = try world.propose()
    try world.approve(id, by: "olga")
    #expect(throws: Refusal.conflict("olga has approved already")) { try world.approve(id, by: "olga") }
    world.principals = ["olga": "p"]
    #expect(world.deployment(id).approvals.count == 1)
  }

  @Test func `nobody approves twice under two names where the database tells people apart`() throws {
    var world = Self.world(approvals: 2)
    world.principals = ["dora": "token:dora", "olga": "token:olga", "olga2": "token:olga"]
    let id = try world.propose()
    try world.approve(id, by: "olga")
    #expect(throws: Refusal.conflict("olga2 has approved already")) { try world.approve(id, by: "olga2") }
  }

  @Test func `an approval appended past the checked command by who asked does not count`() throws {
    var world = Self.world()
    let id = try world.propose(by: "dora")
    let approval = Fact.deploymentApproved(DeploymentApproved(reason: nil, seenPosition: 99, identity: .asserted))
    world.append([approval], to: id.stream, by: "dora")
    world.settle()
    #expect(world.deployment(id).phase == .awaitingApproval && world.deployment(id).approvals.isEmpty)
    #expect(world.endpoint().rollout == nil)
  }

  @Test func `an approval appended a second time past the checked command does not count`() throws {
    var world = Self.world(approvals: 2)
    let id = try world.propose(by: "dora")
    let approval = Fact.deploymentApproved(DeploymentApproved(reason: nil, seenPosition: 99, identity: .asserted))
    world.append([approval, approval, approval], to: id.stream, by: "olga")
    world.settle()
    #expect(world.deployment(id).phase == .awaitingApproval && world.deployment(id).approvals.count == 1)
  }

  @Test func `an approval of a held deployment does not count, however it was appended`() throws {
    var world = Self.world()
    let id = try world.propose(passed: false)
    #expect(throws: Refusal.conflict("the gate holds the deployment; `kedge promote --override-gate --reason …` lifts it")) {
      try world.approve(id, by: "olga")
    }
    world.append([.deploymentApproved(DeploymentApproved(reason: nil, seenPosition: 99, identity: .asserted))], to: id.stream, by: "olga")
    world.settle()
    #expect(world.deployment(id).phase == .held)
    try world.command(id, .overrideGate(reason: "known labels"), by: "otto")
    #expect(world.deployment(id).approvals.isEmpty)
  }

  @Test func `a held deployment names what failed, and an override needs a reason and approvals by another`() throws {
    var world = Self.world()
    let id = try world.propose(passed: false, by: "dora")
    #expect(world.types(id.stream) == ["deployment_proposed", "deployment_held"])
    guard case .deploymentHeld(let held) = world.records(id.stream)[1].fact else { throw Missing() }
    #expect(held.reason == "accuracy above 0.9, but it is 0.5")
    #expect(throws: Refusal.self) { try world.command(id, .overrideGate(reason: " "), by: "otto") }
    try world.command(id, .overrideGate(reason: "known labels"), by: "otto")
    #expect(world.deployment(id).word == "awaiting_approval")
    #expect(throws: Refusal.self) { try world.approve(id, by: "otto") }
    #expect(throws: Refusal.self) { try world.approve(id, by: "dora") }
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).stage == 0)
    #expect(throws: Refusal.self) { try world.command(id, .overrideGate(reason: "again"), by: "otto") }
  }

  @Test func `an override at an endpoint without approvals starts the rollout`() throws {
    var world = Self.world(approvals: 0)
    let id = try world.propose(passed: false)
    #expect(world.deployment(id).phase == .held)
    try world.command(id, .overrideGate(reason: "known labels"))
    #expect(world.deployment(id).stage == 0)
  }

  @Test func `a rejected deployment is over`() throws {
    var world = Self.world()
    let id = try world.propose()
    try world.command(id, .reject(reason: "no"))
    #expect(world.deployment(id).word == "rejected")
    #expect(throws: Refusal.conflict("the deployment waits for no approval: it is rejected")) { try world.approve(id, by: "olga") }
    #expect(throws: Refusal.self) { try world.command(id, .reject(reason: nil)) }
    #expect(throws: Refusal.self) { try world.command(id, .abort(reason: nil)) }
  }

  @Test func `a rollout that has begun can be aborted and not rejected`() throws {
    var world = Self.world(approvals: 0)
    let id = try world.propose()
    #expect(throws: Refusal.conflict("only a deployment that waits can be rejected: it is rolling")) { try world.command(id, .reject(reason: nil)) }
  }

  @Test func `a proposal with its run and what it replaces is known`() throws {
    var world = Self.world()
    try world.release()
    let run = world.retrain(Simulation.spec.pipelines[0], by: "dora")
    try world.train(run)
    let id = try world.evaluate(run, passed: true).unwrapped
    let proposal = try world.deployment(id).proposal.unwrapped
    #expect(proposal.run == run && proposal.replaces == v(1) && proposal.version == v(2))
  }

  @Test func `nothing can be asked of a deployment that is not there`() {
    for command: DeploymentCommand in [
      .abort(reason: nil), .reject(reason: nil), .pause(reason: nil), .resume(reason: nil), .overrideGate(reason: "x"),
      .approve(by: Person(actor: "a", principal: "p"), reason: nil, seenPosition: 1),
    ] {
      #expect(throws: Refusal.unknown("there is no such deployment")) { try DeploymentState().decide(command) }
    }
  }

  @Test func `a pipeline without endpoint proposes nothing`() throws {
    var world = Simulation(Simulation.spec.with { $0.pipelines = [Specifications.pipeline(deploy: nil)] })
    let run = world.retrain(Specifications.pipeline(deploy: nil), by: "dora")
    try world.train(run)
    try world.evaluate(run, passed: true)
    #expect(world.streams(of: "deployment").isEmpty)
    #expect(world.state("model/m", ModelState.self).versions.count == 1)
  }
}

struct SupersedingTests {
  @Test func `a passing proposal supersedes every waiting one`() throws {
    var world = Simulation(Simulation.spec)
    let held = try world.propose(passed: false)
    let older = try world.propose()
    #expect(world.deployment(held).word == "superseded")
    let newer = try world.propose()
    #expect(world.deployment(older).word == "superseded")
    #expect(world.deployment(newer).word == "awaiting_approval")
    #expect(world.records(older.stream).last?.fact == .deploymentSuperseded(DeploymentSuperseded(by: newer)))
    #expect(throws: Refusal.self) { try world.approve(older, by: "olga") }
  }

  @Test func `a held proposal supersedes only held ones`() throws {
    var world = Simulation(Simulation.spec)
    let waiting = try world.propose()
    let first = try world.propose(passed: false)
    let second = try world.propose(passed: false)
    #expect(world.deployment(waiting).word == "awaiting_approval")
    #expect(world.deployment(first).word == "superseded")
    #expect(world.deployment(second).word == "held")
    try world.approve(waiting, by: "olga")
    #expect(world.deployment(waiting).phase == .rolling)
  }

  @Test func `an overridden proposal is held no longer, and a later held one leaves it alone`() throws {
    var world = Simulation(Simulation.spec)
    let first = try world.propose(passed: false)
    try world.command(first, .overrideGate(reason: "x"))
    let second = try world.propose(passed: false)
    #expect(world.deployment(first).word == "awaiting_approval")
    try world.command(second, .overrideGate(reason: "x"))
    #expect(world.deployment(first).word == "superseded", "the newer one waits in its place")
    #expect(world.deployment(second).word == "awaiting_approval")
  }

  @Test func `a rollout under way is not superseded, and what waits for it starts when it is over`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    let running = try world.propose()
    try world.approve(running, by: "olga")
    let next = try world.propose()
    try world.approve(next, by: "olga")
    #expect(world.deployment(running).word == "rolling")
    #expect(world.deployment(next).stage == nil)
    world.advance(by: .seconds(35 * 60))
    #expect(world.deployment(running).word == "completed")
    #expect(world.deployment(next).stage == 0)
    #expect(world.endpoint().plan == TrafficPlan(current: v(2), candidate: v(3), shadow: true))
  }

  @Test func `a rollout whose first traffic is not moved yet is not superseded`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    world.deployer = .down
    let running = try world.propose()
    try world.approve(running, by: "olga")
    try world.propose()
    #expect(world.deployment(running).phase == .rolling)
    #expect(world.endpoint().rollout?.deployment == running)
  }

  @Test func `a deployment that is rejected just after it was given the endpoint gives it back`() throws {
    var world = Simulation(Simulation.spec)
    try world.release()
    world.deployer = .down
    let first = try world.propose()
    try world.approve(first, by: "olga")
    try world.command(first, .reject(reason: "no"))
    #expect(world.endpoint().rollout == nil)
    world.deployer = .working
    let second = try world.propose()
    try world.approve(second, by: "olga")
    #expect(world.deployment(second).stage == 0)
  }

  @Test func `proposals for another endpoint are none of its business`() throws {
    let other = Specifications.pipeline("second", trigger: [], deploy: "canary")
    var world = Simulation(
      Simulation.spec.with {
        $0.endpoints.append(Specifications.endpoint("canary")); $0.pipelines.append(other)
      })
    let first = try world.propose()
    let second = try world.propose(other)
    #expect(world.deployment(first).word == "awaiting_approval" && world.deployment(second).word == "awaiting_approval")
  }

  @Test func `an endpoint of another model is offered nothing`() throws {
    var world = Simulation(Simulation.spec)
    var stranger = Specifications.endpoint("stranger")
    stranger.model = "other"
    world.append([.endpointDefined(stranger)], to: "endpoint/stranger", by: "ann")
    let pipeline = Specifications.pipeline("lost", deploy: "stranger")
    let run = world.retrain(pipeline, by: "dora")
    try world.train(run)
    try world.evaluate(run, passed: true)
    #expect(world.streams(of: "deployment").isEmpty)
  }
}
