import EventLog
import Foundation
import Lifecycle
import TestSupport
import Values

/// Facts of every type, drawn at random, on streams that are drawn at random.
///
/// Whatever they say, a read model has to show the same after a replay. Only what a stream begins with comes first and once, because
/// some rows exist from there on.
struct RandomFacts {
  private var random: SeededGenerator
  /// Streams that began, of those that have a beginning, the newest last.
  private var begun: [String: [String]] = [:]
  /// How many of the streams that began facts are still drawn for.
  private let alive = 20
  private let space = UUID(uuidString: "0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab")!
  private let now = Timestamp(seconds: 1_750_000_000)

  /// The stream that facts are drawn for: what they define has its name, and their rows belong to it alone.
  private var stream = ""
  private var name: String { String(stream.drop { $0 != "/" }.dropFirst()) }

  init(_ seed: Seed) { random = seed.makeGenerator() }

  /// An append of 1 to 4 facts to one stream.
  mutating func append() throws -> Append {
    let (stream, facts) = draw()
    let events = try facts.map { NewEvent(type: $0.type, schema: $0.schema, data: try $0.data()) }
    return Append(stream: StreamName(stream), expected: .any, events: events)
  }

  private mutating func draw() -> (String, [Fact]) {
    switch number(0...99) {
    case 0..<12: return on("model/m\(number(1...5))") { $0.model() }
    case 12..<32: return on("monitor/w\(number(1...12))") { $0.monitor() }
    case 32..<36: return on("rule/r\(number(1...9))") { $0.number(0...4) == 0 ? .ruleRemoved($0.remark) : .ruleDefined($0.rule) }
    case 36..<48:
      return begin("alert", with: .alertPending(AlertPending(subject: subject, value: share, condition: word, count: 1, needed: 2, sinceAt: time))) {
        $0.alert()
      }
    case 48..<51: return on("pipeline/p\(number(1...5))") { $0.number(0...4) == 0 ? .pipelineRemoved($0.remark) : .pipelineDefined($0.pipeline) }
    case 51..<66:
      return begin(
        "run", with: .runRequested(RunRequested(model: "m", pipeline: "p\(number(1...5))", reason: .person(word), specification: pipeline))
      ) { $0.run() }
    case 66..<78:
      return begin(
        "deployment",
        with: .deploymentProposed(
          DeploymentProposed(
            endpoint: "e\(number(1...3))", model: "m", version: version, replaces: flip() ? version : nil, run: flip() ? RunID(uuid(40)) : nil,
            approvals: number(0...2), stages: [RolloutStage(traffic: 100, hold: .seconds(90))], automatic: flip(), gatePassed: flip(),
            requestedBy: [Person(actor: word, principal: word)]))
      ) { $0.deployment() }
    case 78..<87: return on("endpoint/e\(number(1...3))") { $0.endpoint() }
    case 87..<95: return on("channel/c\(number(1...4))") { $0.channel() }
    case 95..<98: return on("schedule/p\(number(1...5))") { $0.schedule() }
    default:
      return on("pool/g\(number(1...3))") {
        $0.number(0...4) == 0 ? .poolRemoved($0.remark) : .poolDefined(PoolSpecification(name: $0.name, slots: $0.number(1...9)))
      }
    }
  }

  /// A few facts on a stream.
  private mutating func on(_ stream: String, _ draw: (inout RandomFacts) -> Fact) -> (String, [Fact]) {
    self.stream = stream
    return (stream, (0..<number(1...4)).map { _ in draw(&self) })
  }

  /// A stream that began before, or a new one with its first fact.
  private mutating func begin(_ category: String, with first: Fact, then: (inout RandomFacts) -> Fact) -> (String, [Fact]) {
    let streams = begun[category, default: []]
    if streams.count < 3 || number(0...9) == 0 {
      let stream = "\(category)/\(uuid(Int.max).lowercased)"
      begun[category] = streams.suffix(alive - 1) + [stream]
      return (stream, [first])
    }
    return on(streams[number(0...(streams.count - 1))], then)
  }

  private mutating func model() -> Fact {
    let version = VersionName(model: name, number: number(1...9))
    switch number(0...5) {
    case 0: return .modelRegistered(ModelSpecification(name: name, task: .regression, tags: [word: word]))
    case 1, 2:
      return .versionRegistered(
        VersionRegistered(
          version: version, artifact: Artifact(sha256: word, size: 3, name: word), run: RunID(uuid(40)), metrics: [word: share], tags: [word: word]))
    case 3: return .versionTagged(VersionTagged(version: version, tags: [word: flip() ? word : nil]))
    case 4: return .aliasMoved(AliasMoved(alias: word, version: version, previous: nil))
    default: return .versionArchived(VersionArchived(version: version, reason: word))
    }
  }

  private mutating func monitor() -> Fact {
    let window = self.window
    let part: Part = flip() ? .input : .quality
    switch number(0...12) {
    case 0:
      return .monitorDefined(MonitorSpecification(name: name, model: word, window: MonitorWindow(source: .files("/w/*.csv"), minimumRows: number(1...9))))
    case 1: return number(0...3) == 0 ? .monitorRemoved(remark) : .baselinePinned(BaselinePinned(path: word, sha256: word, rows: number(1...9)))
    case 2..<6:
      return .windowFound(WindowFound(window: window.id, source: word, size: 3, checksum: word, startAt: window.startAt, endAt: window.endAt))
    case 6: return .labelsFound(LabelsFound(source: word, size: 3, checksum: "c\(number(1...20))"))
    case 7: return .labelsJoined(LabelsJoined(source: word, checksum: "c\(number(1...20))", windows: [window.id]))
    case 8: return .measurementFailed(MeasurementFailed(window: window, part: part, reason: word))
    default:
      return .measurementRecorded(
        MeasurementRecorded(
          window: window, part: part, rows: number(1...999), drift: DriftVerdict(detected: flip(), share: share, driftedColumns: [word]), columns: [],
          metrics: [word: share], late: flip(), inconclusive: flip(), labelled: number(0...2)))
    }
  }

  private mutating func alert() -> Fact {
    switch number(0...5) {
    case 0: .alertPending(AlertPending(subject: subject, value: share, condition: word, count: 1, needed: 2, sinceAt: time))
    case 1: .alertRaised(AlertRaised(subject: subject, value: flip() ? share : nil, condition: word, sinceAt: time, driftedColumns: [word]))
    case 2: .alertEscalated(AlertEscalated(severity: word, reason: word))
    case 3: .alertAcknowledged(AlertHandled(reason: word))
    case 4: .alertResolved(AlertResolved(reason: word, value: share))
    default: .alertMarkedFalse(AlertHandled(reason: nil))
    }
  }

  private mutating func run() -> Fact {
    let step: RunStep = flip() ? .train : .evaluate
    let failed = RunFailed(step: step, attempt: number(1...3), reason: word, retryAt: flip() ? time : nil, lastLines: flip() ? uuid(40) : nil)
    switch number(0...7) {
    case 0, 1: return .runStarted(RunStarted(step: step, attempt: number(1...3), worker: word))
    case 2: return .runStepFinished(RunStepFinished(step: step, attempt: 1, version: version))
    case 3: return .runSucceeded(RunSucceeded(version: version))
    case 4: return .runFailed(failed)
    case 5: return .runTimedOut(failed)
    case 6: return .runCancelled(RunCancelled(reason: word))
    default:
      return .runEvaluated(
        RunEvaluated(
          model: "m", pipeline: "p", champion: version, challenger: version, rows: number(1...99), metrics: ["champion": [word: share]],
          difference: [word: [share, share, share]],
          gate: [GateResult(metric: word, outcome: "not_computable", passed: false, value: nil, limit: share, rule: word)], passed: flip(), deploy: nil))
    }
  }

  private mutating func deployment() -> Fact {
    let window = self.window
    switch number(0...14) {
    case 0: return .deploymentHeld(DeploymentHeld(reason: word))
    case 1: return .gateOverridden(remark)
    case 2, 3: return .deploymentApproved(DeploymentApproved(reason: word, seenPosition: Int64(number(1...999)), identity: flip() ? .verified : .asserted))
    case 4: return .approvalVoided(ApprovalVoided(reason: flip() ? word : nil))
    case 5, 6: return .stageEntered(StageEntered(stage: number(1...4), of: 4, shadow: flip(), traffic: number(0...100), hold: .minutes(10)))
    case 7:
      return .analysisRecorded(
        AnalysisRecorded(
          kind: flip() ? "paired" : "arms", window: window, champion: version, challenger: version, rows: 3,
          results: [AnalysisResult(metric: word, champion: share, challenger: share, difference: [share], margin: 0.05, outcome: .notWorse)],
          outcome: .worse, reason: word))
    case 8:
      return .comparisonRequested(
        ComparisonRequested(
          endpoint: "e", model: "m", monitor: "w", window: window, champion: version, challenger: version, specification: pipeline, rules: []))
    case 9: return .deadlinePassed(DeadlinePassed(name: "hold-\(number(1...4))", dueAt: time, cause: uuid(40)))
    case 10: return flip() ? .deploymentPaused(remark) : .deploymentResumed(remark)
    case 11: return .deploymentCompleted(DeploymentCompleted(version: version))
    case 12: return flip() ? .deploymentAborted(remark) : .deploymentRejected(remark)
    case 13: return .deploymentSuperseded(DeploymentSuperseded(by: DeploymentID(uuid(40))))
    default: return .deploymentRolledBack(DeploymentRolledBack(to: version, reason: word))
    }
  }

  private mutating func endpoint() -> Fact {
    let plan = TrafficPlan(current: version, candidate: flip() ? version : nil, share: number(0...100), shadow: flip())
    switch number(0...9) {
    case 0, 1: return .endpointDefined(EndpointSpecification(name: name, model: word, target: .local(directory: word, health: nil)))
    case 2: return number(0...3) == 0 ? .endpointRemoved(remark) : .endpointFrozen(remark)
    case 3: return .endpointThawed(remark)
    case 4: return .trafficRequested(TrafficRequested(plan: plan, purpose: .restore, deployment: DeploymentID(uuid(40)), stage: 1))
    case 5: return .trafficMoved(TrafficMoved(plan: plan, request: uuid(40), token: Int64(number(1...999))))
    case 6: return .trafficMoveFailed(TrafficMoveFailed(plan: plan, request: uuid(40), attempt: 1, reason: word, retryAt: flip() ? time : nil))
    case 7: return .rolloutStarted(RolloutStarted(deployment: DeploymentID(uuid(40)), version: version))
    case 8: return .rolloutEnded(RolloutEnded(deployment: DeploymentID(uuid(40)), version: version, outcome: flip() ? .completed : .rolledBack))
    default:
      return flip()
        ? .rollbackDecided(RollbackDecided(from: version, to: version, deployment: nil, automatic: flip(), reason: word))
        : .rolledBack(RolledBack(from: version, to: version))
    }
  }

  private mutating func channel() -> Fact {
    let message = UUID(namespace: space, name: "\(stream) \(number(1...20))")
    switch number(0...6) {
    case 0:
      return .channelDefined(
        ChannelSpecification(name: name, kind: flip() ? .http(url: word, secret: nil) : .alertmanager(AlertmanagerSettings(url: word))))
    case 1: return number(0...3) == 0 ? .channelRemoved(remark) : .messageAbandoned(MessageAbandoned(message: message, attempt: 9, reason: word))
    case 2, 3:
      return .messageRequested(
        MessageRequested(
          message: message, alert: flip() ? AlertID(uuid(40)) : nil, state: word, severity: word, title: word, text: word, fields: [], command: nil))
    case 4:
      switch number(0...2) {
      case 0: return .messageSent(MessageSent(message: message, attempt: number(1...9), alert: nil, receipt: [word: word]))
      case 1: return .messageFolded(MessageFolded(message: message, into: UUID(namespace: space, name: "\(stream) \(number(1...20))")))
      default:
        return .messageRedriven(
          MessageRequested(
            message: message, alert: flip() ? AlertID(uuid(40)) : nil, state: word, severity: word, title: word, text: word, fields: [], command: nil))
      }
    default: return .messageDelayed(MessageDelayed(message: message, attempt: number(1...9), reason: word, retryAt: time))
    }
  }

  private mutating func schedule() -> Fact {
    switch number(0...4) {
    case 0, 1: .scheduleDefined(ScheduleDefined(pipeline: "p", cron: word, timeZone: word, nextAt: flip() ? time : nil))
    case 2: .scheduleDue(ScheduleDue(pipeline: "p", dueAt: time, nextAt: flip() ? time : nil))
    case 3: .scheduleSkipped(ScheduleSkipped(dueAt: time, reason: word))
    default: .scheduleRemoved(remark)
    }
  }

  // MARK: Parts of facts

  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  private mutating func flip() -> Bool { Bool.random(using: &random) }

  /// One of so many, which other facts may name too.
  private mutating func uuid(_ variety: Int) -> UUID {
    UUID(namespace: space, name: "\(number(1...variety))")
  }

  private var share: Double { mutating get { Double(number(0...1000)) / 1000 } }
  private var word: String { mutating get { ["a", "b", "ünï \"quoted\"", "drift.share", "m/1", ""][number(0...5)] } }
  private var time: Timestamp { mutating get { now + .seconds(number(0...100_000)) } }
  private var remark: Remark { mutating get { Remark(reason: flip() ? word : nil) } }
  private var version: VersionName { mutating get { VersionName(model: "m", number: number(1...9)) } }

  private var window: WindowReference {
    mutating get {
      let number = number(1...30)
      return WindowReference(
        id: WindowID(UUID(namespace: space, name: "\(stream) \(number)")), startAt: now + .seconds(number),
        endAt: now + .seconds(number + 60), source: "/data/\(number).csv")
    }
  }

  private var subject: AlertSubject {
    mutating get {
      AlertSubject(rule: word, monitor: flip() ? word : nil, endpoint: flip() ? word : nil, model: word, metric: word, severity: word, notify: [])
    }
  }

  private var rule: AlertRuleSpecification {
    mutating get {
      AlertRuleSpecification(name: name, monitor: word, when: AlertCondition(metric: "drift.share", .atMost(share)), notify: [word])
    }
  }

  private var pipeline: PipelineSpecification {
    mutating get {
      PipelineSpecification(
        name: stream.hasPrefix("pipeline/") ? name : "p", model: word, train: TrainSpecification(trainer: .command([word], directory: "/")),
        evaluate: EvaluateSpecification(command: [word], gate: [GateRule(metric: "accuracy", .absolute(.above(share)))]))
    }
  }
}
