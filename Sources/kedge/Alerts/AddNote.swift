internal import ArgumentParser
internal import EventLog
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct AddNote: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "note", abstract: "Notes something about an alert, for whoever looks next.",
    discussion: guide(example: "kedge note 9c1e02 'the lab says that scanner 3 was replaced on Monday'", .notFound))

  @Argument(help: "Id of the alert, or how it begins.") var alert: String
  @Argument(help: "What there is to say.") var text: String
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if text.isEmpty || text.utf8.count > 10_000 { throw ValidationError("a note has 1 to 10000 bytes") }
  }

  func run() async throws {
    try await common.withDatabase { client in
      let (id, event) = try await client.withTransaction { transaction in
        let lookup = Lookup(database: transaction)
        let id = try await lookup.identifier(AlertID.self, alert)
        guard !writing.dryRun else { return (id, AppendedEvent?.none) }
        let cause = try await lookup.newest(id.stream)
        let appended = try await EventStore(transaction).append(
          [NewEvent(type: EventDocuments.note, data: ["reason": .string(text)], idempotencyKey: writing.idempotencyKey.map { "\($0)/0" })],
          to: StreamName(id.stream), by: Attribution(actor: writing.name, principal: nil, correlation: cause?.correlation, causation: cause?.event))
        return (id, appended.first)
      }
      let events =
        event.map { [["id": JSON($0.id.lowercased), "stream": JSON(id.stream), "version": JSON(Int($0.version)), "type": JSON(EventDocuments.note)] as JSON] }
        ?? []
      Renderer(format: common.output).document(["id": JSON(id.description), "events": .array(events)]) {
        common.output == .name ? id.description : common.quiet ? "" : writing.dryRun ? "would append \(EventDocuments.note) to \(id.stream)" : "noted"
      }
    }
  }
}
