internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections

struct Rollback: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Sends an endpoint's traffic back to the last good version.",
    discussion: guide(
      "It ends a rollout that is under way. With the workers down it is recorded, and done when a deployer runs.",
      example:
        "kedge rollback breast-cancer-prod --reason 'complaints from site B' --yes\nkedge rollback breast-cancer-prod --to breast-cancer/2 --yes --wait=5m",
      .notFound, .conflict, .timedOut))

  @Argument(help: "Name of the endpoint.") var endpoint: String
  @Option(help: ArgumentHelp("To this version instead.", valueName: "version")) var to: String?
  @OptionGroup var writing: WritingOptions
  @OptionGroup var waiting: WaitingOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let wanted = try to.map(versionName)
    try writing.confirm("roll back \(endpoint)\(to.map { " to \($0)" } ?? "")")
    try await common.withDatabase { client in
      let stream = "endpoint/\(endpoint)"
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["rollback_decided"]) {
        // It answers what serves now.
        Target(stream: stream, id: endpoint, cause: try await Lookup(database: $0).newest(stream, type: "traffic_moved"))
      } decide: { session, target, _ in
        let state = try await session.load(EndpointState.self, target.stream)
        if let wanted, state.specification?.model == wanted.model,
          try await session.load(ModelState.self, "model/\(wanted.model)")[wanted.number] == nil
        {
          throw Refusal.unknown("there is no version \(wanted); `kedge get versions \(wanted.model)` lists them")
        }
        let reason = writing.reason ?? "rolled back by \(writing.name)"
        session.record(try state.rollBack(to: wanted, automatic: false, reason: reason), on: target.stream)
      }
      let target = changed.events.lazy.compactMap { if case .rollbackDecided(let fact) = $0.fact { fact } else { nil } }.first
      try change.report(changed, "\(endpoint) goes back from \(target?.from.description ?? "?") to \(target?.to.description ?? "?")")
      guard waiting.wait != nil, !writing.dryRun, let target else { return }
      _ = try await waiting.until("the way back to \(target.to)", in: client) { () async throws -> Bool? in
        var session = DecisionSession(client)
        let state = try await session.load(EndpointState.self, stream)
        if let pending = state.pending, pending.order.purpose == .rollback { return nil }
        guard state.plan == TrafficPlan(current: target.to) else {
          throw Complaint(.failed, "\(endpoint) was sent elsewhere meanwhile; `kedge describe endpoint \(endpoint)` tells where")
        }
        return true
      }
      common.say("\(target.to) serves at \(endpoint)")
    }
  }
}
