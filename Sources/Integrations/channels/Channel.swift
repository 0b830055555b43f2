internal import HTTPTransport
internal import Lifecycle

/// A system that carries messages to people. One file in this folder per system.
public protocol Channel: Sendable {
  /// Sends one message, once; it does not retry by itself.
  ///
  /// The caller may repeat a send whose outcome it does not know: a system that knows idempotency keys then shows the message once, others twice.
  /// - Parameter idempotencyKey: the same for all attempts at the same message.
  func send(_ message: Message, idempotencyKey: String) async throws(ChannelFailure) -> Receipt
}

/// Why a message was not accepted. The reason may stand in the log: it holds no secret.
public enum ChannelFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// It may pass: try again, after so long if the system said so.
  case retryable(after: Duration?, reason: String)
  /// The same message would be refused again.
  case final(reason: String)

  /// The reason alone; free of secrets.
  public var description: String {
    switch self {
    case .retryable(_, let reason), .final(let reason): reason
    }
  }
}

extension ChannelFailure {
  /// What a status that is no success means: 408, 425, 429 and 5xx may pass, whatever else is final.
  /// - Parameter why: what the body says, free of secrets.
  init(_ response: HTTPResponse, from system: String, why: String? = nil) {
    let reason = "\(system) answered \(response.status)" + (why.map { ": \($0)" } ?? "")
    switch response.status {
    case 408, 425, 429, 500...: self = .retryable(after: response.retryAfter, reason: reason)
    case 300..<400: self = .final(reason: "\(reason); redirects are not followed, so give the final URL")
    default: self = .final(reason: reason)
    }
  }

  /// The beginning of what a server said, on one line; nil when it is empty, no text, or repeats a part of a secret, as servers do that answer
  /// "cannot POST /hooks/…".
  static func excerpt(_ said: String, hiding secrets: [String]) -> String? {
    let text = said.split(whereSeparator: { $0.isWhitespace || $0.isNewline }).joined(separator: " ")
    let parts = secrets.flatMap { $0.split { "/?&=#@:".contains($0) } }.filter { $0.utf8.count >= 5 && $0 != "https" }
    guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f && $0 != "\u{fffd}" }) else { return nil }
    guard !parts.contains(where: { text.contains($0) }), !secrets.contains(where: { !$0.isEmpty && text.contains($0) }) else { return nil }
    return text.count <= 120 ? text : text.prefix(119) + "…"
  }

  /// What a request that got no response means.
  init(_ error: any Error) {
    switch error {
    case let error as HTTPError: self = error.isRetryable ? .retryable(after: nil, reason: "\(error)") : .final(reason: "\(error)")
    // A worker elsewhere may have it, and somebody may supply it: worth the retries before the message is given up.
    case let error as CredentialError: self = .retryable(after: nil, reason: "\(error)")
    default: self = .retryable(after: nil, reason: "sending was cancelled")
    }
  }
}

extension HTTPClient {
  /// Sends a channel's request.
  func deliver(_ request: HTTPRequest) async throws(ChannelFailure) -> HTTPResponse {
    do { return try await send(request) } catch { throw ChannelFailure(error) }
  }
}

extension CredentialResolver {
  /// A channel's credential.
  func secret(_ reference: CredentialReference) throws(ChannelFailure) -> String {
    do { return try resolve(reference).reveal() } catch { throw ChannelFailure(error) }
  }
}
