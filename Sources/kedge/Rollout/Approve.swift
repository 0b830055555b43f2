internal import ArgumentParser
internal import EventLog
internal import Lifecycle
internal import PostgreSQL
internal import Projections

struct Approve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Agrees to a deployment, after having seen what speaks for and against it.",
    discussion: guide(
      """
      Prints the evidence: the evaluation and its gate, metrics with their 95 % intervals, the open alerts on the model, and the stages of the
      rollout. Whoever requested the run, promoted or overrode the gate may not approve.

      The approval holds for what was seen: without --seen, the position of the log that was shown is recorded. A newer evaluation of the
      version, an alert raised or worsened on the model, a rollback, or a changed gate or rollout after that position is a conflict; when it
      comes before the rollout begins, it voids the approval, and the deployment waits for another. A routine measurement does not.
      """,
      example: "kedge approve 3f2a91 --as bob --reason 'better on every site'\nkedge approve breast-cancer/4 --seen 4711 --wait=1h", .notAllowed, .notFound,
      .conflict,
      .timedOut, .waitsForApproval))

  @Argument(help: "Id of the deployment, how it begins, or the version MODEL/N.") var deployment: String
  @Option(help: ArgumentHelp("Position of the log up to which you have seen the evidence.", valueName: "position")) var seen: Int64?
  @OptionGroup var writing: WritingOptions
  @OptionGroup var waiting: WaitingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.withDatabase { client in
      let lookup = Lookup(database: client)
      let id = try await lookup.deployment(deployment)
      let head = try await EventStore(client).head()
      if let seen, seen > head || seen < 0 {
        throw Complaint(.badUsage, "--seen \(seen): the log goes from 1 to \(head); name the position that you have seen")
      }
      let shown = try await EvidenceReport(client: client, common: common).show(id)
      let position = seen ?? shown
      common.say("seen up to position \(position) of the log")
      if Terminal.hasInput, !writing.yes, !writing.dryRun, !Terminal.ask("approve deployment \(id) as \(writing.name)?") {
        throw Complaint(.failed, "deployment \(id) is not approved; nothing was changed")
      }
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["deployment_approved"]) {
        try await Lookup(database: $0).target(id)
      } decide: { session, target, transaction in
        let state = try await session.load(DeploymentState.self, target.stream)
        let person = Person(actor: writing.name, principal: try await transaction.principal())
        let facts = try state.decide(.approve(by: person, reason: writing.reason, seenPosition: position))
        try await check(state, id, position, transaction)
        session.record(facts, on: target.stream)
      }
      try change.report(changed, "deployment \(id) is approved by \(writing.name)")
      try await DeploymentEnd(client: client, waiting: waiting, writing: writing, common: common).wait(for: changed.id)
    }
  }

  /// Refuses when the picture is not the one any more that was seen.
  private func check(_ state: DeploymentState, _ id: DeploymentID, _ position: Int64, _ transaction: Transaction) async throws {
    guard let proposal = state.proposal else { return }
    let news = try await EvidenceReader(transaction).evidence(on: proposal, after: position)
    guard !news.isEmpty else { return }
    let list = news.map { "\($0.what) (\($0.position.map { "position \($0)" } ?? "a moment ago"))" }.joined(separator: "; ")
    throw Refusal.conflict(
      "you have seen the log up to position \(position), and since then the picture has changed: \(list); "
        + "look again with `kedge describe deployment \(id)`, then approve")
  }
}
