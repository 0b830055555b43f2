internal import ArgumentParser
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Values

struct ChannelTest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Sends a message that says so to a channel, and tells whether it was taken.",
    discussion: guide(
      "It goes the way of all messages: a worker with the role notifier sends it, with the credentials that it has. It is tried once.",
      example: "kedge channel test ml-slack", .notFound, .timedOut))

  @Argument(help: "Name of the channel.") var name: String
  @OptionGroup var waiting: WaitingOptions
  @OptionGroup var writing: WritingOptions
  @OptionGroup var common: CommonOptions

  /// How long is waited unless `--wait` says otherwise.
  private static let patience = "60s"

  func run() async throws {
    var waiting = waiting
    if waiting.wait == nil { waiting.wait = WaitLimit(argument: ChannelTest.patience) }
    let message = writing.idempotencyKey.map { UUID(namespace: ChannelTest.namespace, name: "\(name)/\($0)") } ?? UUID()
    let stream = "channel/\(name)"
    try await common.withDatabase { client in
      let change = Change(common: common, writing: writing)
      let changed = try await change.make(client, types: ["message_requested"]) { _ in
        Target(stream: stream, id: message.lowercased)
      } decide: { session, target, _ in
        guard try await session.load(ChannelState.self, stream).specification != nil else { throw Refusal.unknown("there is no channel \(name)") }
        session.expectAny(target.stream)
        session.record([.messageRequested(request(message))], on: target.stream)
      }
      guard !writing.dryRun else { return try change.report(changed, "") }
      let failure = try await waiting.until("the message to \(name): no worker with the role notifier has sent it, and it", in: client) {
        try await outcome(of: message, on: stream, client)
      }
      if let failure = failure.reason { throw Complaint(.failed, "channel \(name) did not take the message: \(failure)") }
      try change.report(changed, "channel \(name) took the message")
    }
  }

  private func request(_ message: UUID) -> MessageRequested {
    MessageRequested(
      message: message, alert: nil, state: MessageRequested.test, severity: "info", title: "Kedge reaches \(name)",
      text: "\(writing.name) tries this channel. Nobody needs to do anything.",
      fields: writing.reason.map { [.init("reason", $0)] } ?? [], command: "kedge get messages", at: .now())
  }

  private struct Outcome { let reason: String? }

  /// Nil while it is under way.
  private func outcome(of message: UUID, on stream: String, _ client: PostgresClient) async throws -> Outcome? {
    let row = try await client.query(
      """
      select type, data ->> 'reason' from kedge.event
      where stream = \(stream) and type in ('message_sent', 'message_abandoned') and data ->> 'message' = \(try JSON(encoding: message).string ?? "")
      """
    ).first
    return try row.map { row in
      let (type, reason) = try row.decode(String.self, String?.self)
      return Outcome(reason: type == "message_sent" ? nil : reason ?? "no reason was given")
    }
  }

  private static let namespace = UUID(uuid: (0x6b, 0x65, 0x64, 0x67, 0x65, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x03))
}
