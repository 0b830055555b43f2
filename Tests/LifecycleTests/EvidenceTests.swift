import Foundation
import Lifecycle
import Testing
import Values

/// Approvals hold for what was seen: what changes the picture before the rollout begins voids them.
struct EvidenceTests {
  /// Something that happens while a deployment of m/2 to prod waits.
  struct Happening: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What the approval is voided with; nil when it is none of its business.
    let reason: String?
    let happen: @Sendable (inout Simulation) throws -> Void

    init(_ name: String, _ reason: String?, _ happen: @escaping @Sendable (inout Simulation) throws -> Void) {
      (testDescription, self.reason, self.happen) = (name, reason, happen)
    }
  }

  static let alert = AlertID(UUID(uuidString: "00000000-0000-4000-8000-0000000000a1")!)
  static let other = AlertID(UUID(uuidString: "00000000-0000-4000-8000-0000000000a2")!)
  static let since = Timestamp("2026-03-01T00:00:00Z")!

  static func subject(_ model: String?, endpoint: String? = nil) -> AlertSubject {
    AlertSubject(rule: "drifted", monitor: "live", endpoint: endpoint, model: model, severity: "warning", notify: [])
  }

  static func raised(_ model: String?, endpoint: String? = nil) -> Fact {
    .alertRaised(AlertRaised(subject: subject(model, endpoint: endpoint), value: 0.5, condition: "drift.share at least 0.2", sinceAt: since))
  }

  static func pending(_ model: String) -> Fact {
    .alertPending(AlertPending(subject: subject(model), value: 0.5, condition: "c", count: 1, needed: 2, sinceAt: since))
  }

  static func evaluated(_ number: Int, passed: Bool = true) -> Fact {
    .runEvaluated(
      RunEvaluated(
        model: "m", pipeline: "retrain", champion: v(1), challenger: v(number), rows: 4, metrics: [:], difference: [:], gate: [], passed: passed, deploy: nil))
  }

  static func append(_ fact: Fact, to stream: String) -> @Sendable (inout Simulation) throws -> Void {
    { world in
      world.append([fact], to: stream)
      world.settle()
    }
  }

  static func redefine(
    _ name: String = "prod", _ change: @escaping @Sendable (inout EndpointSpecification) -> Void
  ) -> @Sendable (inout Simulation) throws -> Void {
    { world in
      var specification = try world.endpoint(name).specification.unwrapped
      change(&specification)
      world.append([.endpointDefined(specification)], to: "endpoint/\(name)", by: "ann")
      world.settle()
    }
  }

  static func redefinePipeline(_ change: @escaping @Sendable (inout PipelineSpecification) -> Void) -> @Sendable (inout Simulation) throws -> Void {
    { world in
      var pipeline = Self.world.pipelines[0]
      change(&pipeline)
      world.append([.pipelineDefined(pipeline)], to: "pipeline/retrain", by: "ann")
      world.settle()
    }
  }

  static let run = "run/00000000-0000-4000-8000-0000000000b1"

  static let evidence: [Happening] = [
    Happening("a newer evaluation", "m/2 was evaluated: the gate is passed", append(evaluated(2), to: run)),
    Happening("a newer evaluation that failed", "m/2 was evaluated: the gate is not passed", append(evaluated(2, passed: false), to: run)),
    Happening("an alert", "alert drifted was raised: drift.share at least 0.2", append(raised("m"), to: alert.stream)),
    Happening("an alert on the endpoint", "alert drifted was raised: drift.share at least 0.2", append(raised(nil, endpoint: "prod"), to: alert.stream)),
    Happening(
      "a worse alert", "alert drifted worsened to critical: it goes on",
      append(.alertEscalated(AlertEscalated(severity: "critical", reason: "it goes on")), to: other.stream)),
    Happening("a rollback", "prod is rolled back from m/1 to m/9") { world in
      try world.endpoint { try $0.rollBack(to: v(9), automatic: false, reason: "x") }
    },
    Happening("a rollback of the model elsewhere", "canary is rolled back from m/7 to m/6") { world in
      world.append(
        [.rollbackDecided(RollbackDecided(from: v(7), to: v(6), deployment: nil, automatic: true, reason: "x"))], to: "endpoint/canary")
      world.settle()
    },
    Happening("other stages", "the stages of prod changed", redefine { $0.rollout.stages = [RolloutStage(traffic: 100)] }),
    Happening("more approvals", "the approvals needed of prod changed", redefine { $0.rollout.approvals = 2 }),
    Happening(
      "other rules", "the stages and the rollback rules of prod changed",
      redefine {
        $0.rollback = []
        $0.rollout.stages.removeFirst()
      }),
    Happening("another target", "the target of prod changed", redefine { $0.target = .local(directory: "/elsewhere", health: nil) }),
    Happening(
      "another gate", "the gate of pipeline retrain changed",
      redefinePipeline { $0.evaluate.gate = [GateRule(metric: "accuracy", .absolute(.above(0.5)))] }),
  ]

  static let routine: [Happening] = [
    Happening("a measurement", nil) { $0.measure(0) },
    Happening("a measurement of quality", nil) { $0.label(0.95) },
    Happening("an evaluation of another version", nil, append(evaluated(3), to: run)),
    Happening("an alert on another model", nil, append(raised("n"), to: alert.stream)),
    Happening("an alert on nothing known", nil, append(raised(nil), to: alert.stream)),
    Happening("a pending alert", nil, append(pending("m"), to: alert.stream)),
    Happening("an alert that ends", nil, append(.alertResolved(AlertResolved(reason: "x")), to: other.stream)),
    Happening("an alert that was false", nil, append(.alertMarkedFalse(AlertHandled(reason: "x")), to: other.stream)),
    Happening("an acknowledgement", nil, append(.alertAcknowledged(AlertHandled(reason: "x")), to: other.stream)),
    Happening("a worse alert that nobody knows", nil, append(.alertEscalated(AlertEscalated(severity: "critical", reason: "x")), to: alert.stream)),
    Happening("the same endpoint once more", nil, redefine { _ in }),
    Happening("another endpoint's stages", nil, redefine("canary") { $0.rollout.stages = [RolloutStage(traffic: 100)] }),
    Happening("the same pipeline once more", nil, redefinePipeline { _ in }),
    Happening("another trigger", nil, redefinePipeline { $0.trigger = [] }),
    Happening("a tag", nil, append(.versionTagged(VersionTagged(version: v(2), tags: ["a": "b"])), to: "model/m")),
  ]

  static let world = Simulation.spec.with {
    $0.pipelines = [Specifications.pipeline(trigger: [])]
    $0.endpoints.append(Specifications.endpoint("canary"))
  }

  /// A world in which m/1 serves, m/2 waits for approval, and an alert on the model is open.
  static func waiting() throws -> (Simulation, DeploymentID) {
    var world = Simulation(Self.world)
    try world.release(Self.world.pipelines[0])
    world.append([raised("m")], to: other.stream)
    let id = try world.propose(Self.world.pipelines[0])
    return (world, id)
  }

  static func voided(_ world: Simulation, _ id: DeploymentID) -> ApprovalVoided? {
    world.records(id.stream).compactMap { if case .approvalVoided(let fact) = $0.fact { fact } else { nil } }.last
  }

  @Test(arguments: evidence) func `evidence between an approval and the rollout voids the approval`(_ news: Happening) throws {
    var (world, id) = try Self.waiting()
    try world.endpoint { try $0.freeze(reason: nil) }
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).phase == .rolling)
    let approval = try world.deployment(id).approvals.first.unwrapped
    let before = world.log.count
    try news.happen(&world)
    #expect(world.deployment(id).word == "awaiting_approval" && world.deployment(id).approvals.isEmpty)
    let fact = try Self.voided(world, id).unwrapped
    #expect(fact.reason == news.reason && fact.approvals == [approval.event])
    let cause = try fact.because.unwrapped
    #expect(cause.count == 1 && world.log[before...].contains { $0.id == cause[0] })
    // It waits for another, and the one who approved may look again.
    try world.endpoint { try $0.thaw(reason: nil) }
    #expect(world.deployment(id).stage == nil)
    guard world.endpoint().specification != nil else { return }
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).stage == 0)
  }

  @Test(arguments: evidence) func `an approval that had not seen the evidence is void at once, one that had is not`(_ news: Happening) throws {
    var (world, id) = try Self.waiting()
    let seen = Int64(world.log.count)
    try news.happen(&world)
    try world.approve(id, by: "olga", seen: seen)
    #expect(world.deployment(id).word == "awaiting_approval" && world.deployment(id).approvals.isEmpty)
    #expect(Self.voided(world, id)?.reason == news.reason)
    try world.approve(id, by: "otto")
    #expect(world.deployment(id).approvals.map(\.person.actor) == ["otto"])
    #expect(world.endpoint().rollout?.deployment == id)
  }

  @Test(arguments: evidence) func `evidence after the rollout has begun voids nothing`(_ news: Happening) throws {
    var (world, id) = try Self.waiting()
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).stage == 0)
    try news.happen(&world)
    #expect(Self.voided(world, id) == nil)
  }

  @Test(arguments: routine) func `what changes nothing of the picture voids nothing`(_ news: Happening) throws {
    var (world, id) = try Self.waiting()
    try world.endpoint { try $0.freeze(reason: nil) }
    try world.approve(id, by: "olga")
    try news.happen(&world)
    #expect(Self.voided(world, id) == nil && world.deployment(id).phase == .rolling)
    try world.endpoint { try $0.thaw(reason: nil) }
    #expect(world.deployment(id).stage == 0)
  }

  @Test func `an endpoint that was removed and declared anew has to be looked at anew`() throws {
    var (world, id) = try Self.waiting()
    try world.endpoint { try $0.freeze(reason: nil) }
    try world.approve(id, by: "olga")
    let specification = try world.endpoint().specification.unwrapped
    world.append([.endpointRemoved(Remark(reason: nil))], to: "endpoint/prod", by: "ann")
    world.append([.endpointDefined(specification)], to: "endpoint/prod", by: "ann")
    world.settle()
    #expect(Self.voided(world, id)?.reason == "endpoint prod was removed")
  }

  @Test func `of two approvals only the one that had not seen the evidence is void`() throws {
    var (world, id) = try Self.waiting()
    world = Simulation(Self.world.with { $0.endpoints = [Specifications.endpoint(approvals: 2)] })
    id = try world.propose(Self.world.pipelines[0])
    let seen = Int64(world.log.count)
    world.isLagging = true
    world.append([Self.raised("m")], to: Self.alert.stream)
    try world.approve(id, by: "olga", seen: seen)
    try world.approve(id, by: "otto")
    #expect(world.deployment(id).phase == .rolling)
    world.isLagging = false
    world.settle()
    #expect(world.deployment(id).word == "awaiting_approval")
    #expect(world.deployment(id).approvals.map(\.person.actor) == ["otto"])
    #expect(world.endpoint().rollout == nil)
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).stage == 0)
  }

  /// The rollout policy alone has read up to the approval, and no further; the evidence is in the log.
  static func overtaken(seesAhead: Bool) throws -> (Simulation, DeploymentID) {
    var (world, id) = try waiting()
    world.isLagging = true
    world.seesAhead = seesAhead
    try world.approve(id, by: "olga")
    let approved = world.log.count
    world.append([raised("m")], to: alert.stream)
    let reader = try world.readers.firstIndex { $0.name == RolloutPolicy.name }.unwrapped
    world.read(reader, atMost: approved - world.readers[reader].position)
    return (world, id)
  }

  @Test func `a rollout does not begin when the evidence is in the log and not read yet`() throws {
    var (world, id) = try Self.overtaken(seesAhead: true)
    #expect(world.endpoint().rollout == nil)
    #expect(world.deployment(id).word == "awaiting_approval")
    #expect(Self.voided(world, id)?.reason == "alert drifted was raised: drift.share at least 0.2")
    world.isLagging = false
    world.settle()
    #expect(world.types(id.stream).filter { $0 == "approval_voided" }.count == 1)
  }

  @Test func `a rollout that began beside the evidence is taken back, and begins again with a new approval`() throws {
    var (world, id) = try Self.overtaken(seesAhead: false)
    #expect(world.endpoint().rollout?.deployment == id)
    while world.deploy() {}
    #expect(world.deployment(id).stage == 0 && world.endpoint().plan?.candidate == v(2))
    world.isLagging = false
    world.settle()
    #expect(world.deployment(id).word == "awaiting_approval" && world.deployment(id).stage == nil)
    #expect(world.endpoint().rollout == nil && world.endpoint().plan == TrafficPlan(current: v(1)))
    // The clock of the stage that was taken back has stopped.
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).word == "awaiting_approval")
    try world.approve(id, by: "olga")
    #expect(world.deployment(id).stage == 0 && world.endpoint().plan?.candidate == v(2))
    world.advance(by: .seconds(299))
    #expect(world.deployment(id).stage == 0)
    world.advance(by: .seconds(3600))
    #expect(world.deployment(id).word == "completed")
  }

  @Test func `nobody has seen further than where their approval stands`() throws {
    var (world, id) = try Self.waiting()
    try world.endpoint { try $0.freeze(reason: nil) }
    world.append([.deploymentApproved(DeploymentApproved(reason: nil, seenPosition: .max, identity: .asserted))], to: id.stream, by: "olga")
    world.settle()
    #expect(world.deployment(id).phase == .rolling)
    try Self.evidence[2].happen(&world)
    #expect(world.deployment(id).word == "awaiting_approval")
  }

  @Test func `a deployment without approvals has none to void`() throws {
    var world = Simulation(Self.world.with { $0.endpoints = [Specifications.endpoint(approvals: 0)] })
    try world.release(Self.world.pipelines[0])
    try world.endpoint { try $0.freeze(reason: nil) }
    let id = try world.propose(Self.world.pipelines[0])
    world.append([Self.raised("m")], to: Self.alert.stream)
    world.settle()
    #expect(world.deployment(id).phase == .rolling && Self.voided(world, id) == nil)
  }
}
