import EventLog
import Foundation
import Lifecycle
import Logging
import PostgreSQL
import Projections
import Server
import TestSupport
import Values

extension Served {
  /// A little of everything that there are figures of: a monitor that drifts, alerts, runs, a rollback, a message that waits, a halted stream.
  func fill() async throws {
    let one = VersionName(model: "churn", number: 1)
    let two = VersionName(model: "churn", number: 2)
    try await append([.modelRegistered(ModelSpecification(name: "churn", task: .classification))], "model/churn")
    try await declare()
    let now = Timestamp.now()
    for hour in [3, 2, 1] {
      let window = WindowReference(
        id: WindowID(UUID()), startAt: now - .seconds(hour * 3600), endAt: now - .seconds(hour * 3600 - 3599), source: "/in/\(hour).csv")
      let found = try await append(
        [
          .windowFound(
            WindowFound(window: window.id, source: window.source, size: 1, checksum: "\(hour)", startAt: window.startAt, endAt: window.endAt))
        ], "monitor/live")
      try await append(
        [
          .measurementRecorded(
            MeasurementRecorded(
              window: window, part: .input, rows: 500, drift: DriftVerdict(detected: true, share: 0.5, driftedColumns: ["age"]),
              columns: [
                ColumnMeasurement(name: "age", test: "ks", score: 0.001, pAdjusted: 0.002, effect: 0.3, threshold: 0.05, verdict: "drifted", missing: 0.01),
                ColumnMeasurement(
                  name: "plan \"A\"\\B\n", test: "chi_squared", score: 0.4, pAdjusted: 0.4, effect: 0, threshold: 0.05, verdict: "stable", missing: 0),
              ], metrics: ["mean_confidence": 0.8], late: false, inconclusive: false))
        ], "monitor/live", because: found[0])
      try await append(
        [
          .measurementRecorded(
            MeasurementRecorded(
              window: window, part: .quality, rows: 400, drift: nil, columns: [], metrics: ["accuracy": 0.9],
              byVersion: [
                one.description: ArmMeasurement(rows: 200, metrics: ["accuracy": 0.91], intervals: [:]),
                two.description: ArmMeasurement(rows: 200, metrics: ["accuracy": 0.89], intervals: [:]),
              ], late: false, inconclusive: false))
        ], "monitor/live", because: found[0])
    }
    try await alerts()
    try await run(one, two)
    try await roll(one, two)
    try await database.client.query("select kedge.seal()")
    try await FollowerRunner(
      allProjections.map { ProjectionFollower($0) }, on: database.client, holder: "test", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ).catchUp()
    try await beside()
  }

  private func alerts() async throws {
    for (name, isOver) in [("open", false), ("over", true)] {
      let subject = AlertSubject(rule: "live-drift", monitor: "live", model: "churn", metric: "drift.share", severity: "critical", notify: [])
      let raised = AlertRaised(subject: subject, value: 0.5, condition: "drift.share at least 0.3", sinceAt: .now())
      let stream = AlertID(cause: UUID(), policy: "test", name: name).stream
      try await append([.alertRaised(raised)] + (isOver ? [.alertResolved(AlertResolved(reason: "over"))] : []), stream)
    }
    try await append([.channelDefined(ChannelSpecification(name: "slack", kind: .slackWebhook(url: CredentialReference(.environment("X")))))], "channel/slack")
    for isSent in [true, false] {
      let id = UUID()
      try await append(
        [.messageRequested(MessageRequested(message: id, alert: nil, state: "firing", severity: "warning", title: "t", text: "x", fields: [], command: nil))]
          + (isSent ? [.messageSent(MessageSent(message: id, attempt: 1, alert: nil, receipt: [:]))] : []), "channel/slack")
    }
  }

  private func run(_ one: VersionName, _ two: VersionName) async throws {
    let pipeline = PipelineSpecification(
      name: "retrain", model: "churn", train: TrainSpecification(trainer: .command(["true"], directory: "/")),
      evaluate: EvaluateSpecification(command: ["true"], gate: [GateRule(metric: "accuracy", .absolute(.above(0.9)))]), deploy: "prod")
    try await append([.pipelineDefined(pipeline)], "pipeline/retrain")
    for (version, isOver) in [(one, true), (two, true), (two, false)] {
      let run = RunID(UUID())
      let requested = Fact.runRequested(RunRequested(model: "churn", pipeline: "retrain", reason: .person("test"), specification: pipeline))
      guard isOver else {
        try await append([requested], run.stream)
        continue
      }
      try await append(
        [
          .versionRegistered(VersionRegistered(version: version, artifact: Artifact(sha256: "ab\(version.number)", size: 1, name: "m"), run: run, metrics: [:]))
        ],
        "model/churn")
      try await append(
        [
          requested, .runStarted(RunStarted(step: .train, attempt: 1, worker: "w")),
          .runEvaluated(
            RunEvaluated(
              model: "churn", pipeline: "retrain", champion: nil, challenger: version, rows: 100, metrics: ["challenger": ["accuracy": 0.95]], difference: [:],
              gate: [], passed: true, deploy: "prod")),
          .runSucceeded(RunSucceeded(version: version)),
        ], run.stream)
    }
    try await append([.aliasMoved(AliasMoved(alias: "champion", version: one, previous: nil))], "model/churn")
  }

  private func roll(_ one: VersionName, _ two: VersionName) async throws {
    try await append(
      [
        .endpointDefined(
          EndpointSpecification(
            name: "prod", model: "churn", target: .local(directory: "/live", health: nil),
            rollout: RolloutSpecification(approvals: 1, stages: [RolloutStage(traffic: 100)])))
      ], "endpoint/prod")
    let proposal = { (version: VersionName) in
      Fact.deploymentProposed(
        DeploymentProposed(
          endpoint: "prod", model: "churn", version: version, replaces: nil, run: nil, approvals: 1, stages: [RolloutStage(traffic: 100)], automatic: true,
          gatePassed: true, requestedBy: [Person(actor: "alice", principal: "p")]))
    }
    try await append([proposal(one), .deploymentCompleted(DeploymentCompleted(version: one))], DeploymentID(UUID()).stream)
    try await append([proposal(two)], DeploymentID(UUID()).stream)
    try await append([.rollbackDecided(RollbackDecided(from: two, to: one, deployment: nil, automatic: true, reason: "worse"))], "endpoint/prod")
    try await append([.rolledBack(RolledBack(from: two, to: one))], "endpoint/prod")
  }

  /// What lies beside the log.
  private func beside() async throws {
    try await database.client.query(
      "insert into kedge.worker values (gen_random_uuid(), 'projector,measurer', 'h', 1, clock_timestamp(), clock_timestamp() + interval '1 hour')")
    try await database.client.query(
      "insert into kedge.halted_stream (follower, stream, position, event, error, parked) values ('monitors', 'monitor/live', 1, gen_random_uuid(), 'e', 2)")
  }
}
