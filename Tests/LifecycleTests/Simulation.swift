import Foundation
import Lifecycle
import Values

/// The log in memory, every policy behind it, a deployer and the clock: the loop without a database.
///
/// Commands are carried out as `CommandExecutor` does: decided on their target streams as those stand at that moment, refusals append nothing.
struct Simulation {
  /// A policy and how far it has read.
  struct Reader {
    var policy: any Policy
    var position = 0
    var name: String { type(of: policy).name }
  }

  /// What becomes of requests to move traffic.
  enum Deployer { case working, down, failing }

  struct Timer {
    var due: Timestamp
    var stream: String
    var name: String
    var cause: UUID
  }

  private(set) var log: [FactRecord] = []
  private(set) var causes: [UUID: UUID] = [:]
  private(set) var commands: [(policy: String, command: Command)] = []
  private var streams: [String: [FactRecord]] = [:]
  private var timers: [Timer] = []
  private var retries: [UUID: Timestamp] = [:]
  var readers: [Reader] = Simulation.allPolicies.map { Reader(policy: $0) }
  var deployer = Deployer.working
  /// Policies, timers and deployer do nothing by themselves.
  var isLagging = false
  /// A rollout begins only after a look at what its policy has not read yet; off, as if that had been committed a moment too late.
  var seesAhead = true
  var now = Timestamp("2026-03-01T00:00:00Z")!
  var principals: [String: String] = [:]

  static var allPolicies: [any Policy] {
    [AlertingPolicy(), RetrainingPolicy(), PromotingPolicy(), RolloutPolicy(), GuardingPolicy(), NotifyingPolicy(), ActingPolicy()]
  }

  static let namespace = UUID(uuidString: "6b656467-6500-4000-8000-000000000001")!

  // MARK: reading

  func records(_ stream: String) -> [FactRecord] { streams[stream] ?? [] }
  func state<State: StreamState>(_ stream: String, _ type: State.Type = State.self) -> State { State(records(stream)) }
  func types(_ stream: String) -> [String] { records(stream).map(\.fact.type) }
  func streams(of category: String) -> [String] {
    var seen: Set<String> = []
    return log.map(\.stream).filter { $0.hasPrefix(category + "/") && seen.insert($0).inserted }
  }

  /// What changed the picture after a position.
  func evidence(after position: Int64) -> [Evidence] {
    var book = EvidenceBook()
    return log.compactMap { book.take($0) }.filter { $0.isUnseen(at: position) }
  }

  // MARK: appending

  @discardableResult
  mutating func append(
    _ facts: [Fact], to stream: String, by actor: String = "kedge/test", correlation: UUID? = nil, because cause: UUID? = nil
  ) -> [FactRecord] {
    facts.map { fact in
      let position = Int64(log.count + 1)
      let record = FactRecord(
        fact, id: UUID(namespace: Simulation.namespace, name: "\(position)"), stream: stream, version: Int64(records(stream).count + 1),
        position: position, actor: actor, principal: principals[actor] ?? "kedge_owner", at: now, correlation: correlation)
      log.append(record)
      streams[stream, default: []].append(record)
      causes[record.id] = cause
      watch(record)
      return record
    }
  }

  /// Tells the log anew, as if other facts had been recorded; policies do not hear of it.
  mutating func rewrite(_ change: (Fact) -> Fact) {
    for index in log.indices { log[index].fact = change(log[index].fact) }
  }

  private mutating func watch(_ record: FactRecord) {
    switch record.fact {
    case .stageEntered(let fact):
      timers.append(
        Timer(due: record.at + fact.hold.duration, stream: record.stream, name: DeploymentState.hold(fact.stage), cause: record.id))
    case .deadlineSet(let fact):
      timers.removeAll { $0.stream == record.stream && $0.name == fact.name }
      timers.append(Timer(due: fact.dueAt, stream: record.stream, name: fact.name, cause: record.id))
    case .silenceStarted(let fact): timers.append(Timer(due: fact.untilAt, stream: record.stream, name: SilenceState.deadline, cause: record.id))
    case .silenceEnded, .alertResolved, .alertMarkedFalse, .ruleRemoved: timers.removeAll { $0.stream == record.stream }
    case .deploymentAborted, .deploymentRejected, .deploymentSuperseded, .deploymentRolledBack, .approvalVoided: timers.removeAll { $0.stream == record.stream }
    case .trafficMoveFailed(let fact): retries[fact.request] = fact.retryAt
    default: break
    }
  }

  // MARK: running

  /// Lets policies, timers and deployer work until nothing is left to do at this moment.
  mutating func settle() {
    guard !isLagging else { return }
    repeat {
      while readers.indices.contains(where: { readers[$0].position < log.count }) {
        for index in readers.indices { read(index) }
      }
    } while fire() || deploy()
  }

  /// Lets one policy read on, by at most so many events.
  mutating func read(_ index: Int, atMost count: Int = 1) {
    for _ in 0..<count where readers[index].position < log.count {
      let record = log[readers[index].position]
      readers[index].position += 1
      for command in readers[index].policy.react(to: record) { execute(command, policy: readers[index].name, because: record) }
    }
  }

  /// Moves the clock, and lets everything that falls due meanwhile happen at its time.
  mutating func advance(by span: Duration) {
    let end = now + span
    settle()
    while let due = (timers.map(\.due) + pendingRetries).min(), due <= end {
      now = max(now, due)
      settle()
    }
    now = end
    settle()
  }

  private var pendingRetries: [Timestamp] {
    streams(of: "endpoint").compactMap { state($0, EndpointState.self).pending?.event }.compactMap { retries[$0] }.filter { $0 > now }
  }

  private mutating func fire() -> Bool {
    guard let index = timers.indices.filter({ timers[$0].due <= now }).min(by: { timers[$0].due < timers[$1].due }) else { return false }
    let timer = timers.remove(at: index)
    append([.deadlinePassed(DeadlinePassed(name: timer.name, dueAt: timer.due, cause: timer.cause))], to: timer.stream, by: "kedge/scheduler")
    return true
  }

  /// What the deployer does with the endpoint's newest request.
  mutating func deploy() -> Bool {
    guard deployer != .down else { return false }
    for stream in streams(of: "endpoint") {
      let endpoint: EndpointState = state(stream)
      guard let pending = endpoint.pending, endpoint.specification != nil, retries[pending.event].map({ $0 <= now }) ?? true else { continue }
      if deployer == .failing {
        if let fact = try? endpoint.recordMoveFailure(request: pending.event, reason: "the server is deaf", at: now) {
          append([fact], to: stream, by: "kedge/deployer", because: pending.event)
        }
        return true
      }
      guard let facts = try? endpoint.recordMove(request: pending.event, token: Int64(log.count)) else { continue }
      append(facts, to: stream, by: "kedge/deployer", because: pending.event)
      if let id = pending.order.deployment, let stage = pending.order.stage, let entered = try? state(id.stream, DeploymentState.self).enter(stage: stage) {
        append([entered], to: id.stream, by: "kedge/deployer", because: pending.event)
      }
      return true
    }
    return false
  }
}

extension Simulation {
  /// Carries out a command as the executor of the followers does.
  mutating func execute(_ command: Command, policy: String, because cause: FactRecord) {
    commands.append((policy, command))
    for (stream, facts) in (try? decide(command, because: cause)) ?? [] {
      append(facts, to: stream, by: "kedge/\(policy)", correlation: cause.correlation ?? cause.id, because: cause.id)
    }
  }

  private func decide(_ command: Command, because cause: FactRecord) throws(Refusal) -> [(stream: String, facts: [Fact])] {
    func read<State: StreamState>(_ type: State.Type, _ stream: String) -> any StreamState { state(stream, type) }
    var states = StreamStates()
    for (stream, type) in command.reads { states[stream] = read(type, stream) }
    states.channels = streams(of: "channel").filter { state($0, ChannelState.self).specification != nil }.map { String($0.dropFirst(8)) }.sorted()
    let decided = try command.decide(on: states)
    if seesAhead, case .startRollout(let id, _) = command,
      let voided = try? state(id.stream, DeploymentState.self).decide(.voidApprovals(evidence(after: cause.position ?? 0)))
    {
      return [(id.stream, voided)]
    }
    return decided
  }
}
