internal import ArgumentParser
internal import Declarations
internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct Apply: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Declares what files say: models, monitors, rules, pipelines, endpoints, channels, pools.",
    discussion: guide(
      "All or nothing; what is declared already is left alone. What is not in the files stays; `kedge delete` takes it away.",
      example: "kedge apply -f kedge.yaml\nkedge apply -f declarations/ --dry-run", .conflict))

  @OptionGroup var files: FileOptions
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if writing.expectedVersion != nil {
      throw ValidationError("--expected-version: files change several streams, each at the version at which it was read; leave it out")
    }
  }

  func run() async throws {
    let sources = try files.sources()
    try await common.withDatabase { client in
      var attempt = 1
      while true {
        do { return try await apply(sources, client) } catch let conflict as VersionConflict {
          guard attempt < Change.attempts else { throw conflict }
          attempt += 1
        }
      }
    }
  }

  private func apply(_ sources: [DeclarationSource], _ client: PostgresClient) async throws {
    let (plan, events) = try await client.withTransaction { transaction in
      let declared = try await Specifications(database: transaction).all()
      let declarations = try DeclarationFile.parse(sources, declared: declared)
      var session = DecisionSession(transaction)
      let plan = try await Plan(declarations, &session, transaction, now: .now())
      plan.record(in: &session)
      let decided = session.decided
      guard !writing.dryRun, !decided.isEmpty else {
        return (plan, decided.map { Changed.Event(id: nil, stream: $0.stream, version: nil, fact: $0.fact) })
      }
      try await plan.storeProfiles(transaction)
      let attribution = Attribution(actor: writing.name)
      let appended = try await session.append(by: attribution, key: writing.idempotencyKey)
      try await Note(writing: writing).append(
        on: decided[0].stream, because: appended, saying: decided.map(\.fact), by: attribution, transaction)
      return (plan, zip(appended, decided).map { Changed.Event(id: $0.id, stream: $0.stream.text, version: $0.version, fact: $1.fact) })
    }
    let change = Change(common: common, writing: writing)
    let name = plan.items.count == 1 ? plan.items[0].declaration.streamName : "\(plan.items.count) declarations"
    try change.report(Changed(id: name, events: events), lines(plan))
  }

  private func lines(_ plan: Plan) -> String {
    plan.items.map { item in
      let word = item.isNew ? "declared" : item.changes.isEmpty ? (item.facts.isEmpty ? "unchanged" : "baseline pinned") : "changed"
      return "\(item.declaration.streamName) \(word)"
    }.joined(separator: "\n")
  }
}
