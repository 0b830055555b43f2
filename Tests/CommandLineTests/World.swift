import EventLog
import Foundation
import Lifecycle
import Logging
import PostgreSQL
import Projections
import TestSupport
import Values

/// A database of one test, in which things have happened.
struct World: Sendable {
  let database: TestDatabase
  let program: Program

  static let model = "breast-cancer"
  static let endpoint = "breast-cancer-prod"
  static let monitor = "breast-cancer-live"
  static let pipeline = PipelineSpecification(
    name: "breast-cancer-retrain", model: model, train: TrainSpecification(trainer: .command(["true"], directory: "/")),
    evaluate: EvaluateSpecification(command: ["true"], gate: [GateRule(metric: "accuracy", .absolute(.above(0.9)))]), deploy: endpoint)

  /// Runs `body` with a database in which a model, its monitor, rule, pipeline and endpoint are declared.
  /// - Parameter approvals: that the endpoint asks for.
  static func with(approvals: Int = 1, _ body: (World) async throws -> Void) async throws {
    try await withTestDatabase { database in
      let world = World(database: database, program: Program(database: database.url))
      try await world.append([.modelRegistered(ModelSpecification(name: model, task: .classification))], "model/\(model)")
      try await world.append(
        [.monitorDefined(MonitorSpecification(name: monitor, model: model, window: MonitorWindow(source: .files("/nowhere/*.csv"))))], "monitor/\(monitor)")
      try await world.append(
        [.ruleDefined(AlertRuleSpecification(name: "inputs-drifted", monitor: monitor, when: AlertCondition(metric: "drift.share", .atLeast(0.2))))],
        "rule/inputs-drifted")
      try await world.append([.pipelineDefined(pipeline)], "pipeline/\(pipeline.name)")
      try await world.append(
        [
          .endpointDefined(
            EndpointSpecification(
              name: endpoint, model: model, target: .local(directory: "/live", health: nil),
              rollout: RolloutSpecification(approvals: approvals, stages: [RolloutStage(traffic: 100)])))
        ], "endpoint/\(endpoint)")
      try await body(world)
    }
  }

  /// Appends facts to a stream, one after the other.
  /// - Returns: their identifiers.
  @discardableResult
  func append(_ facts: [Fact], _ stream: String, by actor: String = "kedge/test", because cause: UUID? = nil) async throws -> [UUID] {
    let events = try facts.map { NewEvent(type: $0.type, schema: $0.schema, data: try $0.data()) }
    return try await EventStore(database.client).append(
      [Append(stream: StreamName(stream), expected: .any, events: events)], by: Attribution(actor: actor, causation: cause)
    ).map(\.id)
  }

  /// Brings the read models to the end of the log.
  func project() async throws {
    try await database.client.query("select kedge.seal()")
    for type in allProjections { _ = try await Replay(type.name, database.client)?.rebuild() }
  }

  /// Lets policies and projections read to the end of the log.
  func follow() async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    try await FollowerRunner(allFollowers(), on: database.client, holder: "test", logger: logger).catchUp()
  }

  /// Measures a window of the monitor that ended so long ago.
  func measure(_ share: Double, ago: Duration, monitor: String = World.monitor) async throws {
    let endAt = Timestamp.now() - ago
    let fact = Fact.measurementRecorded(
      MeasurementRecorded(
        window: WindowReference(id: WindowID(UUID()), startAt: endAt - .seconds(3600), endAt: endAt, source: "/w.csv"), part: .input, rows: 200,
        drift: DriftVerdict(detected: share > 0.5, share: share, driftedColumns: []), columns: [], metrics: [:], late: false, inconclusive: false))
    try await append([fact], "monitor/\(monitor)", by: "kedge/measurer")
  }

  /// An alert that fires.
  func alert(rule: String = "inputs-drifted", severity: String = "warning") async throws -> AlertID {
    let id = AlertID(UUID())
    let subject = AlertSubject(
      rule: rule, monitor: World.monitor, model: World.model, metric: "drift.share", severity: severity, notify: [])
    try await append(
      [.alertRaised(AlertRaised(subject: subject, value: 0.5, condition: "drift.share at least 0.2", sinceAt: Timestamp.now() - .seconds(60)))], id.stream,
      by: "kedge/alerting")
    return id
  }

  /// How many events the log has.
  func count(_ type: String? = nil) async throws -> Int {
    try await database.client.query("select count(*) from kedge.event where \(type)::text is null or type = \(type)").first?.decode(Int.self, at: 0) ?? 0
  }

  /// A registered version that was evaluated.
  /// - Returns: its run, and the event of the evaluation.
  @discardableResult
  func version(_ number: Int, accuracy: Double = 0.95, requestedBy actor: String = "alice") async throws -> (run: RunID, evaluated: UUID) {
    let run = RunID(UUID())
    let version = VersionName(model: World.model, number: number)
    let passed = accuracy > 0.9
    let requested = try await append(
      [.runRequested(RunRequested(model: World.model, pipeline: World.pipeline.name, reason: .person("test"), specification: World.pipeline))],
      run.stream, by: actor)
    try await append(
      [
        .versionRegistered(
          VersionRegistered(
            version: version, artifact: Artifact(sha256: "ab\(number)", size: 12, name: "model.joblib"), run: run, metrics: ["accuracy": accuracy]))
      ], "model/\(World.model)", because: requested.last)
    let events = try await append(
      [
        .runStarted(RunStarted(step: .train, attempt: 1, worker: "w")), .runStepFinished(RunStepFinished(step: .train, attempt: 1, version: version)),
        .runEvaluated(
          RunEvaluated(
            model: World.model, pipeline: World.pipeline.name, champion: number > 1 ? VersionName(model: World.model, number: number - 1) : nil,
            challenger: version, rows: 114, metrics: ["challenger": ["accuracy": accuracy]], difference: [:],
            gate: [
              GateResult(
                metric: "accuracy", outcome: passed ? "passed" : "failed", passed: passed, value: accuracy, limit: 0.9, rule: "accuracy above 0.9")
            ], passed: passed, deploy: World.endpoint, intervals: ["challenger": ["accuracy": [0.9, 0.99]]])),
        .runSucceeded(RunSucceeded(version: version)),
      ], run.stream, because: requested.last)
    return (run, events[2])
  }

  /// A deployment of a version that waits for its approvals.
  func propose(_ number: Int, run: RunID? = nil, because cause: UUID? = nil, approvals: Int = 1, requestedBy actor: String = "alice") async throws
    -> DeploymentID
  {
    let id = DeploymentID(UUID())
    let proposal = DeploymentProposed(
      endpoint: World.endpoint, model: World.model, version: VersionName(model: World.model, number: number), replaces: nil, run: run, approvals: approvals,
      stages: [RolloutStage(traffic: 100)], automatic: true, gatePassed: true, requestedBy: [Person(actor: actor, principal: "someone")])
    try await append([.deploymentProposed(proposal)], id.stream, by: "kedge/promoting", because: cause)
    return id
  }

  /// Lets a version serve, as if its deployment had completed.
  func serve(_ number: Int) async throws {
    let version = VersionName(model: World.model, number: number)
    let id = DeploymentID(UUID())
    let stream = "endpoint/\(World.endpoint)"
    let plan = TrafficPlan(current: version)
    let request = try await append(
      [
        .rolloutStarted(RolloutStarted(deployment: id, version: version)),
        .trafficRequested(TrafficRequested(plan: plan, purpose: .stage, deployment: id, stage: 0)),
      ], stream)
    try await append(
      [
        .trafficMoved(TrafficMoved(plan: plan, request: request[1], token: 1)),
        .rolloutEnded(RolloutEnded(deployment: id, version: version, outcome: .completed)),
      ], stream)
  }
}
