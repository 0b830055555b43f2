internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct Promote: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote",
    abstract: "Proposes a registered version, or lifts what the gate holds.",
    discussion: guide(
      """
      MODEL/N proposes that version for the model's endpoint; a version that failed its gate is held. --override-gate lets a held deployment go on;
      it still needs its approvals, and not from whoever overrode.
      """,
      example: "kedge promote breast-cancer/4\nkedge promote 3f2a91 --override-gate --reason 'labels of site B are known to be wrong'",
      .answerIsNo, .notFound, .conflict, .timedOut, .waitsForApproval))

  @Argument(help: "Id of a deployment, how it begins, or a version MODEL/N.") var what: String
  @Option(help: "Where to, if the model has several endpoints.") var endpoint: String?
  @Flag(help: "Goes on although the gate was not passed; needs --reason.") var overrideGate = false
  @OptionGroup var writing: WritingOptions
  @OptionGroup var waiting: WaitingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if overrideGate, (writing.reason ?? "").trimmingCharacters(in: .whitespaces).isEmpty {
      throw ValidationError("--override-gate needs --reason TEXT: it stands in the log, and who approves reads it")
    }
  }

  func run() async throws {
    try await common.withDatabase { client in
      let version = VersionName(what)
      let change = Change(common: common, writing: writing)
      let key = writing.idempotencyKey
      let changed = try await change.make(client, types: ["gate_overridden", "deployment_proposed"]) { transaction in
        let lookup = Lookup(database: transaction)
        guard let version else { return try await lookup.target(try await lookup.identifier(DeploymentID.self, what)) }
        if key == nil, let open = try await lookup.openDeployment(of: version, at: endpoint) { return try await lookup.target(open) }
        let id = DeploymentID(key.map { UUID(namespace: Promote.namespace, name: "promote/\(version)/\($0)") } ?? UUID())
        return Target(stream: id.stream, id: id.description, cause: try await registration(version, transaction))
      } decide: { session, target, transaction in
        let state = try await session.load(DeploymentState.self, target.stream)
        if state.phase == .none, let version {
          try await propose(version, target, &session, transaction)
        } else {
          try lift(state, target, &session)
        }
      }
      try change.report(changed, line(changed))
      try await DeploymentEnd(client: client, waiting: waiting, writing: writing, common: common).wait(for: changed.id)
    }
  }

  /// Identifiers that follow from an idempotency key are made below it.
  static let namespace = UUID(uuid: (0x6b, 0x65, 0x64, 0x67, 0x65, 0, 0x50, 0, 0x80, 0, 0, 0, 0, 0, 0, 1))

  private func line(_ changed: Changed) -> String {
    switch changed.events.last?.fact {
    case .gateOverridden: "the gate no longer holds deployment \(changed.id); it needs its approvals"
    case .deploymentHeld(let held): "deployment \(changed.id) is proposed and held: \(held.reason)"
    default: "deployment \(changed.id) is proposed"
    }
  }

  private func lift(_ state: DeploymentState, _ target: Target, _ session: inout DecisionSession) throws {
    if !overrideGate {
      if state.phase == .held { throw Refusal.conflict("the gate holds deployment \(target.id); --override-gate --reason … lets it go on") }
      throw Refusal.conflict("deployment \(target.id) is \(state.word) already; there is nothing to promote")
    }
    session.record(try state.decide(.overrideGate(reason: writing.reason ?? "")), on: target.stream)
  }

  private func propose(_ version: VersionName, _ target: Target, _ session: inout DecisionSession, _ transaction: Transaction) async throws {
    let registry = try await session.load(ModelState.self, "model/\(version.model)")
    guard let entry = registry[version.number] else {
      throw Refusal.unknown("there is no version \(version); `kedge get versions \(version.model)` lists them")
    }
    guard !entry.archived else { throw Refusal.conflict("\(version) is archived") }
    let name = try await endpointName(version.model, transaction)
    let state = try await session.load(EndpointState.self, "endpoint/\(name)")
    guard let specification = state.specification else { throw Refusal.unknown("there is no endpoint \(name)") }
    guard specification.model == version.model else { throw Refusal.invalid("endpoint \(name) serves \(specification.model), not \(version.model)") }
    if state.plan?.current == version, state.rollout == nil { throw Refusal.conflict("\(version) serves at \(name) already") }
    var requesters = [Person(actor: writing.name, principal: try await transaction.principal())]
    var failure: String?
    if let run = entry.registration.run {
      let judged = try await evaluation(of: run, transaction)
      if let judged, !judged.passed { failure = judged.failure }
      let request = try await session.load(RunState.self, run.stream)
      if case .person? = request.request?.reason, let person = request.requestedBy, !requesters.contains(person) { requesters.append(person) }
    }
    let proposal = DeploymentProposed(
      endpoint: name, model: version.model, version: version, replaces: state.plan?.current, run: entry.registration.run,
      approvals: specification.rollout.approvals, stages: specification.rollout.stages, automatic: false, gatePassed: failure == nil,
      requestedBy: requesters)
    var facts = try DeploymentState().decide(.propose(proposal, held: failure))
    if failure != nil, overrideGate { facts.append(.gateOverridden(Remark(reason: writing.reason))) }
    session.record(facts, on: target.stream)
  }

  private func endpointName(_ model: String, _ database: any Queryable) async throws -> String {
    if let endpoint { return endpoint }
    let names = try await database.query("select name from kedge.endpoint where model = \(model) order by name").map { try $0.decode(String.self, at: 0) }
    guard let name = names.first else { throw Refusal.unknown("no endpoint serves \(model); declare one with `kedge apply`") }
    guard names.count == 1 else { throw Refusal.invalid("\(model) has several endpoints: \(names.joined(separator: ", ")); name one with --endpoint") }
    return name
  }

  /// The newest evaluation of a run.
  private func evaluation(of run: RunID, _ database: any Queryable) async throws -> RunEvaluated? {
    let row = try await database.query(
      "select data from kedge.event where stream = \(run.stream) and type = 'run_evaluated' order by version desc limit 1"
    ).first
    return try row.map { try $0.decode(JSON.self, at: 0).decode(RunEvaluated.self) }
  }

  /// What a proposal by hand answers: the registration of the version.
  private func registration(_ version: VersionName, _ database: any Queryable) async throws -> Cause? {
    let text = version.description
    return try await database.query(
      """
      select id, correlation_id from kedge.event
      where stream = \("model/\(version.model)") and type = 'version_registered' and data ->> 'version' = \(text) limit 1
      """
    ).first.map { try Cause($0) }
  }
}
