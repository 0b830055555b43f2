internal import Foundation
public import Values

/// Runs the policies over recorded facts once more, under a hypothesis, in memory: nothing is appended and nobody is told.
///
/// What came from outside is taken as it was recorded: measurements, what people did, what became of runs. What policies said is left out
/// and decided anew, at the moment of the fact that gives rise to it. What people did to something that is not there in this world is left
/// out too. It supposes that
/// - targets do what they are asked, at once;
/// - holds end on time: at the recorded `deadline_passed` or when the clock passes them, whichever comes first;
/// - a run that did not happen occupies its pipeline for as long as the last one that did, and nothing comes of it;
/// - what is measured does not depend on what serves.
///
/// It remembers what policies and open things remember: as much as there are of those, however long the history.
public struct Rerun: Sendable {
  /// What came of it so far.
  public private(set) var outcomes = Outcomes()

  private let hypothesis: Hypothesis
  private let pipelines: [String: PipelineSpecification]
  private let recorded: RecordedRuns
  private var policies: [(name: String, policy: any Policy)] = Rerun.allPolicies
  private var streams = StreamStates()
  private var timers: [Timer] = []
  /// Facts that the policies have not read yet.
  private var waiting: [FactRecord] = []
  /// Streams of endpoints that may be asked to move traffic.
  private var asked: Set<String> = []
  private var now: Timestamp?
  /// Of the newest recorded fact: what is decided anew counts as if it stood there.
  private var position: Int64?
  private var decisions = 0
  /// The stream in this world of each recorded run that was requested anew.
  private var streamOfRun: [String: String] = [:]
  private var recordedRun: [String: String] = [:]
  /// Recorded runs under way, and how long the last one took.
  private var underWay: [String: (pipeline: String, since: Timestamp)] = [:]
  private var lastSpan: [String: Duration] = [:]

  private struct Timer {
    var due: Timestamp
    var stream: String
    var name: String
    var cause: UUID
    var fact: Fact
  }

  /// All that decide something; messages are left out.
  private static var allPolicies: [(name: String, policy: any Policy)] {
    [
      (AlertingPolicy.name, AlertingPolicy()), (RetrainingPolicy.name, RetrainingPolicy()), (PromotingPolicy.name, PromotingPolicy()),
      (RolloutPolicy.name, RolloutPolicy()), (GuardingPolicy.name, GuardingPolicy()), (ActingPolicy.name, ActingPolicy()),
    ]
  }
  private static let actors = Set((allPolicies.map(\.name) + [NotifyingPolicy.name]).map { "kedge/\($0)" })
  /// The categories of the streams whose facts it needs.
  public static let categories = ["model", "monitor", "rule", "pipeline", "endpoint", "schedule", "alert", "run", "deployment"]

  /// - Parameter recorded: the runs that happened.
  public init(_ hypothesis: Hypothesis, recorded: RecordedRuns = RecordedRuns()) {
    self.hypothesis = hypothesis
    self.recorded = recorded
    pipelines = hypothesis.pipelines
  }

  /// Takes the next recorded fact in.
  /// - Parameter recordedAt: by the clock of the database; the clock of this world goes by it.
  public mutating func take(_ record: FactRecord, recordedAt: Timestamp) {
    if now == nil {
      (now, position) = (recordedAt, record.position)
      for (stream, fact) in hypothesis.facts { emit(fact, on: stream, by: "kedge/hypothesis", because: record.id) }
      settle()
    }
    advance(to: recordedAt)
    position = record.position
    time(record, recordedAt)
    guard let fact = admit(record) else { return }
    var record = record
    record.fact = fact
    if let stream = streamOfRun[record.stream] { record.stream = stream }
    append(record)
    settle()
  }

  // MARK: time

  private mutating func advance(to time: Timestamp) {
    guard let before = now, time > before else { return }
    while let index = timers.indices.min(by: { timers[$0].due < timers[$1].due }), timers[index].due <= time {
      let timer = timers.remove(at: index)
      now = max(now ?? timer.due, timer.due)
      emit(timer.fact, on: timer.stream, by: "kedge/scheduler", because: timer.cause)
      settle()
    }
    now = time
  }

  /// How long recorded runs take.
  private mutating func time(_ record: FactRecord, _ at: Timestamp) {
    switch record.fact {
    case .runRequested(let fact): underWay[record.stream] = (fact.pipeline, at)
    case .runFailed(let fact), .runTimedOut(let fact): if fact.retryAt == nil { finish() }
    case .runSucceeded, .runCancelled: finish()
    default: break
    }
    func finish() { if let run = underWay.removeValue(forKey: record.stream) { lastSpan[run.pipeline] = at - run.since } }
  }

  // MARK: what is taken as recorded

  /// The fact as it is in this world; nil when it does not happen, or is decided anew.
  private mutating func admit(_ record: FactRecord) -> Fact? {
    if let key = record.declares { return hypothesis.overrides(key) ? nil : record.fact }
    if Rerun.actors.contains(record.actor) { return nil }
    let stream = streamOfRun[record.stream] ?? record.stream
    switch record.fact {
    case .alertPending, .alertRaised, .runRequested, .deploymentProposed, .endpointFrozen, .endpointThawed: return record.fact
    case .alertAcknowledged, .alertResolved, .alertMarkedFalse, .alertEscalated, .alertEased: return streams[stream] == nil ? nil : record.fact
    case .runEvaluated(let evaluation):
      guard streams[stream] != nil else { return nil }
      guard let pipeline = pipelines[evaluation.pipeline] else { return record.fact }
      var judged = evaluation.judged(by: pipeline.evaluate.gate)
      judged.deploy = pipeline.deploy
      return .runEvaluated(judged)
    case .deadlinePassed(let fact):
      guard let index = timers.firstIndex(where: { $0.stream == stream && $0.name == fact.name }) else { return nil }
      timers.remove(at: index)
      return record.fact
    case .rollbackDecided(let fact):
      let endpoint = state(stream, EndpointState.self)
      let facts = (try? endpoint.rollBack(to: fact.to, automatic: false, reason: fact.reason, because: fact.because)) ?? []
      for fact in facts { emit(fact, on: stream, by: record.actor, because: record.id) }
      return nil
    // Answers of targets to what was asked in the other world, and what else stands beside a rollback.
    case .stageEntered, .trafficRequested, .trafficMoved, .trafficMoveFailed, .rolledBack, .rolloutStarted, .rolloutEnded: return nil
    case .analysisRecorded(let fact): return streams[stream] != nil && fact.kind == "paired" ? record.fact : nil
    default:
      if stream.hasPrefix("deployment/") { return isPossible(record.fact, state(stream, DeploymentState.self)) ? record.fact : nil }
      return stream.hasPrefix("run/") && streams[stream] == nil ? nil : record.fact
    }
  }

  /// Whether somebody could have done this to a deployment that stands like this.
  private func isPossible(_ fact: Fact, _ deployment: DeploymentState) -> Bool {
    switch fact {
    case .deploymentHeld: deployment.isWaiting
    case .gateOverridden: deployment.phase == .held
    case .deploymentApproved: deployment.phase == .awaitingApproval
    case .deploymentRejected: deployment.isWaiting
    case .deploymentPaused: deployment.phase == .rolling && !deployment.isPaused
    case .deploymentResumed: deployment.isPaused
    default: deployment.isOpen
    }
  }

  // MARK: what follows

  private mutating func settle() {
    repeat {
      var next = 0
      while next < waiting.count {
        let record = waiting[next]
        next += 1
        deliver(record)
      }
      waiting = []
    } while moveTraffic()
  }

  private mutating func deliver(_ record: FactRecord) {
    var shown = record
    if let stream = recordedRun[record.stream] { shown.stream = stream }
    outcomes.take(shown)
    for index in policies.indices {
      for command in policies[index].policy.react(to: record) { execute(command, by: policies[index].name, because: record) }
    }
  }

  /// From here on everything is decided on it; the policies read it in its turn.
  private mutating func append(_ record: FactRecord) {
    evolve(record)
    waiting.append(record)
    switch record.fact {
    case .trafficRequested, .endpointDefined: asked.insert(record.stream)
    case .stageEntered(let fact): wait(for: fact, record)
    case .deadlineSet(let fact): wait(until: fact.dueAt, fact.name, record)
    case .ruleRemoved: timers.removeAll { $0.stream == record.stream }
    default: break
    }
  }

  private mutating func wait(for fact: StageEntered, _ record: FactRecord) {
    wait(until: (now ?? record.at) + fact.hold.duration, DeploymentState.hold(fact.stage), record)
  }

  /// A newer deadline of the same name takes the place of an older one.
  private mutating func wait(until due: Timestamp, _ name: String, _ record: FactRecord) {
    timers.removeAll { $0.stream == record.stream && $0.name == name }
    timers.append(
      Timer(
        due: due, stream: record.stream, name: name, cause: record.id,
        fact: .deadlinePassed(DeadlinePassed(name: name, dueAt: due, cause: record.id))))
  }

  private mutating func evolve(_ record: FactRecord) {
    func after<State: StreamState>(_ type: State.Type) -> State {
      var state = state(record.stream, type)
      streams[record.stream] = nil
      state.evolve(record)
      return state
    }
    switch record.stream.prefix(while: { $0 != "/" }) {
    case "alert":
      let alert = after(AlertState.self)
      streams[record.stream] = alert.isOpen ? alert : nil
      if !alert.isOpen { timers.removeAll { $0.stream == record.stream } }
    case "run":
      let run = after(RunState.self)
      streams[record.stream] = run.isActive ? run : nil
    case "deployment":
      let deployment = after(DeploymentState.self)
      let isOver = !deployment.isOpen && deployment.phase != .completed
      streams[record.stream] = isOver ? nil : deployment
      if isOver { timers.removeAll { $0.stream == record.stream } }
    case "endpoint": streams[record.stream] = after(EndpointState.self)
    case "model": streams[record.stream] = after(ModelState.self)
    default: break
    }
  }

  /// Targets do at once what they are asked.
  private mutating func moveTraffic() -> Bool {
    guard let stream = asked.min() else { return false }
    asked.remove(stream)
    let endpoint = state(stream, EndpointState.self)
    guard let pending = endpoint.pending, endpoint.specification != nil, let facts = try? endpoint.recordMove(request: pending.event, token: 0) else {
      return true
    }
    for fact in facts { emit(fact, on: stream, by: "kedge/deployer", because: pending.event) }
    if let id = pending.order.deployment, let stage = pending.order.stage,
      let entered = try? state(id.stream, DeploymentState.self).enter(stage: stage)
    {
      emit(entered, on: id.stream, by: "kedge/deployer", because: pending.event)
    }
    return true
  }

  private func state<State: StreamState>(_ stream: String, _ type: State.Type) -> State { streams.state(stream, type) }

  private mutating func emit(_ fact: Fact, on stream: String, by actor: String, because cause: UUID) {
    decisions += 1
    append(
      FactRecord(
        fact, id: UUID(namespace: cause, name: "rerun/\(decisions)"), stream: stream, version: Int64(decisions), position: position, actor: actor,
        principal: actor, at: now ?? Timestamp(microseconds: 0), correlation: nil))
  }
}

// MARK: commands

extension Rerun {
  /// Decided on the target as it stands; a refusal changes nothing, and nobody is told.
  private mutating func execute(_ command: Command, by policy: String, because cause: FactRecord) {
    if case .requestMessage = command { return }
    for (stream, facts) in (try? command.decide(on: streams)) ?? [] {
      for fact in facts { emit(fact, on: stream, by: "kedge/\(policy)", because: cause.id) }
    }
    if case .requestRun(let id, let request) = command { follow(id, request, because: cause) }
  }

  /// What becomes of a run: that of the recorded one that was requested for the same reason, or nothing.
  private mutating func follow(_ id: RunID, _ request: RunRequested, because cause: FactRecord) {
    if let twin = recorded.run(of: request.pipeline, for: request.reason) {
      streamOfRun[twin.stream] = id.stream
      recordedRun[id.stream] = twin.stream
    } else {
      timers.append(
        Timer(
          due: (now ?? cause.at) + (lastSpan[request.pipeline] ?? .zero), stream: id.stream, name: "", cause: cause.id,
          fact: .runCancelled(RunCancelled(reason: "it was never run, so nobody knows what would have come of it"))))
    }
  }
}

/// The runs that policies requested and that happened, by pipeline and reason.
public struct RecordedRuns: Sendable {
  private var runs: [String: RunID] = [:]

  /// None yet.
  public init() {}

  /// Takes a fact in; only requests matter.
  public mutating func take(_ record: FactRecord) {
    guard case .runRequested(let request) = record.fact, let id = RunID(stream: record.stream) else { return }
    runs[RecordedRuns.key(request.pipeline, request.reason)] = id
  }

  func run(of pipeline: String, for reason: RunReason) -> RunID? {
    if case .person = reason { return nil }
    return runs[RecordedRuns.key(pipeline, reason)]
  }

  private static func key(_ pipeline: String, _ reason: RunReason) -> String {
    let text = (try? JSON(encoding: reason).description) ?? reason.kind
    return "\(pipeline) \(text)"
  }
}
