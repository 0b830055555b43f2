import Foundation
import Lifecycle
import Values

/// What people and workers do in a story.
extension Simulation {
  static let spec = Specifications()

  /// A simulation in which these are declared.
  init(_ specifications: Specifications) {
    self.init()
    declare(specifications)
    settle()
  }

  mutating func declare(_ all: Specifications) {
    append([.modelRegistered(ModelSpecification(name: "m", task: .classification))], to: "model/m", by: "ann")
    append([.channelDefined(ChannelSpecification(name: "ops", kind: .http(url: "http://127.0.0.1:9", secret: nil)))], to: "channel/ops", by: "ann")
    append([.monitorDefined(all.monitor)], to: "monitor/\(all.monitor.name)", by: "ann")
    for rule in all.rules { append([.ruleDefined(rule)], to: "rule/\(rule.name)", by: "ann") }
    for endpoint in all.endpoints { append([.endpointDefined(endpoint)], to: "endpoint/\(endpoint.name)", by: "ann") }
    for pipeline in all.pipelines { append([.pipelineDefined(pipeline)], to: "pipeline/\(pipeline.name)", by: "ann") }
    settle()
  }

  // MARK: measurements

  /// A window that ends now.
  func window(_ name: String) -> WindowReference {
    WindowReference(
      id: WindowID(UUID(namespace: Simulation.namespace, name: "window/\(name)")), startAt: now - .seconds(60), endAt: now, source: "/w/\(name).csv")
  }

  /// Records the measurement of a new window that ends a minute from now.
  @discardableResult
  mutating func measure(_ share: Double?, inconclusive: Bool = false, monitor: String = "live") -> WindowReference {
    advance(by: .seconds(60))
    let window = window("\(log.count)")
    measure(window, share, inconclusive: inconclusive, monitor: monitor)
    return window
  }

  /// Records a measurement as the measurer does: late when it ends before a window that was counted.
  mutating func measure(_ window: WindowReference, _ share: Double?, inconclusive: Bool = false, monitor: String = "live") {
    record(
      MeasurementRecorded(
        window: window, part: .input, rows: inconclusive ? 5 : 200,
        drift: DriftVerdict(detected: (share ?? 0) > 0, share: share, driftedColumns: (share ?? 0) > 0 ? ["x"] : []), columns: [],
        metrics: ["mean_confidence": 0.9], late: false, inconclusive: inconclusive), monitor)
  }

  /// Records the quality of a new window; `arms` are accuracies by version.
  @discardableResult
  mutating func label(_ accuracy: Double, arms: [VersionName: Double] = [:], rows: Int = 400, monitor: String = "live") -> WindowReference {
    advance(by: .seconds(60))
    let window = window("\(log.count)")
    label(window, accuracy, arms: arms, rows: rows, monitor: monitor)
    return window
  }

  mutating func label(_ window: WindowReference, _ accuracy: Double, arms: [VersionName: Double] = [:], rows: Int = 400, monitor: String = "live") {
    let figures = arms.map { ($0.description, ArmMeasurement(rows: rows, metrics: ["accuracy": $1], intervals: ["accuracy": [$1 - 0.02, $1 + 0.02]])) }
    record(
      MeasurementRecorded(
        window: window, part: .quality, rows: rows, drift: nil, columns: [], metrics: ["accuracy": accuracy],
        byVersion: Dictionary(uniqueKeysWithValues: figures), late: false, inconclusive: rows < 100), monitor)
  }

  private mutating func record(_ measurement: MeasurementRecorded, _ monitor: String) {
    var measurement = measurement
    measurement.late = state("monitor/\(monitor)", MonitorState.self).isLate(measurement.part, endAt: measurement.window.endAt)
    append([.measurementRecorded(measurement)], to: "monitor/\(monitor)", by: "kedge/measurer")
    settle()
  }

  /// Answers the comparisons that are asked for and not answered, as the trainer does: the new version's accuracy minus the old one's.
  mutating func compare(difference: Double?) {
    for stream in streams(of: "deployment") {
      var open: [ComparisonRequested] = []
      for record in records(stream) {
        if case .comparisonRequested(let fact) = record.fact { open.append(fact) }
        if case .analysisRecorded(let fact) = record.fact { open.removeAll { $0.window.id == fact.window.id } }
      }
      for request in open { answer(request, in: stream, difference) }
    }
    settle()
  }

  mutating func answer(_ request: ComparisonRequested, in stream: String, _ difference: Double?) {
    let results = request.rules.map { rule in
      rule.judge(champion: 0.9, challenger: 0.9 + (difference ?? 0), difference: difference.map { [$0, $0 - 0.02, $0 + 0.02] } ?? [])
    }
    let analysis = AnalysisRecorded(
      kind: "paired", window: request.window, champion: request.champion, challenger: request.challenger, rows: 400, results: results,
      outcome: AnalysisOutcome(of: results), reason: difference == nil ? "nothing to compare" : nil)
    if let facts = try? state(stream, DeploymentState.self).decide(.recordAnalysis(analysis)) {
      append(facts, to: stream, by: "kedge/trainer")
    }
  }

  // MARK: runs

  @discardableResult
  mutating func retrain(_ pipeline: PipelineSpecification, by actor: String) -> RunID {
    let run = RunID(UUID(namespace: Simulation.namespace, name: "run/\(log.count)"))
    append(
      [.runRequested(RunRequested(model: pipeline.model, pipeline: pipeline.name, reason: .person(nil), specification: pipeline))], to: run.stream,
      by: actor)
    settle()
    return run
  }

  var runs: [RunID] { streams(of: "run").compactMap { RunID(stream: $0) } }
  var activeRuns: [RunID] { runs.filter { state($0.stream, RunState.self).isActive } }

  mutating func start(_ run: RunID) throws {
    append([.runStarted(try state(run.stream, RunState.self).start(worker: "w"))], to: run.stream, by: "kedge/trainer")
    settle()
  }

  mutating func fail(_ run: RunID, timedOut: Bool = false, retryable: Bool = true) throws {
    let fact = try state(run.stream, RunState.self).fail(reason: "exit 1", timedOut: timedOut, lastLines: nil, retryable: retryable, at: now)
    append([fact], to: run.stream, by: "kedge/trainer")
    settle()
  }

  /// Training ends well.
  @discardableResult
  mutating func train(_ run: RunID) throws -> VersionName {
    let before: RunState = state(run.stream)
    if before.phase == .requested { try start(run) }
    let model = try before.request.unwrapped.model
    let registered = state("model/\(model)", ModelState.self).register(
      model: model, artifact: Artifact(sha256: "00", size: 1, name: "model.joblib"), run: run, metrics: [:], tags: [:])
    append([.versionRegistered(registered)], to: "model/\(model)", by: "kedge/trainer")
    append([.runStepFinished(RunStepFinished(step: .train, attempt: 1, version: registered.version))], to: run.stream, by: "kedge/trainer")
    settle()
    return registered.version
  }

  /// Evaluation ends well, and the gate says so.
  @discardableResult
  mutating func evaluate(_ run: RunID, passed: Bool) throws -> DeploymentID? {
    try start(run)
    let state: RunState = state(run.stream)
    let request = try state.request.unwrapped
    let challenger = try state.version.unwrapped
    let gate = GateResult(
      metric: "accuracy", outcome: passed ? "passed" : "failed", passed: passed, value: passed ? 0.95 : 0.5, limit: 0.9, rule: "accuracy above 0.9")
    let champion = self.state("model/\(request.model)", ModelState.self).aliases["champion"]
    let evaluated = append(
      [
        .runStepFinished(RunStepFinished(step: .evaluate, attempt: state.attempt, version: challenger)),
        .runEvaluated(
          RunEvaluated(
            model: request.model, pipeline: request.pipeline, champion: champion, challenger: challenger, rows: 400, metrics: [:], difference: [:],
            gate: [gate], passed: passed, deploy: request.specification.deploy)), .runSucceeded(RunSucceeded(version: challenger)),
      ], to: run.stream, by: "kedge/trainer")
    settle()
    return request.specification.deploy.map { DeploymentID(cause: evaluated[1].id, policy: "promoting", name: $0) }
  }

  /// A run by hand whose version is proposed.
  @discardableResult
  mutating func propose(passed: Bool = true, by actor: String = "dora", _ pipeline: PipelineSpecification = spec.pipelines[0]) throws -> DeploymentID {
    let run = retrain(pipeline, by: actor)
    try train(run)
    return try evaluate(run, passed: passed).unwrapped
  }

  /// A version goes all the way to completion.
  @discardableResult
  mutating func release(_ pipeline: PipelineSpecification = spec.pipelines[0]) throws -> DeploymentID {
    let id = try propose(pipeline)
    if state(id.stream, DeploymentState.self).phase == .awaitingApproval { try approve(id, by: "olga") }
    advance(by: .seconds(86_400))
    return id
  }

  mutating func propose(_ pipeline: PipelineSpecification) throws -> DeploymentID { try propose(passed: true, by: "dora", pipeline) }

  // MARK: people

  mutating func approve(_ id: DeploymentID, by actor: String, seen position: Int64? = nil) throws {
    try command(id, .approve(by: person(actor), reason: "fine", seenPosition: position ?? Int64(log.count)), by: actor)
  }

  func person(_ actor: String) -> Person { Person(actor: actor, principal: principals[actor] ?? "kedge_owner") }

  mutating func command(_ id: DeploymentID, _ command: DeploymentCommand, by actor: String = "otto") throws {
    append(try state(id.stream, DeploymentState.self).decide(command), to: id.stream, by: actor)
    settle()
  }

  mutating func endpoint(_ name: String = "prod", by actor: String = "otto", _ decide: (EndpointState) throws -> [Fact]) throws {
    append(try decide(state("endpoint/\(name)")), to: "endpoint/\(name)", by: actor)
    settle()
  }

  mutating func rollBack(_ name: String = "prod", to version: VersionName? = nil) throws {
    try endpoint(name) { try $0.rollBack(to: version, automatic: false, reason: "complaints") }
  }

  /// Promotes a registered version by hand.
  mutating func promote(_ version: VersionName, to name: String = "prod", by actor: String = "otto") throws -> DeploymentID {
    let id = DeploymentID(UUID(namespace: Simulation.namespace, name: "promote/\(log.count)"))
    let endpoint: EndpointState = state("endpoint/\(name)")
    let rollout = try endpoint.specification.unwrapped.rollout
    let proposal = DeploymentProposed(
      endpoint: name, model: version.model, version: version, replaces: endpoint.plan?.current, run: nil, approvals: rollout.approvals,
      stages: rollout.stages, automatic: false, gatePassed: true, requestedBy: [person(actor)])
    try command(id, .propose(proposal, held: nil), by: actor)
    return id
  }

  // MARK: what can be seen

  func deployment(_ id: DeploymentID) -> DeploymentState { state(id.stream) }
  func endpoint(_ name: String = "prod") -> EndpointState { state("endpoint/\(name)") }
  var champion: VersionName? { state("model/m", ModelState.self).aliases["champion"] }
  var alerts: [AlertID] { streams(of: "alert").compactMap { AlertID(stream: $0) } }
  func alert(_ index: Int) -> AlertState { state(alerts[index].stream) }
  var firing: [AlertID] { alerts.filter { state($0.stream, AlertState.self).phase == .firing } }
  var messages: [MessageRequested] {
    records("channel/ops").compactMap { if case .messageRequested(let fact) = $0.fact { fact } else { nil } }
  }
}

struct Missing: Error {}

extension Optional {
  /// The value, or an error that fails the test.
  var unwrapped: Wrapped { get throws { if let self { self } else { throw Missing() } } }
}

func v(_ number: Int) -> VersionName { VersionName(model: "m", number: number) }
