import EventLog
import Foundation
import Lifecycle
import PostgreSQL
import Projections
import TestSupport
import Testing
import Values

/// Evidence on a deployment, read from a real log.
@Suite struct EvidenceTests {
  static let alert = AlertID(UUID())
  static let deployment = DeploymentID(UUID())
  static let version = VersionName(model: "m", number: 2)
  static let proposal = DeploymentProposed(
    endpoint: "e", model: "m", version: version, replaces: nil, run: nil, approvals: 1, stages: [RolloutStage(traffic: 100)], automatic: true,
    gatePassed: true, requestedBy: [])
  static let subject = AlertSubject(rule: "r", model: "m", severity: "warning", notify: [])

  struct World {
    let client: PostgresClient

    @discardableResult
    func append(_ fact: Fact, _ stream: String, by actor: String = "kedge/test") async throws -> UUID {
      try await EventStore(client).append(
        [NewEvent(type: fact.type, schema: fact.schema, data: try fact.data())], to: StreamName(stream), by: Attribution(actor: actor))[0].id
    }

    func seal() async throws { try await client.query("select kedge.seal()") }

    func evidence(after position: Int64) async throws -> [String] {
      try await EvidenceReader(client).evidence(on: EvidenceTests.proposal, after: position).map { "\($0.position.map(String.init) ?? "-") \($0.what)" }
    }

    /// The record of an event, as a follower reads it.
    func record(_ id: UUID) async throws -> FactRecord {
      let event = try #require(try await EventStore(client).readSealed(after: 0).first { $0.id == id })
      return try #require(try FactRecord(event))
    }

    func types(_ stream: String) async throws -> [String] { try await EventStore(client).read(StreamName(stream)).map(\.type) }
  }

  /// Runs `body` in a world in which a deployment is approved at position 4, and that was sealed.
  static func approved(_ body: (World, FactRecord) async throws -> Void) async throws {
    try await withTestDatabase { database in
      let world = World(client: database.client)
      try await world.append(.endpointDefined(Samples.endpoint), "endpoint/e")
      try await world.append(.pipelineDefined(Samples.pipeline), "pipeline/p")
      try await world.append(.deploymentProposed(proposal), deployment.stream)
      let approval = try await world.append(
        .deploymentApproved(DeploymentApproved(reason: nil, seenPosition: 3, identity: .asserted)), deployment.stream, by: "olga")
      try await world.seal()
      try await body(world, try await world.record(approval))
    }
  }

  static func start(_ world: World, because cause: FactRecord) async throws {
    try await world.client.withTransaction { transaction in
      var executor = CommandExecutor(transaction, policy: RolloutPolicy.name)
      try await executor.execute(.startRollout(deployment, endpoint: "e"), because: cause)
    }
  }

  @Test func `evidence is told from repetitions by what stood in the log before, sealed or not`() async throws {
    try await Self.approved { world, _ in
      #expect(try await world.evidence(after: 0) == [])
      try await world.append(.endpointDefined(Samples.endpoint), "endpoint/e")
      try await world.append(
        .alertPending(AlertPending(subject: Self.subject, value: 1, condition: "c", count: 1, needed: 2, sinceAt: .init(seconds: 1))), Self.alert.stream)
      try await world.append(.alertEscalated(AlertEscalated(severity: "critical", reason: "it grows")), Self.alert.stream)
      try await world.seal()
      var endpoint = Samples.endpoint
      endpoint.rollout.approvals = 2
      try await world.append(.endpointDefined(endpoint), "endpoint/e")
      var pipeline = Samples.pipeline
      pipeline.evaluate.gate = []
      try await world.append(.pipelineDefined(pipeline), "pipeline/p")
      try await world.append(.pipelineDefined(pipeline), "pipeline/p")
      try await world.append(.endpointDefined(endpoint), "endpoint/other")
      #expect(
        try await world.evidence(after: 0) == [
          "7 alert r worsened to critical: it grows", "- the approvals needed of e changed", "- the gate of pipeline p changed",
        ])
      try await world.seal()
      #expect(try await world.evidence(after: 7) == ["8 the approvals needed of e changed", "9 the gate of pipeline p changed"])
      #expect(try await world.evidence(after: 9) == [])
    }
  }

  @Test func `a rollout begins when nothing has changed the picture`() async throws {
    try await Self.approved { world, approval in
      try await Self.start(world, because: approval)
      #expect(try await world.types("endpoint/e") == ["endpoint_defined", "rollout_started", "traffic_requested"])
      let started = try #require(try await EventStore(world.client).read(StreamName("endpoint/e")).first { $0.type == "rollout_started" })
      #expect(started.data["because"] == [.string(approval.id.lowercased)])
    }
  }

  @Test(arguments: [true, false])
  func `a rollout does not begin when the log holds evidence that its policy has not read`(isSealed: Bool) async throws {
    try await Self.approved { world, approval in
      let raised = try await world.append(
        .alertRaised(AlertRaised(subject: Self.subject, value: 1, condition: "c", sinceAt: .init(seconds: 1))), Self.alert.stream)
      if isSealed { try await world.seal() }
      try await Self.start(world, because: approval)
      #expect(try await world.types("endpoint/e") == ["endpoint_defined"])
      let events = try await EventStore(world.client).read(StreamName(Self.deployment.stream))
      #expect(events.map(\.type) == ["deployment_proposed", "deployment_approved", "approval_voided"])
      #expect(events[2].data["reason"] == "alert r was raised: c" && events[2].data["because"] == [.string(raised.lowercased)])
    }
  }
}
