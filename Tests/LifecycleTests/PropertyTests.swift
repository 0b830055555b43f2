import Foundation
import Lifecycle
import Testing
import Values

struct PropertyTests {
  static let seeds = Array(UInt64(1)...32)
  /// Each history is made once and looked at by several tests.
  static let histories = Dictionary(uniqueKeysWithValues: seeds.map { ($0, Simulation.random(seed: $0)) })

  @Test func `the histories hold nearly everything that can happen`() {
    let happened = Set(Self.histories.values.flatMap { $0.log.map(\.fact.type) })
    let loop = Fact.types.filter { type in
      ["alert_", "run_", "deployment_", "traffic_", "roll", "stage_", "approval_", "gate_", "analysis_"].contains { type.hasPrefix($0) }
    }
    #expect(loop.filter { !happened.contains($0) } == ["alert_acknowledged", "alert_marked_false", "run_cancelled", "alert_eased"])
  }

  /// What a policy wants, fact by fact.
  static func reactions(_ policy: any Policy, to log: [FactRecord]) -> [[Command]] {
    var policy = policy
    return log.map { policy.react(to: $0) }
  }

  @Test(arguments: seeds)
  func `the same history happens again from the same seed`(seed: UInt64) throws {
    let world = try Self.histories[seed].unwrapped
    #expect(Simulation.random(seed: seed).log == world.log)
    #expect(world.log.count > 80)
  }

  @Test(arguments: seeds)
  func `a policy asks for the same when it reads the log again`(seed: UInt64) throws {
    let world = try Self.histories[seed].unwrapped
    for policy in Simulation.allPolicies {
      let name = type(of: policy).name
      #expect(Self.reactions(policy, to: world.log).flatMap { $0 } == world.commands.filter { $0.policy == name }.map(\.command), "\(name)")
    }
  }

  @Test(arguments: seeds)
  func `a policy that is stored and taken over at random points asks for the same as one that never stopped`(seed: UInt64) throws {
    let world = try Self.histories[seed].unwrapped
    var dice = Dice(seed)
    for policy in Simulation.allPolicies {
      var running = policy
      var stored: [String: JSON] = [:]
      var reactions: [[Command]] = []
      for record in world.log {
        if dice.chance(20) {
          for (key, entry) in try running.takeChanges() { stored[key] = entry.isNull ? nil : entry }
          if dice.chance(50) {
            running = type(of: policy).init()
            for (key, entry) in stored { try running.restore(key: key, entry: JSON(parsing: entry.description)) }
            #expect(try running.takeChanges().isEmpty, "what was read back has not changed")
          }
        }
        reactions.append(running.react(to: record))
      }
      #expect(reactions == Self.reactions(policy, to: world.log), "\(type(of: policy).name)")
    }
  }

  @Test(arguments: seeds)
  func `a stored state plus the rest of its stream equals the whole stream`(seed: UInt64) throws {
    let world = try Self.histories[seed].unwrapped
    var dice = Dice(seed)
    func check<State: StreamState>(_ type: State.Type, _ category: String) throws {
      for stream in world.streams(of: category) {
        let records = world.records(stream)
        let split = dice.roll(records.count + 1)
        let stored = try JSON(parsing: JSON(encoding: State(records[..<split])).description).decode(State.self)
        var state = stored
        for record in records[split...] { state.evolve(record) }
        #expect(stored == State(records[..<split]), "\(stream)")
        #expect(state == State(records), "\(stream), split at \(split)")
      }
    }
    try check(ModelState.self, "model")
    try check(MonitorState.self, "monitor")
    try check(AlertState.self, "alert")
    try check(RunState.self, "run")
    try check(DeploymentState.self, "deployment")
    try check(EndpointState.self, "endpoint")
    try check(ChannelState.self, "channel")
  }

  @Test func `every state can be stored after any facts whatever`() throws {
    let records = FactSamples.all.map { RegistryTests.record($0, "any/thing") }
    func check<State: StreamState>(_ type: State.Type) throws {
      for count in records.indices {
        let state = State(records[...count])
        #expect(try JSON(parsing: JSON(encoding: state).description).decode(State.self) == state, "\(State.self) after \(records[count].fact.type)")
      }
    }
    try check(ModelState.self)
    try check(MonitorState.self)
    try check(AlertState.self)
    try check(RunState.self)
    try check(DeploymentState.self)
    try check(EndpointState.self)
    try check(ChannelState.self)
    try check(ScheduleState.self)
  }

  @Test(arguments: seeds)
  func `every policy takes whatever the log holds`(seed: UInt64) throws {
    var dice = Dice(seed)
    let streams =
      ["model/m", "monitor/live", "rule/drifted", "pipeline/retrain", "endpoint/prod", "schedule/p", "channel/ops"]
      + ["alert", "run", "deployment"].map { "\($0)/\(FactSamples.uuid.lowercased)" }
    let records = (0..<300).map { index in
      var record = RegistryTests.record(FactSamples.all.randomElement(using: &dice)!, streams.randomElement(using: &dice)!)
      record.position = Int64(index + 1)
      return record
    }
    for policy in Simulation.allPolicies {
      var running = policy
      var stored: [String: JSON] = [:]
      for record in records {
        _ = running.react(to: record)
        for (key, entry) in try running.takeChanges() { stored[key] = entry.isNull ? nil : entry }
      }
      var restored = type(of: policy).init()
      for (key, entry) in stored { try restored.restore(key: key, entry: entry) }
      #expect(Self.reactions(restored, to: records) == Self.reactions(running, to: records), "\(type(of: policy).name)")
    }
  }

  @Test(arguments: seeds)
  func `what must never happen does not`(seed: UInt64) {
    let world = Simulation.random(seed: seed) { Invariants(world: $0).check() }
    Invariants(world: world).checkAtRest()
  }

  @Test func `identifiers that policies make are the same on a retry, and differ by event, policy and name`() {
    let cause = UUID(uuidString: "00000000-0000-4000-8000-000000000001")!
    let id = RunID(cause: cause, policy: "retraining", name: "a")
    #expect(id == RunID(cause: cause, policy: "retraining", name: "a"))
    #expect(
      Set([
        id, RunID(cause: UUID(), policy: "retraining", name: "a"), RunID(cause: cause, policy: "promoting", name: "a"),
        RunID(cause: cause, policy: "retraining", name: "b"),
      ]).count == 4)
  }

  @Test func `identifiers are version 5 of their cause, as other languages compute them`() {
    // Python: uuid.uuid5(uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com")
    let namespace = UUID(uuidString: "6ba7b810-9dad-11d1-80b4-00c04fd430c8")!
    #expect(UUID(namespace: namespace, name: "www.example.com").lowercased == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
  }
}

/// What holds in every history.
struct Invariants {
  let world: Simulation

  func check() {
    runs()
    deployments()
    alerts()
    champions()
    for stream in world.streams(of: "endpoint") { endpoint(world.state(stream)) }
  }

  /// What holds once everybody has done their work.
  func checkAtRest() {
    check()
    evidence()
    for stream in world.streams(of: "endpoint") {
      let endpoint: EndpointState = world.state(stream)
      #expect(endpoint.pending == nil)
      #expect(endpoint.leaving == nil)
      #expect(endpoint.plan?.candidate == nil || endpoint.plan?.candidate == endpoint.rollout?.version, "no candidate without a rollout")
      if let rollout = endpoint.rollout {
        #expect(world.state(rollout.deployment.stream, DeploymentState.self).phase == .rolling, "whoever is over has given the endpoint back")
      }
    }
  }

  /// No rollout stands on an approval that had not seen what changed the picture before it began.
  private func evidence() {
    var book = EvidenceBook()
    let evidence = world.log.compactMap { book.take($0) }
    for stream in world.streams(of: "deployment") {
      let state: DeploymentState = world.state(stream)
      guard state.phase == .rolling || state.phase == .completed, let proposal = state.proposal else { continue }
      let begun = world.log.last { if case .rolloutStarted(let fact) = $0.fact { fact.deployment.stream == stream } else { false } }
      guard let position = begun?.position else { continue }
      for approval in state.approvals {
        let unseen = evidence.first {
          $0.concerns(proposal.version, at: proposal.endpoint) && $0.isUnseen(at: approval.seenPosition) && ($0.position ?? 0) < position
        }
        #expect(unseen == nil, "\(stream) began at \(position), and who approved had not seen \(unseen?.what ?? "")")
      }
    }
  }

  private func runs() {
    let active = world.activeRuns.compactMap { world.state($0.stream, RunState.self).request }.filter {
      if case .person = $0.reason { false } else { true }
    }
    #expect(Set(active.map(\.pipeline)).count == active.count, "two runs of one pipeline by policies")
  }

  private func deployments() {
    var begun: [String: Int] = [:]
    for stream in world.streams(of: "deployment") {
      let state: DeploymentState = world.state(stream)
      guard let proposal = state.proposal else { continue }
      if state.phase == .rolling, state.stage != nil { begun[proposal.endpoint, default: 0] += 1 }
      if state.stage != nil {
        #expect(state.approvals.count >= state.approvalsNeeded && state.approvalsNeeded >= proposal.approvals, "\(stream) began without its approvals")
        let types = world.types(stream)
        if types.contains("deployment_held") { #expect(types.contains("gate_overridden"), "\(stream) passed a closed gate") }
      }
      let approvers = state.approvals.map(\.person.actor)
      #expect(Set(approvers).count == approvers.count && Set(approvers).isDisjoint(with: state.requesters.map(\.actor)))
    }
    #expect(begun.values.allSatisfy { $0 <= 1 }, "two rollouts at one endpoint")
  }

  private func alerts() {
    let open = world.alerts.map { world.state($0.stream, AlertState.self) }.filter(\.isOpen).compactMap(\.subject?.rule)
    let rules = open.filter { $0 != "no-rollback-target" }
    // An operator may have resolved one in the log that its rule has not read about, so that no other is open yet.
    #expect(Set(rules).count == rules.count, "two open alerts of one rule")
  }

  private func champions() {
    for record in world.records("model/m") {
      guard case .aliasMoved(let fact) = record.fact, fact.alias == "champion", let cause = world.causes[record.id] else { continue }
      let type = world.log.first { $0.id == cause }?.fact.type
      #expect(type == "deployment_completed" || type == "rolled_back", "\(type ?? "nothing") made a champion")
    }
  }

  private func endpoint(_ state: EndpointState) {
    #expect(Set(state.good).count == state.good.count)
    #expect(state.plan.map { $0.candidate != $0.current } ?? true)
    #expect(state.replaced == nil || state.replaced != state.plan?.current)
    for record in world.records("endpoint/\(state.specification?.name ?? "")") {
      if case .rolledBack(let fact) = record.fact { #expect(fact.from != fact.to) }
      if case .rollbackDecided(let fact) = record.fact { #expect(fact.from != fact.to) }
    }
  }
}
