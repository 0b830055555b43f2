public import HTTPTransport
public import Lifecycle
internal import Values

/// Slack through an incoming webhook. Its URL is a secret, which is why it is given by reference. A webhook gives no receipt, so nothing can be threaded.
/// - Source: docs.slack.dev, "Sending messages using incoming webhooks", read 2026-11; only a body of exactly `ok` is a success.
public struct SlackWebhookChannel: Channel {
  private let url: CredentialReference
  private let http: HTTPClient
  private let credentials: CredentialResolver

  /// The URL is looked up anew at each send.
  public init(url: CredentialReference, http: HTTPClient, credentials: CredentialResolver) {
    self.url = url
    self.http = http
    self.credentials = credentials
  }

  /// Posts the message; the receipt is empty, and `Message.thread` is not used.
  public func send(_ message: Message, idempotencyKey: String) async throws(ChannelFailure) -> Receipt {
    let blocks = SlackBlocks(message)
    let body: JSON = ["text": .string(blocks.fallback), "blocks": blocks.blocks, "unfurl_links": false]
    let request = HTTPRequest(
      .post, try credentials.secret(url), headers: ["Content-Type": "application/json; charset=utf-8"],
      body: Array(body.description.utf8), maximumResponseBytes: 1 << 20, disclosure: .origin)
    let response = try await http.deliver(request)
    guard response.status == 200 else {
      throw ChannelFailure(response, from: "Slack's webhook (\(url))", why: SlackChannel.word(response.text))
    }
    guard response.body == Array("ok".utf8) else {
      throw .final(reason: "\(url): answered 200 with \(response.body.count) bytes that are not \"ok\"; is it the URL of an incoming webhook of Slack?")
    }
    return Receipt()
  }
}
