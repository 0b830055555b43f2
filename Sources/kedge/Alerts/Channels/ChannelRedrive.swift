internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct ChannelRedrive: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redrive", abstract: "Sends again what a channel did not take, in its order.",
    discussion: guide(
      "`kedge get messages` shows what was abandoned, and why. What people were told more of since is left out; --message sends it all the same. "
        + "Each message keeps its idempotency key.",
      example: "kedge channel redrive ml-slack --reason 'the token is renewed'", .notFound, .conflict))

  @Argument(help: "Name of the channel; else all of them.") var name: String?
  @Option(help: ArgumentHelp("This message alone.", valueName: "id")) var message: String?
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard name == nil else { return }
    if message != nil { throw ValidationError("--message: name its channel too") }
    if writing.idempotencyKey != nil || writing.expectedVersion != nil {
      throw ValidationError("--idempotency-key and --expected-version are about one channel: name it")
    }
  }

  func run() async throws {
    let only = try message.map { text in
      guard let id = UUID(uuidString: text) else {
        throw Complaint(.badUsage, "--message \(text): expected the id of a message; `kedge get messages` shows it")
      }
      return id
    }
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["message_redriven"]) { transaction in
        if let name {
          guard try await Lookup(database: transaction).exists("channel/\(name)") else { throw Refusal.unknown("there is no channel \(name)") }
        }
        return Target(stream: "channel/\(name ?? "")", id: name ?? "channels")
      } decide: { session, _, transaction in
        let names = if let name { [name] } else { try await ChannelRedrive.channels(transaction) }
        for name in names {
          let stream = "channel/\(name)"
          session.record(try await session.load(DeadLetters.self, stream).redrive(only: only), on: stream)
        }
      }
      let count = changed.events.count { $0.fact.type == "message_redriven" }
      try change.report(changed, "\(count) \(count == 1 ? "message is" : "messages are") sent again")
    }
  }

  /// Those with anything to send again, from the log itself.
  private static func channels(_ transaction: Transaction) async throws -> [String] {
    try await transaction.query(
      "select distinct stream::text from kedge.event where stream like 'channel/%' and type = 'message_abandoned' order by 1"
    ).map { String(try $0.decode(String.self).dropFirst("channel/".count)) }
  }
}
