public import HTTPTransport
public import Lifecycle
public import Values

/// Azure Monitor: custom metrics of a resource, and a record in a custom log, for each message; as an application that signs in by its secret.
///
/// Metrics: `Alert Firing` is 1 while the alert fires and 0 when it is over, and `Alert Value` what was measured, both with the dimensions rule, monitor,
/// model and severity. Azure takes no metric older than twenty minutes, so they bear the time of sending. Records hold
/// `TimeGenerated, MessageId, AlertId, Rule, Monitor, Endpoint, Model, Metric, Value, Severity, State, Title, Text, Command, StartedAt`; a record sent twice has
/// the same `MessageId`.
/// - Source: learn.microsoft.com, "Ingest custom metrics for an Azure resource using the REST API" and "Logs Ingestion API", read 2026-11: tokens for
///   `https://monitoring.azure.com/` (with the slash) and for `https://monitor.azure.com/.default`; 200 for metrics, 204 for logs.
public struct AzureMonitorChannel: Channel {
  private let settings: AzureMonitorSettings
  private let http: HTTPClient
  private let credentials: CredentialResolver
  private let clock: @Sendable () -> Timestamp

  /// The secret is looked up, and a token asked for, anew at each send.
  /// - Parameter clock: tells the time of metrics.
  public init(_ settings: AzureMonitorSettings, http: HTTPClient, credentials: CredentialResolver, clock: @escaping @Sendable () -> Timestamp) {
    self.settings = settings
    self.http = http
    self.credentials = credentials
    self.clock = clock
  }

  /// Writes what is declared, the log first; the receipt is empty.
  public func send(_ message: Message, idempotencyKey: String) async throws(ChannelFailure) -> Receipt {
    if let logs = settings.logs {
      let token = try await token("oauth2/v2.0/token", [("scope", "https://monitor.azure.com/.default")])
      let url = "\(logs.endpoint)/dataCollectionRules/\(logs.rule)/streams/\(logs.stream)?api-version=2023-01-01"
      try await post(url, .array([AzureMonitorChannel.record(message, id: idempotencyKey)]), token: token, what: "the log")
    }
    if let metrics = settings.metrics {
      let token = try await token("oauth2/token", [("resource", "https://monitoring.azure.com/")])
      let url = "\(metrics.api ?? "https://\(metrics.region).monitoring.azure.com")\(metrics.resource)/metrics"
      for (name, value) in AzureMonitorChannel.figures(message) {
        let body = AzureMonitorChannel.metric(name, value, message, namespace: metrics.namespace ?? "Kedge", at: clock())
        try await post(url, body, token: token, what: "the metrics")
      }
    }
    return Receipt()
  }

  private func token(_ path: String, _ audience: [(String, String)]) async throws(ChannelFailure) -> String {
    let secret = try credentials.secret(settings.secret)
    let form = [("grant_type", "client_credentials"), ("client_id", settings.client), ("client_secret", secret)] + audience
    let request = HTTPRequest(
      .post, "\(settings.login ?? "https://login.microsoftonline.com")/\(settings.tenant)/\(path)",
      headers: ["Content-Type": "application/x-www-form-urlencoded"],
      body: Array(form.map { "\($0)=\(AzureMonitorChannel.formEncoded($1))" }.joined(separator: "&").utf8), maximumResponseBytes: 1 << 20)
    let response = try await http.deliver(request)
    let answer = try? JSON(parsing: response.body)
    guard response.status == 200, let token = answer?["access_token"]?.string, !token.isEmpty else {
      // `error` is one of OAuth's words; the description may repeat what was sent.
      let why = answer?["error"]?.string.flatMap(SlackChannel.word)
      guard response.status != 200 else { throw .retryable(after: nil, reason: "Microsoft Entra answered 200 without a token") }
      throw ChannelFailure(response, from: "Microsoft Entra, asked for a token,", why: why)
    }
    return token
  }

  private func post(_ url: String, _ body: JSON, token: String, what: String) async throws(ChannelFailure) {
    let headers: HTTPHeaders = ["Authorization": "Bearer \(token)", "Content-Type": "application/json"]
    let response = try await http.deliver(HTTPRequest(.post, url, headers: headers, body: Array(body.description.utf8), maximumResponseBytes: 1 << 20))
    guard response.isSuccess else {
      let answer = try? JSON(parsing: response.body)
      let why = answer?["error"]?["message"]?.string ?? answer?["Message"]?.string ?? ""
      throw ChannelFailure(response, from: "Azure Monitor, asked to take \(what),", why: ChannelFailure.excerpt(why, hiding: [token]))
    }
  }

  private static func record(_ message: Message, id: String) -> JSON {
    let subject = message.about?.subject
    func text(_ value: String?) -> JSON? { value.map { .string(SlackBlocks.cut($0, 8000)) } }
    return JSON([
      ("TimeGenerated", JSON(message.occurredAt)), ("MessageId", .string(id)), ("AlertId", text(message.alert?.description)), ("Rule", text(subject?.rule)),
      ("Monitor", text(subject?.monitor)), ("Endpoint", text(subject?.endpoint)), ("Model", text(subject?.model)), ("Metric", text(subject?.metric)),
      ("Value", message.about?.value.map { JSON($0) }), ("Severity", .string(message.severity.rawValue)), ("State", .string(message.state.word)),
      ("Title", text(message.title)), ("Text", text(message.text)), ("Command", text(message.command)), ("StartedAt", message.about.map { JSON($0.sinceAt) }),
    ])
  }

  private static func figures(_ message: Message) -> [(String, Double)] {
    [("Alert Firing", message.state.isOver ? 0 : 1)] + (message.about?.value.map { [("Alert Value", $0)] } ?? [])
  }

  private static func metric(_ name: String, _ value: Double, _ message: Message, namespace: String, at time: Timestamp) -> JSON {
    let subject = message.about?.subject
    // Azure refuses dimensions without a value.
    let dimensions = [
      ("rule", subject?.rule ?? "none"), ("monitor", subject?.monitor ?? subject?.endpoint ?? "none"), ("model", subject?.model ?? "none"),
      ("severity", message.severity.rawValue),
    ]
    return [
      "time": JSON(time),
      "data": [
        "baseData": [
          "metric": .string(name), "namespace": .string(namespace), "dimNames": .array(dimensions.map { .string($0.0) }),
          "series": [
            [
              "dimValues": .array(dimensions.map { .string($0.1) }), "min": JSON(value), "max": JSON(value), "sum": JSON(value), "count": 1,
            ]
          ],
        ]
      ],
    ]
  }

  private static func formEncoded(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: String(UnicodeScalar(byte))
      default: "%" + [byte].hexadecimal.uppercased()
      }
    }.joined()
  }
}
