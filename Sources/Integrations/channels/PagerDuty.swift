public import HTTPTransport
public import Lifecycle
internal import Values

/// PagerDuty's Events API v2. All that is said of one alert has one `dedup_key`, so that it is one incident: triggered, acknowledged, resolved. Sending twice
/// changes nothing.
/// - Source: developer.pagerduty.com, "Events API v2", read 2026-11: 202 is a success; 400 is final, 429 and 5xx may pass. `dedup_key` has at most 255
///   characters, `summary` 1024.
public struct PagerDutyChannel: Channel {
  private let routingKey: CredentialReference
  private let baseURL: String
  private let http: HTTPClient
  private let credentials: CredentialResolver

  /// Where the API is, unless another base is declared (`https://events.eu.pagerduty.com` for accounts in Europe).
  public static let usualAPI = "https://events.pagerduty.com"

  /// - Parameter baseURL: where the API is, without a slash at the end.
  public init(routingKey: CredentialReference, baseURL: String = usualAPI, http: HTTPClient, credentials: CredentialResolver) {
    self.routingKey = routingKey
    self.baseURL = baseURL
    self.http = http
    self.credentials = credentials
  }

  /// Sends the event; the receipt names the incident's key. One that only tries the channel is over at once.
  public func send(_ message: Message, idempotencyKey: String) async throws(ChannelFailure) -> Receipt {
    let key = try credentials.secret(routingKey)
    let dedup = "kedge/\(message.alert?.description ?? idempotencyKey)"
    try await enqueue(message, key, dedup)
    if message.state == .test {
      var over = message
      over.state = .resolved
      try await enqueue(over, key, dedup)
    }
    return Receipt(message: dedup)
  }

  private func enqueue(_ message: Message, _ key: String, _ dedup: String) async throws(ChannelFailure) {
    let request = HTTPRequest(
      .post, "\(baseURL)/v2/enqueue", headers: ["Content-Type": "application/json"],
      body: Array(PagerDutyChannel.event(message, routingKey: key, dedup: dedup).description.utf8), maximumResponseBytes: 1 << 20)
    let response = try await http.deliver(request)
    guard response.status == 202 else {
      let why = (try? JSON(parsing: response.body)).flatMap { answer in
        ([answer["message"]?.string] + (answer["errors"]?.array ?? []).map(\.string)).compactMap { $0 }.joined(separator: "; ")
      }
      throw ChannelFailure(response, from: "PagerDuty", why: ChannelFailure.excerpt(why ?? "", hiding: [key]))
    }
  }

  private static func event(_ message: Message, routingKey: String, dedup: String) -> JSON {
    let action = message.state.isOver ? "resolve" : message.state == .acknowledged ? "acknowledge" : "trigger"
    let subject = message.about?.subject
    var details = message.fields.reduce(into: JSON([(String, JSON)]())) { $0[$1.name] = .string(cut($1.value, 1000)) }
    details["text"] = .string(cut(message.text, 4000))
    details["next"] = message.command.map { .string($0) }
    details["alert"] = message.alert.map { .string($0.description) }
    let payload = JSON([
      ("summary", .string(cut(message.title, 1024))), ("source", .string(subject?.monitor ?? subject?.endpoint ?? subject?.model ?? "kedge")),
      ("severity", .string(message.severity.rawValue)), ("timestamp", JSON(message.occurredAt)), ("component", subject?.model.map { .string($0) }),
      ("group", subject?.monitor.map { .string($0) }), ("class", subject.map { .string($0.rule) }), ("custom_details", details),
    ])
    return JSON([
      ("routing_key", .string(routingKey)), ("event_action", .string(action)), ("dedup_key", .string(dedup)), ("client", "Kedge"),
      ("client_url", message.link.map { .string($0) }), ("payload", action == "trigger" ? payload : nil),
    ])
  }

  /// The beginning of a text, at most so many UTF-16 units.
  private static func cut(_ text: String, _ limit: Int) -> String { SlackBlocks.cut(text, limit) }
}
