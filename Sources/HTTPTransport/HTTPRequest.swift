/// One HTTP request. It holds no connection: `HTTPClient.send(_:)` carries it out.
public struct HTTPRequest: Sendable {
  /// What is asked of the resource.
  public enum Method: String, Sendable, Hashable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  /// What to do with an answer that points elsewhere (301, 302, 303, 307, 308).
  public enum Redirects: Sendable, Hashable {
    /// The redirect itself is the response.
    case notFollowed
    /// Followed at most this often. `Authorization` is not sent on to another host; other headers are.
    case followed(atMost: Int)
  }

  /// How much of the URL an error may show. User, password, query and fragment are never shown.
  public enum Disclosure: Sendable, Hashable {
    /// Scheme, host, port and path.
    case path
    /// Scheme, host and port: for URLs whose path is itself a secret, such as those of incoming webhooks.
    case origin
  }

  /// What is asked of the resource.
  public var method: Method
  /// `http` or `https`. User and password in it are sent as Basic authentication.
  public var url: String
  /// Sent in this order. A name may occur more than once.
  public var headers: HTTPHeaders
  /// Sent as it is; may be empty.
  public var body: [UInt8]
  /// For everything from looking up the name to the last byte of the response. Whole milliseconds, at least one.
  public var timeout: Duration
  /// For looking up the name, connecting and the TLS handshake; at most `timeout`.
  public var connectTimeout: Duration
  /// A longer body is an error, and is not read to its end.
  public var maximumResponseBytes: Int
  /// What to do with an answer that points elsewhere.
  public var redirects: Redirects
  /// Certificates (PEM) to trust instead of the system's.
  public var certificateAuthorityFile: String?
  /// How much of the URL errors may show.
  public var disclosure: Disclosure

  /// Checks nothing: what cannot be sent is an error of `HTTPClient.send(_:)`.
  public init(
    _ method: Method, _ url: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
    timeout: Duration = .seconds(30), connectTimeout: Duration = .seconds(10), maximumResponseBytes: Int = 16 << 20,
    redirects: Redirects = .notFollowed, certificateAuthorityFile: String? = nil, disclosure: Disclosure = .path
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.connectTimeout = connectTimeout
    self.maximumResponseBytes = maximumResponseBytes
    self.redirects = redirects
    self.certificateAuthorityFile = certificateAuthorityFile
    self.disclosure = disclosure
  }

  /// Method and URL as an error or a log line may show them.
  var redacted: String { "\(method.rawValue) \(RedactedURL(url, disclosure).text)" }
}

/// What may be shown of a URL.
struct RedactedURL {
  let text: String

  init(_ url: String, _ disclosure: HTTPRequest.Disclosure) {
    guard let separator = url.firstRange(of: "://") else {
      text = "(a URL without scheme)"
      return
    }
    let scheme = url[..<separator.lowerBound]
    let rest = url[separator.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    let path = rest[authority.endIndex...].prefix { $0 != "?" && $0 != "#" }
    switch disclosure {
    case .path: text = "\(scheme)://\(host)\(path)"
    case .origin: text = "\(scheme)://\(host)\(path.isEmpty || path == "/" ? path : "/…")"
    }
  }
}
