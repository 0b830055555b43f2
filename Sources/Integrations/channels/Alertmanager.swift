public import HTTPTransport
public import Lifecycle
public import Values

/// A Prometheus Alertmanager: `POST /api/v2/alerts`.
///
/// An alert's labels name it: `alertname` (the rule), `alert` (its id, so that an alert that is over and one that fires anew are never taken for one another),
/// `severity`, and `monitor`, `endpoint`, `model` and `series` where it has them, besides those that are declared. Alertmanager forgets: what fires ends there
/// after four times the interval at which it is said again (`repeat`), unless it is. What is over ends when it did. An alert whose severity changes
/// is another one to Alertmanager, so the former one is ended with the same request.
/// - Source: prometheus.io, "Alerts API" and "Sending alerts", read 2026-11; 200 with an empty body, 400 for labels that are refused.
public struct AlertmanagerChannel: Channel {
  private let settings: AlertmanagerSettings
  private let http: HTTPClient
  private let credentials: CredentialResolver
  private let clock: @Sendable () -> Timestamp

  /// How many times the interval an alert lasts without being said again.
  static let patience = 4
  /// How long an alert that only tries the channel lasts.
  private static let testLasts = Duration.seconds(300)

  /// - Parameter clock: tells until when an alert lasts that is not said again.
  public init(_ settings: AlertmanagerSettings, http: HTTPClient, credentials: CredentialResolver, clock: @escaping @Sendable () -> Timestamp) {
    self.settings = settings
    self.http = http
    self.credentials = credentials
    self.clock = clock
  }

  /// Posts the alert; the receipt is empty. Saying the same again changes nothing.
  public func send(_ message: Message, idempotencyKey: String) async throws(ChannelFailure) -> Receipt {
    try await post(alerts(message))
    return Receipt()
  }

  /// Says again what fires and what ended lately.
  public func `repeat`(_ messages: [Message]) async throws(ChannelFailure) {
    // A request of its own for so many, since one that Alertmanager refuses must not keep the others from it.
    for start in stride(from: 0, to: messages.count, by: AlertmanagerChannel.most) {
      try await post(messages[start..<min(start + AlertmanagerChannel.most, messages.count)].flatMap(alerts))
    }
  }

  private static let most = 50

  private func post(_ alerts: [JSON]) async throws(ChannelFailure) {
    guard !alerts.isEmpty else { return }
    var headers: HTTPHeaders = ["Content-Type": "application/json"]
    var secrets: [String] = []
    if let token = settings.token {
      let secret = try credentials.secret(token)
      headers["Authorization"] = "Bearer \(secret)"
      secrets.append(secret)
    }
    let request = HTTPRequest(
      .post, "\(settings.url)/api/v2/alerts", headers: headers, body: Array(JSON.array(alerts).description.utf8), maximumResponseBytes: 1 << 20)
    let response = try await http.deliver(request)
    guard response.isSuccess else { throw ChannelFailure(response, from: "Alertmanager", why: ChannelFailure.excerpt(response.text, hiding: secrets)) }
  }

  /// The alert, and what must end with it.
  func alerts(_ message: Message) -> [JSON] {
    let now = clock()
    let starts = min(message.about?.sinceAt ?? message.occurredAt, message.occurredAt, now)
    let ends: Timestamp =
      if message.state.isOver {
        max(starts, min(message.occurredAt, now))
      } else if message.alert == nil {
        now + AlertmanagerChannel.testLasts
      } else {
        now + settings.resend.duration * AlertmanagerChannel.patience
      }
    let former = message.formerSeverities.filter { $0 != message.severity.rawValue }
      .map { alert(message, severity: $0, from: starts, to: max(starts, min(message.occurredAt, now))) }
    return former + [alert(message, severity: message.severity.rawValue, from: starts, to: ends)]
  }

  private func alert(_ message: Message, severity: String, from starts: Timestamp, to ends: Timestamp) -> JSON {
    let subject = message.about?.subject
    let own: [(String, String?)] = [
      ("alertname", subject?.rule ?? "KedgeMessage"), ("severity", severity), ("alert", message.alert?.description), ("monitor", subject?.monitor),
      ("endpoint", subject?.endpoint), ("model", subject?.model), ("series", subject?.series),
    ]
    var labels = own.compactMap { name, value in value.flatMap { $0.isEmpty ? nil : (name, JSON.string($0)) } }
    for (name, value) in (settings.labels ?? [:]).sorted(by: { $0.key < $1.key }) where !labels.contains(where: { $0.0 == name }) {
      labels.append((name, .string(value)))
    }
    var annotations: [(String, JSON?)] = [("summary", .string(message.title)), ("description", .string(message.text))]
    annotations += message.fields.map { (AlertmanagerChannel.name($0.name), .string($0.value)) }
    annotations.append(("command", message.command.map { .string($0) }))
    return [
      "labels": JSON(labels),
      "annotations": JSON(annotations.reduce(into: []) { list, next in if !list.contains(where: { $0.0 == next.0 }) { list.append(next) } }),
      "startsAt": JSON(starts), "endsAt": JSON(ends),
    ]
  }

  /// The name of an annotation: letters, digits and underscores, a letter or underscore first.
  static func name(_ text: String) -> String {
    let name = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    return name.first.map { $0.isNumber ? "_" + name : name } ?? "_"
  }
}
