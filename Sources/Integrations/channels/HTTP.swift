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
  private let http: HTTPClient
  private let credentials: CredentialResolver
  private let clock: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - secret: what bodies are signed with; none, no signature.
  ///   - bearer: sent as `Authorization: Bearer …`.
  ///   - clock: tells the time of each attempt's signature.
  public init(
    address: Address, secret: CredentialReference?, bearer: CredentialReference? = nil, http: HTTPClient, credentials: CredentialResolver,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.address = address
    self.secret = secret
    self.bearer = bearer
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
    let body = Array(HTTPChannel.body(message, id: idempotencyKey).description.utf8)
    var headers: HTTPHeaders = ["Content-Type": "application/json", "Idempotency-Key": idempotencyKey]
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
    guard response.isSuccess else { throw ChannelFailure(response, from: "the server", why: HTTPChannel.excerpt(response, hiding: secrets)) }
    return Receipt(message: (try? JSON(parsing: response.body))?["id"]?.string)
  }

  /// The beginning of what the server said, on one line; nil when it repeats a part of a secret, as servers do that answer "cannot POST /hooks/…".
  static func excerpt(_ response: HTTPResponse, hiding secrets: [String]) -> String? {
    let text = response.text.split(whereSeparator: { $0.isWhitespace || $0.isNewline }).joined(separator: " ")
    let parts = secrets.flatMap { $0.split { "/?&=#@:".contains($0) } }.filter { $0.utf8.count >= 5 && $0 != "https" }
    guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f && $0 != "\u{fffd}" }) else { return nil }
    guard !parts.contains(where: { text.contains($0) }) else { return nil }
    return text.count <= 120 ? text : text.prefix(119) + "…"
  }

  /// `v1=` and the hex of HMAC-SHA256 over `timestamp.body`.
  static func signature(of body: [UInt8], at timestamp: Int64, secret: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: Array("\(timestamp).".utf8) + body, using: SymmetricKey(data: Array(secret.utf8)))
    return "v1=" + hexadecimal(code)
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
}
