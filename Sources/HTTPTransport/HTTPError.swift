/// Why a request got no response. It never holds a header, a body, a user, a password or a query.
public struct HTTPError: Error, Sendable, Hashable {
  /// Few and fixed, fit for a metric's label.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The request cannot be sent as it is: its URL, a header, a file it names.
    case invalidRequest = "invalid_request"
    case couldNotResolve = "could_not_resolve"
    case couldNotConnect = "could_not_connect"
    case timedOutConnecting = "timed_out_connecting"
    case timedOut = "timed_out"
    /// The TLS handshake did not come about.
    case tlsFailed = "tls_failed"
    /// The server's certificate is not trusted, or is another host's.
    case certificateRejected = "certificate_rejected"
    /// The connection ended before the response did.
    case connectionLost = "connection_lost"
    /// What came back is not HTTP.
    case malformedResponse = "malformed_response"
    case responseTooLarge = "response_too_large"
    case tooManyRedirects = "too_many_redirects"
    /// The client was closed.
    case clientClosed = "client_closed"
  }

  /// What to tell errors apart by.
  public let kind: Kind
  /// Method and redacted URL.
  public let request: String
  /// What was found, for people.
  public let detail: String

  /// Whether the same request may succeed later. The server may have acted on the first one: a retry needs an idempotency key.
  public var isRetryable: Bool {
    switch kind {
    case .couldNotResolve, .couldNotConnect, .timedOutConnecting, .timedOut, .tlsFailed, .connectionLost, .malformedResponse: true
    case .invalidRequest, .certificateRejected, .responseTooLarge, .tooManyRedirects, .clientClosed: false
    }
  }
}

extension HTTPError: CustomStringConvertible {
  /// One line: the request, then what was found.
  public var description: String { "\(request): \(detail)" }
}
