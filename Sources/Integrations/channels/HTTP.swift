internal import Crypto
public import HTTPTransport
public import Lifecycle
public import Values

/// Any server of yours: a POST of JSON, signed.
///
/// The body is
/// `{"id", "title", "severity": "info|warning|critical", "state", "text", "fields": [{"name", "value"}], "link"?, "command"?, "occurred_at", "thread"?}`,
/// with `id` the idempotency key and `thread` what the answer to an earlier message gave. Headers:
///
/// | header | value |
/// |---|---|
/// | `Idempotency-Key` | the same for all attempts at the same message |
/// | `X-Kedge-Timestamp` | when this attempt was signed, seconds since 1970; refuse what is older than five minutes |
/// | `X-Kedge-Signature` | `v1=` and the lower-case hex of HMAC-SHA256(secret, timestamp + `.` + body) |
///
/// A template takes the place of the body, and may add headers whose values are secrets.
///
/// Check the signature over the bytes as received, before parsing, with a comparison in constant time. Any 2xx is a success;
/// an answer `{"id": "…"}` becomes the receipt.
public struct HTTPChannel: Channel {
  /// Where messages go.
  public enum Address: Sendable, Hashable {
    case url(String)
    /// For a URL that is itself a secret.
    case secret(CredentialReference)

    /// `env:…` and `file:…` are references, anything else a URL.
    public init(_ text: String) {
      self = CredentialReference(text).map { .secret($0) } ?? .url(text)
    }
  }

  private let address: Address
  private let secret: CredentialReference?
  private let bearer: CredentialReference?
  private let template: HTTPTemplate?
  private let http: HTTPClient
  private let credentials: CredentialResolver
  private let clock: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - secret: what bodies are signed with; none, no signature.
  ///   - bearer: sent as `Authorization: Bearer …`.
  ///   - template: what is posted instead of Kedge's own form.
  ///   - clock: tells the time of each attempt's signature.
  public init(
    address: Address, secret: CredentialReference?, bearer: CredentialReference? = nil, template: HTTPTemplate? = nil, http: HTTPClient,
    credentials: CredentialResolver, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.address = address
    self.secret = secret
    self.bearer = bearer
    self.template = template
    self.http = http
    self.credentials = credentials
    self.clock = clock
  }

  /// Posts the message, signed for this attempt; the receipt is empty when the answer has no `id`.
  public func send(_ message: Message, idempotencyKey: String) async throws(ChannelFailure) -> Receipt {
    let url =
      switch address {
      case .url(let url): url
      case .secret(let reference): try credentials.secret(reference)
      }
    var secrets = [url]
    let own = HTTPChannel.body(message, id: idempotencyKey)
    let body = Array((template?.body.map { HTTPChannel.filled($0, with: HTTPChannel.values(message, own)) } ?? own).description.utf8)
    var headers: HTTPHeaders = ["Content-Type": "application/json", "Idempotency-Key": idempotencyKey]
    for (name, reference) in (template?.headers ?? [:]).sorted(by: { $0.key < $1.key }) {
      let value = try credentials.secret(reference)
      headers[name] = value
      secrets.append(value)
    }
    if let bearer {
      let token = try credentials.secret(bearer)
      headers["Authorization"] = "Bearer \(token)"
      secrets.append(token)
    }
    if let secret {
      let key = try credentials.secret(secret)
      secrets.append(key)
      let timestamp = clock().microseconds / 1_000_000
      headers["X-Kedge-Timestamp"] = String(timestamp)
      headers["X-Kedge-Signature"] = HTTPChannel.signature(of: body, at: timestamp, secret: key)
    }
    // The path of a webhook is often its secret.
    let response = try await http.deliver(HTTPRequest(.post, url, headers: headers, body: body, maximumResponseBytes: 1 << 20, disclosure: .origin))
    guard response.isSuccess else { throw ChannelFailure(response, from: "the server", why: ChannelFailure.excerpt(response.text, hiding: secrets)) }
    return Receipt(message: (try? JSON(parsing: response.body))?["id"]?.string)
  }

  /// `v1=` and the hex of HMAC-SHA256 over `timestamp.body`.
  static func signature(of body: [UInt8], at timestamp: Int64, secret: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: Array("\(timestamp).".utf8) + body, using: SymmetricKey(data: Array(secret.utf8)))
    return "v1=" + code.hexadecimal
  }

  private static func body(_ message: Message, id: String) -> JSON {
    JSON([
      ("id", .string(id)),
      ("title", .string(message.title)),
      ("severity", .string(message.severity.rawValue)),
      ("state", .string(message.state.word)),
      ("text", .string(message.text)),
      ("fields", .array(message.fields.map { ["name": .string($0.name), "value": .string($0.value)] })),
      ("link", message.link.map { .string($0) }),
      ("command", message.command.map { .string($0) }),
      ("occurred_at", JSON(message.occurredAt)),
      ("thread", message.thread?.message.map { .string($0) }),
    ])
  }

  // MARK: templates

  /// What the words of a template stand for: what the message does not say is null.
  private static func values(_ message: Message, _ own: JSON) -> [String: JSON] {
    let subject = message.about?.subject
    let more: [String: JSON?] = [
      "alert": message.alert.map { .string($0.description) }, "rule": subject.map { .string($0.rule) }, "monitor": subject?.monitor.map { .string($0) },
      "endpoint": subject?.endpoint.map { .string($0) }, "model": subject?.model.map { .string($0) }, "metric": subject?.metric.map { .string($0) },
      "series": subject?.series.map { .string($0) }, "condition": message.about.map { .string($0.condition) },
      "value": message.about?.value.map { JSON($0) }, "since_at": message.about.map { JSON($0.sinceAt) },
    ]
    return Dictionary(uniqueKeysWithValues: HTTPTemplate.words.map { ($0, own[$0] ?? (more[$0] ?? nil) ?? .null) })
  }

  /// The template with what its words stand for. The values are put in when the JSON has been read: whatever they hold, it stays inside its text.
  static func filled(_ template: JSON, with values: [String: JSON]) -> JSON {
    switch template {
    case .string(let text): filled(text, with: values)
    case .array(let elements): .array(elements.map { filled($0, with: values) })
    case .object(let object): JSON(object.members.map { ($0.key, filled($0.value, with: values)) })
    default: template
    }
  }

  private static func filled(_ text: String, with values: [String: JSON]) -> JSON {
    let pieces = text.split(separator: "{{", omittingEmptySubsequences: false)
    if pieces.count == 2, pieces[0].isEmpty, pieces[1].hasSuffix("}}"), let whole = values[String(pieces[1].dropLast(2))] { return whole }
    var result = String(pieces[0])
    for piece in pieces.dropFirst() {
      if let end = piece.firstRange(of: "}}"), let value = values[String(piece[..<end.lowerBound])] {
        result += value.isNull ? "" : (value.string ?? value.description)
        result += piece[end.upperBound...]
      } else {
        result += "{{" + piece
      }
    }
    return .string(result)
  }
}
