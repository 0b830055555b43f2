public import HTTPTransport
public import Lifecycle
internal import Values

/// Microsoft Teams, through a workflow that begins when its webhook is called ("Post to a channel when a webhook request is received"). Its URL is a secret. A
/// workflow gives no receipt and knows no idempotency key: nothing can be threaded, and a send whose answer was lost shows twice.
///
/// The card's texts are runs of rich text, which know no markup: a rule's name cannot become a link.
/// - Source: learn.microsoft.com, "Create incoming webhooks with Workflows" and "Adaptive Card schema 1.2", read 2026-11: any 2xx is a success, 28 KB at most.
///   The older connectors answered 200 with "Webhook message delivery failed …", which is none.
public struct TeamsChannel: Channel {
  private let url: CredentialReference
  private let http: HTTPClient
  private let credentials: CredentialResolver

  /// Bytes that Teams takes, less some for what the workflow adds.
  static let most = 27_000

  /// The URL is looked up anew at each send.
  public init(url: CredentialReference, http: HTTPClient, credentials: CredentialResolver) {
    self.url = url
    self.http = http
    self.credentials = credentials
  }

  /// Posts the card; the receipt is empty, and `Message.thread` is not used.
  public func send(_ message: Message, idempotencyKey: String) async throws(ChannelFailure) -> Receipt {
    let secret = try credentials.secret(url)
    let request = HTTPRequest(
      .post, secret, headers: ["Content-Type": "application/json"], body: TeamsChannel.body(message), maximumResponseBytes: 1 << 20, disclosure: .origin)
    let response = try await http.deliver(request)
    guard response.isSuccess else {
      throw ChannelFailure(response, from: "Teams (\(url))", why: ChannelFailure.excerpt(response.text, hiding: [secret]))
    }
    guard !response.text.contains("delivery failed") else { throw .retryable(after: nil, reason: "Teams (\(url)) answered that the delivery failed") }
    return Receipt()
  }

  /// The card in as much of its length as Teams takes.
  static func body(_ message: Message) -> [UInt8] {
    for (text, fields, value) in [(8000, 30, 400), (2000, 15, 200), (500, 5, 100)] {
      let body = Array(card(message, text: text, fields: fields, value: value).description.utf8)
      if body.count <= most { return body }
    }
    return Array(card(message, text: 100, fields: 0, value: 0).description.utf8)
  }

  private static func card(_ message: Message, text: Int, fields: Int, value: Int) -> JSON {
    let label = "\(message.severity.rawValue) · \(message.state.word) · \(message.occurredAt)"
    var body: [JSON] = [block([run(SlackBlocks.cut(message.title, 200), ["weight": "Bolder", "size": "Large", "color": .string(colour(message))])])]
    body.append(block([run(label, ["isSubtle": true, "size": "Small"])]))
    if !message.text.isEmpty { body.append(block([run(SlackBlocks.cut(message.text, text), [:])])) }
    for field in message.fields.prefix(fields) {
      body.append(block([run(SlackBlocks.cut(field.name, 60) + "  ", ["isSubtle": true]), run(SlackBlocks.cut(field.value, value), [:])]))
    }
    if let command = message.command, !command.isEmpty {
      body.append(block([run("Next:  ", ["isSubtle": true]), run(SlackBlocks.cut(command, 500), ["fontType": "Monospace"])]))
    }
    var card: JSON = [
      "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.2",
      "fallbackText": .string(SlackBlocks.cut(message.title, 200)), "body": .array(body),
    ]
    if let link = message.link, link.hasPrefix("https://"), link.utf8.count <= 1500 {
      card["actions"] = [["type": "Action.OpenUrl", "title": "More", "url": .string(link)]]
    }
    return [
      "type": "message",
      "attachments": [["contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": .null, "content": card]],
    ]
  }

  private static func colour(_ message: Message) -> String {
    switch (message.state.isOver, message.severity) {
    case (true, _): "Good"
    case (false, .critical): "Attention"
    case (false, .warning): "Warning"
    case (false, .info): "Accent"
    }
  }

  private static func block(_ runs: [JSON]) -> JSON { ["type": "RichTextBlock", "inlines": .array(runs)] }

  private static func run(_ text: String, _ look: KeyValuePairs<String, JSON>) -> JSON {
    JSON([("type", .string("TextRun")), ("text", .string(text.isEmpty ? "–" : text))] + look.map { ($0.key, $0.value) })
  }
}
