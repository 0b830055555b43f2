internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

/// What somebody should have seen who approves.
struct EvidenceReport {
  let client: PostgresClient
  let common: CommonOptions

  /// How long to wait for read models that are a moment behind.
  private static let patience = Duration.milliseconds(500)

  /// Prints to standard error: standard output is for the result.
  /// - Returns: the position of the log up to which it is shown: the newest.
  func show(_ id: DeploymentID) async throws -> Int64 {
    // What happened before this has its position then, also where no projector runs.
    try await client.query("select kedge.seal()")
    let deadline = ContinuousClock.now + EvidenceReport.patience
    while true {
      let head = try await EventStore(client).head()
      let shown: [any Projection.Type] = [DeploymentsProjection.self, RunsProjection.self, AlertsProjection.self, EndpointsProjection.self]
      if try await ReadModels.position(of: shown, client) >= head {
        try await show(id, ReadModel(database: client))
        return head
      }
      if ContinuousClock.now >= deadline {
        // Nobody keeps them up to date: what they would show is made from the log.
        let kinds = try ["deployments", "approvals", "evaluations", "alerts", "endpoints"].map { try Kind.named($0) }
        try await AsOf.position(head).read(kinds, from: client, common) { try await show(id, $0) }
        return head
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func show(_ id: DeploymentID, _ model: ReadModel) async throws {
    guard !common.quiet, let deployment = try await model.all(try Kind.named("deployments"), where: "id", is: id.description).first else { return }
    Terminal.say(
      "deployment \(id): \(deployment.text("version")) to \(deployment.text("endpoint")), instead of \(deployment.text("replaces")); "
        + "\(deployment.text("state")), \(deployment.text("approvals_given")) of \(deployment.text("approvals_needed")) approvals, "
        + "asked for by \(deployment.text("requested_by"))")
    for approval in try await model.all(try Kind.named("approvals"), where: "deployment", is: id.description) where approval["state"] == "voided" {
      Terminal.say("approval by \(approval.text("by")) voided: \(approval.text("void_reason"))")
    }
    let evaluations = try await model.all(try Kind.named("evaluations"), where: "challenger", is: deployment.text("version"))
    if let evaluation = evaluations.last { say(evaluation) } else { Terminal.say("evaluation: none") }
    try await sayAlerts(on: deployment.text("model"), model)
    try await sayStages(deployment, model)
  }

  private func say(_ evaluation: JSON) {
    Terminal.say(
      "evaluation on \(evaluation.text("rows")) rows against \(evaluation.text("champion")): "
        + (evaluation["passed"]?.bool == true ? "the gate is passed" : "the gate is NOT passed"))
    for rule in evaluation["gate"]?.array ?? [] {
      Terminal.say("  \(rule["rule"]?.string ?? rule.text("metric")): \(rule.text("outcome")), value \(rule.text("value"))")
    }
    for arm in ["challenger", "champion"] {
      for (metric, value) in (evaluation["metrics"]?[arm]).sorted {
        Terminal.say("  \(metric) of \(evaluation.text(arm)): \(TableColumn.text(value))\(interval(evaluation["intervals"]?[arm]?[metric]?.array))")
      }
    }
    for (metric, difference) in evaluation["difference"].sorted {
      guard let figures = difference.array, figures.count == 3 else { continue }
      Terminal.say("  difference in \(metric): \(TableColumn.text(figures[0]))\(interval(Array(figures[1...])))")
    }
  }

  private func interval(_ bounds: [JSON]?) -> String {
    guard let bounds, bounds.count == 2 else { return "" }
    return " (95 % between \(TableColumn.text(bounds[0])) and \(TableColumn.text(bounds[1])))"
  }

  private func sayAlerts(on name: String, _ model: ReadModel) async throws {
    let open = try await model.all(try Kind.named("alerts"), where: "model", is: name).filter { ["pending", "firing"].contains($0["state"]?.string) }
    if open.isEmpty { Terminal.say("alerts on \(name): none") }
    for alert in open {
      Terminal.say("alert \(alert.text("rule")): \(alert.text("state")), \(alert.text("severity")), \(alert.text("condition")) since \(alert.text("since_at"))")
    }
  }

  private func sayStages(_ deployment: JSON, _ model: ReadModel) async throws {
    let stages = deployment["stages"] ?? []
    for (index, stage) in (stages.array ?? []).enumerated() {
      let share = stage["shadow"]?.bool == true ? "in shadow" : "\(stage.text("traffic")) % of traffic"
      Terminal.say("stage \(index + 1): \(share), for \(stage.text("hold"))")
    }
    let endpoint = try await model.all(try Kind.named("endpoints"), where: "name", is: deployment.text("endpoint")).first
    if let declared = endpoint?["specification"]?["rollout"]?["stages"], declared != stages {
      Terminal.say("the stages of \(deployment.text("endpoint")) have been declared anew since: they are for what is proposed from now on")
    }
  }
}

extension JSON? {
  /// The members of an object, by name.
  fileprivate var sorted: [(key: String, value: JSON)] { (self?.object?.members ?? []).map { ($0.key, $0.value) }.sorted { $0.key < $1.key } }
}

extension JSON {
  /// A member as people read it; `-` when there is none.
  fileprivate func text(_ key: String) -> String { self[key].map(TableColumn.text) ?? "-" }
}
