internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct Approve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Agrees to a deployment, after having seen what speaks for and against it.",
    discussion: guide(
      """
      Prints the evidence: the evaluation, the gate, and the alerts on the model. Whoever requested the run, promoted or overrode the gate
      may not approve. Without --seen, the position of the log at which the evidence was read is recorded.
      """,
      example: "kedge approve 3f2a91 --as bob --reason 'better on every site'\nkedge approve breast-cancer/4 --wait=1h", .notAllowed, .notFound, .conflict,
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
      let head = try await client.query("select coalesce(max(position), 0) from kedge.log_order").first?.decode(Int64.self, at: 0) ?? 0
      if let seen, seen > head || seen < 0 {
        throw Complaint(.badUsage, "--seen \(seen): the log goes from 1 to \(head); name the position that you have seen")
      }
      try await Evidence(database: client).show(id, common)
      if Terminal.hasInput, !writing.yes, !writing.dryRun, !Terminal.ask("approve deployment \(id) as \(writing.name)?") {
        throw Complaint(.failed, "deployment \(id) is not approved; nothing was changed")
      }
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["deployment_approved"]) {
        try await Lookup(database: $0).target(id)
      } decide: { session, target, transaction in
        let principal = try await transaction.principal()
        let state = try await session.load(DeploymentState.self, target.stream)
        let facts = try state.decide(
          .approve(
            by: Person(actor: writing.name, principal: principal), reason: writing.reason, seenPosition: seen ?? head,
            identity: principal == Approve.sharedPrincipal ? .asserted : .verified))
        session.record(facts, on: target.stream)
      }
      try change.report(changed, "deployment \(id) is approved by \(writing.name)")
      try await DeploymentEnd(client: client, waiting: waiting, writing: writing, common: common).wait(for: changed.id)
    }
  }

  /// The database role of the embedded default, under which everybody acts: it tells nobody apart.
  static let sharedPrincipal = "kedge_owner"
}

/// What somebody should have seen who approves.
struct Evidence {
  let database: any Queryable

  /// Prints to standard error: standard output is for the result.
  func show(_ id: DeploymentID, _ common: CommonOptions) async throws {
    guard !common.quiet else { return }
    let model = ReadModel(database: database)
    guard let deployment = try await model.all(try Kind.named("deployments"), where: "id", is: id.description).first else { return }
    func text(_ key: String) -> String { deployment[key].map(TableColumn.text) ?? "-" }
    Terminal.say(
      "deployment \(id): \(text("version")) to \(text("endpoint")), instead of \(text("replaces")); \(text("state")), "
        + "\(text("approvals_given")) of \(text("approvals_needed")) approvals, asked for by \(text("requested_by"))")
    if let run = deployment["run"]?.string, let evaluation = try await model.all(try Kind.named("evaluations"), where: "run", is: run).first {
      say(evaluation)
    } else {
      Terminal.say("evaluation: none")
    }
    let alerts = try await model.all(try Kind.named("alerts"), where: "model", is: text("model")).filter {
      ["pending", "firing"].contains($0["state"]?.string)
    }
    if alerts.isEmpty { Terminal.say("alerts on \(text("model")): none") }
    for alert in alerts {
      Terminal.say(
        "alert \(alert["rule"]?.string ?? ""): \(alert["state"]?.string ?? ""), \(alert["condition"]?.string ?? "") since \(alert["since_at"]?.string ?? "")")
    }
  }

  private func say(_ evaluation: JSON) {
    let passed = evaluation["passed"]?.bool ?? false
    Terminal.say(
      "evaluation on \(TableColumn.text(evaluation["rows"] ?? .null)) rows against \(TableColumn.text(evaluation["champion"] ?? .null)): "
        + (passed ? "the gate is passed" : "the gate is NOT passed"))
    for rule in evaluation["gate"]?.array ?? [] {
      Terminal.say(
        "  \(rule["rule"]?.string ?? rule["metric"]?.string ?? ""): \(rule["outcome"]?.string ?? ""), value \(TableColumn.text(rule["value"] ?? .null))")
    }
    for (metric, difference) in evaluation["difference"]?.object?.members ?? [] {
      guard let figures = difference.array, figures.count == 3 else { continue }
      Terminal.say(
        "  difference in \(metric): \(TableColumn.text(figures[0])) (95 % between \(TableColumn.text(figures[1])) and \(TableColumn.text(figures[2])))")
    }
  }
}
