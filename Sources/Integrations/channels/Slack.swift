public import HTTPTransport
public import Lifecycle
internal import Values

/// Slack through a bot's token: `chat.postMessage`. A message that continues another goes into its thread, and the first one is brought up to date
/// (`chat.update`), so that the channel shows how things stand and the thread what happened. What got worse is shown in the channel too.
///
/// Slack knows no idempotency key: a send whose answer was lost shows twice. The key goes along as the message's metadata
/// (`kedge_message`), so that such twins can be told.
/// The token needs the scope `chat:write`, and the bot must be in the channel.
/// - Source: docs.slack.dev, "chat.postMessage" and "chat.update", read 2026-11; an HTTP 200 with `"ok": false` is a failure.
public struct SlackChannel: Channel {
  private let token: CredentialReference
  private let channel: String
  private let baseURL: String
  private let http: HTTPClient
  private let credentials: CredentialResolver

  /// - Parameters:
  ///   - channel: `#name` or an id.
  ///   - baseURL: where the API is, without a slash at the end.
  public init(
    token: CredentialReference, channel: String, baseURL: String = "https://slack.com", http: HTTPClient, credentials: CredentialResolver
  ) {
    self.token = token
    self.channel = channel
    self.baseURL = baseURL
    self.http = http
    self.credentials = credentials
  }

  /// Posts the message, into the thread of the one that it continues, which it brings up to date before; the receipt names channel and `ts`.
  public func send(_ message: Message, idempotencyKey: String) async throws(ChannelFailure) -> Receipt {
    let blocks = SlackBlocks(message)
    try await update(message, blocks, idempotencyKey)
    let body = JSON([
      // A thread is known by the channel's id, whatever its name has become.
      ("channel", .string(message.thread?.conversation ?? channel)),
      ("text", .string(blocks.fallback)),
      ("blocks", blocks.blocks),
      ("thread_ts", message.thread?.message.map { .string($0) }),
      ("reply_broadcast", message.thread?.message != nil && message.state == "escalated" ? true : nil),
      ("unfurl_links", false),
      ("metadata", SlackChannel.metadata(idempotencyKey)),
    ])
    return try receipt(try await call("chat.postMessage", body))
  }

  /// Makes the first message of a thread say how things stand. Sending it again changes nothing. One that cannot be changed any more stays as it is.
  private func update(_ message: Message, _ blocks: SlackBlocks, _ idempotencyKey: String) async throws(ChannelFailure) {
    guard let conversation = message.thread?.conversation, let first = message.thread?.message else { return }
    let body: JSON = [
      "channel": .string(conversation), "ts": .string(first), "text": .string(blocks.fallback), "blocks": blocks.blocks,
      "metadata": SlackChannel.metadata(idempotencyKey),
    ]
    do {
      _ = try receipt(try await call("chat.update", body))
    } catch {
      if case .retryable = error { throw error }
    }
  }

  private static func metadata(_ idempotencyKey: String) -> JSON {
    ["event_type": "kedge_message", "event_payload": ["idempotency_key": .string(idempotencyKey)]]
  }

  private func call(_ method: String, _ body: JSON) async throws(ChannelFailure) -> HTTPResponse {
    let request = HTTPRequest(
      .post, "\(baseURL)/api/\(method)",
      headers: ["Authorization": "Bearer \(try credentials.secret(token))", "Content-Type": "application/json; charset=utf-8"],
      body: Array(body.description.utf8), maximumResponseBytes: 1 << 20)
    return try await http.deliver(request)
  }

  private func receipt(_ response: HTTPResponse) throws(ChannelFailure) -> Receipt {
    let answer = try? JSON(parsing: response.body)
    let error = answer?["error"]?.string.flatMap(SlackChannel.word)
    guard response.status == 200 else { throw ChannelFailure(response, from: "Slack", why: error) }
    guard let ok = answer?["ok"]?.bool else {
      throw .retryable(after: response.retryAfter, reason: "Slack answered 200 with something that is not its JSON")
    }
    guard ok else {
      let reason = "Slack refused the message for \(channel): \(error ?? "no reason given")"
      if let error, SlackChannel.passing.contains(error) { throw .retryable(after: response.retryAfter, reason: reason) }
      throw .final(reason: reason + (error.flatMap { SlackChannel.advice[$0] }.map { "; \($0)" } ?? ""))
    }
    return Receipt(conversation: answer?["channel"]?.string, message: answer?["ts"]?.string)
  }

  /// Errors of Slack's that pass by themselves.
  private static let passing: Set<String> = [
    "ratelimited", "rate_limited", "message_limit_exceeded", "fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org",
  ]

  private static let advice = [
    "not_in_channel": "invite the bot to it",
    "channel_not_found": "check its name, and invite the bot to it if it is private",
    "is_archived": "name another channel",
    "invalid_auth": "check the token",
    "not_authed": "check the token",
    "token_revoked": "make a new token",
    "token_expired": "make a new token",
    "account_inactive": "make a new token",
    "missing_scope": "the token needs the scope chat:write",
  ]

  /// One of Slack's error words; nothing else of an answer is repeated.
  static func word(_ text: String) -> String? {
    !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f } ? text : nil
  }
}
