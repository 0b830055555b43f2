import Foundation
import Lifecycle
import Values

/// One fact of each type, with everything set, and with names that a coder of keys might spoil.
enum FactSamples {
  static let uuid = UUID(uuidString: "0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab")!
  static let at = Timestamp("2026-03-01T02:03:04.000005Z")!
  static let remark = Remark(reason: "because \"quoted\"\nand ünïcode")
  static let subject = AlertSubject(
    rule: "drifted", monitor: "risk/live", endpoint: "prod", model: "risk/fraud", metric: "column.meanArea_x.score", severity: "critical",
    notify: ["ops", "mail"])
  static let window = WindowReference(id: WindowID(uuid), startAt: at, endAt: at + .seconds(60), source: "/data/in coming/1.csv")
  static let failed = RunFailed(step: .evaluate, attempt: 2, reason: "exit 1", retryAt: at, lastLines: uuid)
  static let plan = TrafficPlan(current: v(1), candidate: v(2), share: 5, shadow: true)
  static let person = Person(actor: "dora", principal: "token:dora")
  static let result = AnalysisResult(metric: "accuracy", champion: 0.9, challenger: 0.8, difference: [-0.1, -0.2, 0], margin: 0.05, outcome: .notWorse)
  static let monitor = MonitorSpecification(
    name: "live", model: "m", baseline: .file("/r.csv"), window: MonitorWindow(source: .files("/w/*.csv"), labels: "/l/*.csv"),
    columns: MonitorColumns(id: "id", label: "meanLabel_x"), tests: MonitorTests(columns: ["meanArea_x": ColumnTest(test: "psi", threshold: 0.2)]))
  static let pipeline: PipelineSpecification = {
    var pipeline = Specifications.pipeline(
      trigger: [.alert(rule: "a"), .alerts(rule: "b", count: 3, within: .days(7)), .schedule(cron: "0 2 * * *", timeZone: "Europe/Berlin")])
    pipeline.parameters = ["maxDepth": 3, "min_samples": [1, 2.5, nil], "innerKey": ["deepKey": true]]
    return pipeline
  }()

  /// A rule with everything that one can have.
  static let fullRule = AlertRuleSpecification(
    name: "drifted", monitor: "live",
    when: .all([
      AlertCondition(metric: "column.meanArea_x.score", .atMost(0.2)),
      .any([
        .comparison(AlertComparison(metric: "rows", .change(windows: 5, relative: true), .below(-0.5))),
        .comparison(AlertComparison(metric: "rows", .seasonal(.week, periods: 3, relative: false), .above(0.5))),
        .comparison(AlertComparison(metric: "mean_confidence", .trend(windows: 24), .below(-0.5))),
        .comparison(AlertComparison(metric: "mean_confidence", .deviation(windows: 50), .above(3))),
        .comparison(AlertComparison(metric: "mean_confidence", .quantile(windows: 50), .above(0.99))),
      ]),
    ]), for: .share(3, of: 5), resolveAfter: .time(.hours(2)), keepFiring: .hours(1), cooldown: .hours(6), minimumRows: 50,
    noData: NoDataRule(after: .hours(3), then: .keep), severity: .info, levels: [SeverityLevel(.atLeast(0.5), .critical)],
    escalate: Escalation(after: .minutes(30), severity: .critical, notify: ["boss"]), flapping: Flapping(count: 4, within: .days(1)),
    maintenance: [MaintenanceWindow(cron: "0 2 * * 0", timeZone: "Europe/Berlin", lasts: .hours(2))], inhibitedBy: ["dead"],
    group: AlertGrouping(by: .model, wait: .minutes(2)), notify: ["ops"],
    actions: [
      AlertAction(.freeze(endpoint: "prod"), atMostADay: 2, severity: .critical, hours: HoursOfDay(between: "08:00-18:00", timeZone: "Europe/Berlin")),
      AlertAction(.retrain(pipeline: "p")), AlertAction(.rollBack(endpoint: "prod")), AlertAction(.command(["sh", "-c", "x"])),
      AlertAction(.call(url: "http://127.0.0.1")),
    ])

  static let all: [Fact] = [
    .modelRegistered(ModelSpecification(name: "m", task: .regression, tags: ["costCenter": "1", "a_b": "2"])),
    .versionRegistered(
      VersionRegistered(
        version: v(1), artifact: Artifact(sha256: "ab", size: 3, name: "model.joblib"), run: RunID(uuid), metrics: ["rocAuc": 0.9, "log_loss": 0.1],
        tags: ["gitSHA": "x"])),
    .versionTagged(VersionTagged(version: v(1), tags: ["teamName": "a", "gone_tag": nil])),
    .aliasMoved(AliasMoved(alias: "champion", version: v(2), previous: v(1))),
    .versionArchived(VersionArchived(version: v(1), reason: "old")),
    .monitorDefined(monitor), .monitorRemoved(remark),
    .baselinePinned(BaselinePinned(path: "/r.csv", sha256: "ab", rows: 3, profile: "cd")),
    .windowFound(WindowFound(window: WindowID(uuid), source: "/w.csv", size: 3, checksum: "ab", startAt: at, endAt: at)),
    .labelsFound(LabelsFound(source: "/l.csv", size: 3, checksum: "ab")),
    .labelsJoined(LabelsJoined(source: "/data/l.csv", checksum: "ab", windows: [WindowID(uuid)], failure: "l.csv:3: no label")),
    .measurementRecorded(
      MeasurementRecorded(
        window: window, part: .quality, rows: 3, drift: DriftVerdict(detected: true, share: 0.5, driftedColumns: ["meanArea_x"]),
        schemaChanges: ["new: y"],
        columns: [
          ColumnMeasurement(
            name: "meanArea_x", test: "ks", score: 4.2e-16, statistic: 0.4, pValue: 4.2e-16, pAdjusted: 1e-300, effect: 0.3, threshold: 0.05,
            verdict: "drifted", missing: 0),
          ColumnMeasurement(name: "b", test: nil, score: nil, pAdjusted: nil, effect: nil, threshold: nil, verdict: "skipped", missing: nil),
        ], metrics: ["accuracy": 0.9, "rocAuc": 1], intervals: ["accuracy": [0.8, 1]],
        byVersion: ["m/1": ArmMeasurement(rows: 3, metrics: ["meanConf_x": 0.1], intervals: ["meanConf_x": [0, 1]])], late: true,
        inconclusive: true, labelled: 2,
        modelDrift: ModelDrift(
          evidence: [DriftEvidence(kind: "covariate", isPresent: true, because: "x"), DriftEvidence(kind: "concept", isPresent: nil, because: "y")],
          estimation: PerformanceEstimate(
            method: "cbpe", rows: 3,
            metrics: ["rocAuc": EstimatedMetric(value: 0.9, low: 0.8, high: 1, realized: 0.7, error: 0.2), "f1": EstimatedMetric(value: 0, low: 0, high: 0)],
            reason: "none"),
          accuracyAgainstUncertainty: UncertaintyVerdict(verdict: "known", against: "reference", because: "z"),
          trends: [MetricTrend(metric: "meanConf_x", windows: 4, direction: "rising", slope: 0.1, slopeLow: 0, slopeHigh: 0.2, pValue: 0.01)]),
        segments: [
          SegmentMeasurement(
            group: "groupOne_x", rows: 60, tooSmall: false, drift: DriftVerdict(detected: false, share: nil, driftedColumns: []),
            metrics: ["meanConf_x": 1], intervals: ["meanConf_x": [0, 1]]), SegmentMeasurement(group: "b", rows: 3, tooSmall: true),
        ], together: TogetherMeasurement(test: "mmd", statistic: 0.1, pValue: 0.2, effect: nil, verdict: "stable", reason: nil))),
    .measurementFailed(MeasurementFailed(window: window, part: .input, reason: "w.csv:3: not a number")),
    .ruleDefined(fullRule), .ruleRemoved(remark),
    .pipelineDefined(pipeline), .pipelineRemoved(remark),
    .poolDefined(PoolSpecification(name: "gpu", slots: 2)), .poolRemoved(remark),
    .channelDefined(ChannelSpecification(name: "ops", kind: .http(url: "http://127.0.0.1", secret: nil))), .channelRemoved(remark),
    .endpointDefined(Specifications.endpoint()), .endpointRemoved(remark),
    .scheduleDefined(ScheduleDefined(pipeline: "p", cron: "0 2 * * *", timeZone: "Europe/Berlin", nextAt: at)), .scheduleRemoved(remark),
    .scheduleDue(ScheduleDue(pipeline: "p", dueAt: at, nextAt: nil)), .scheduleSkipped(ScheduleSkipped(dueAt: at, reason: "busy")),
    .alertPending(AlertPending(subject: subject, value: 0.5, condition: "c", count: 1, needed: 2, sinceAt: at)),
    .alertRaised(AlertRaised(subject: subject, value: nil, condition: "c", sinceAt: at, driftedColumns: ["x"], because: [uuid])),
    .alertEscalated(AlertEscalated(severity: "critical", reason: "r", notify: ["boss"], unacknowledged: true)),
    .alertEased(AlertEased(severity: "info", reason: "r")), .alertRecovering(AlertRecovering(value: 0.1, sinceAt: at)),
    .alertRelapsed(AlertRelapsed(value: 0.5)), .ruleDataLost(RuleDataLost(sinceAt: at, then: .alert)), .ruleDataReturned(RuleDataReturned(lostAt: at)),
    .silenceStarted(SilenceStarted(matching: SilenceMatcher(monitor: "live", rule: "r", model: "m"), untilAt: at, reason: "r")),
    .silenceEnded(SilenceEnded(reason: "r")), .actionRequested(ActionRequested(action: uuid, rule: "r", declared: fullRule.actions[0])),
    .actionWithheld(ActionWithheld(deed: "freeze prod", reason: "r")), .actionFinished(ActionFinished(action: uuid, failure: "exit 1")),
    .deadlineSet(DeadlineSet(name: "no-data", dueAt: at)),
    .alertAcknowledged(AlertHandled(reason: "r")),
    .alertResolved(AlertResolved(reason: "r", value: 0.1)), .alertMarkedFalse(AlertHandled(reason: nil)),
    .runRequested(
      RunRequested(
        model: "m", pipeline: "p", reason: .alerts([AlertID(uuid)], rule: "r"), parameters: ["maxDepth": 3], specification: pipeline, because: [uuid])),
    .runStarted(RunStarted(step: .train, attempt: 1, worker: "w")), .runStepFinished(RunStepFinished(step: .train, attempt: 1, version: v(1))),
    .runSucceeded(RunSucceeded(version: v(1))), .runFailed(failed), .runTimedOut(failed), .runCancelled(RunCancelled(reason: "r")),
    .runEvaluated(
      RunEvaluated(
        model: "m", pipeline: "p", champion: v(1), challenger: v(2), rows: 3, metrics: ["champion": ["rocAuc": 1], "challenger": ["log_loss": 0.1]],
        difference: ["rocAuc": [0, -1, 1]],
        gate: [GateResult(metric: "accuracy", outcome: "not_computable", passed: false, value: nil, limit: 0.9, rule: "accuracy above 0.9")],
        passed: false, deploy: "prod", intervals: ["challenger": ["log_loss": [0.05, 0.2]]])),
    .deploymentProposed(
      DeploymentProposed(
        endpoint: "prod", model: "m", version: v(2), replaces: v(1), run: RunID(uuid), approvals: 2,
        stages: [RolloutStage(shadow: true, traffic: 0, hold: .seconds(90), requireConclusive: true)], automatic: true, gatePassed: false,
        requestedBy: [person])), .deploymentHeld(DeploymentHeld(reason: "r")), .gateOverridden(remark),
    .deploymentApproved(DeploymentApproved(reason: "fine", seenPosition: 9_007_199_254_740_993, identity: .verified)),
    .deploymentRejected(remark), .approvalVoided(ApprovalVoided(reason: "r", approvals: [uuid], because: [uuid])),
    .stageEntered(StageEntered(stage: 1, of: 4, shadow: false, traffic: 5, hold: .minutes(10))),
    .comparisonRequested(
      ComparisonRequested(
        endpoint: "prod", model: "m", monitor: "live", window: window, champion: v(1), challenger: v(2), specification: pipeline,
        rules: [RollbackRule(metric: "accuracy", .belowChampionBy(0.05), for: 2), RollbackRule(metric: "log_loss", .aboveChampionBy(0.1))])),
    .analysisRecorded(
      AnalysisRecorded(kind: "paired", window: window, champion: v(1), challenger: v(2), rows: 3, results: [result], outcome: .worse, reason: "r")),
    .deploymentCompleted(DeploymentCompleted(version: v(2), because: [uuid])), .deploymentPaused(remark), .deploymentResumed(remark),
    .deploymentAborted(remark),
    .deploymentSuperseded(DeploymentSuperseded(by: DeploymentID(uuid))), .deploymentRolledBack(DeploymentRolledBack(to: v(1), reason: "r")),
    .trafficRequested(TrafficRequested(plan: plan, purpose: .restore, deployment: DeploymentID(uuid), stage: 1, because: [uuid])),
    .trafficMoved(TrafficMoved(plan: plan, request: uuid, token: 1 << 40)),
    .trafficMoveFailed(TrafficMoveFailed(plan: plan, request: uuid, attempt: 1, reason: "r", retryAt: at)),
    .rolloutStarted(RolloutStarted(deployment: DeploymentID(uuid), version: v(2), because: [uuid])),
    .rolloutEnded(RolloutEnded(deployment: DeploymentID(uuid), version: v(2), outcome: .rolledBack)),
    .rollbackDecided(RollbackDecided(from: v(2), to: v(1), deployment: DeploymentID(uuid), automatic: true, reason: "r", because: [uuid])),
    .rolledBack(RolledBack(from: v(2), to: v(1))), .endpointFrozen(remark), .endpointThawed(remark),
    .messageRequested(
      MessageRequested(
        message: uuid, alert: AlertID(uuid), state: "firing", severity: "critical", title: "t", text: "x", fields: [.init("condition", "c")],
        command: "kedge ack x")),
    .messageSent(MessageSent(message: uuid, attempt: 1, alert: AlertID(uuid), receipt: ["threadTs": "1.2", "channel_id": "C"])),
    .messageDelayed(MessageDelayed(message: uuid, attempt: 1, reason: "429", retryAt: at)),
    .messageAbandoned(MessageAbandoned(message: uuid, attempt: 9, reason: "404")),
    .messageFolded(MessageFolded(message: uuid, into: uuid)),
    .messageRedriven(
      MessageRequested(
        message: uuid, alert: AlertID(uuid), state: "resolved", severity: "critical", title: "t", text: "x", fields: [], command: nil,
        about: AlertRaised(subject: AlertSubject(rule: "r", severity: "critical", notify: []), value: 1, condition: "c", sinceAt: at),
        formerSeverities: ["warning"], at: at)),
    .deadlinePassed(DeadlinePassed(name: "hold-1", dueAt: at, cause: uuid)),
  ]
}
