internal import CLibCurl

/// What a server answered, whatever the status: 404 and 500 are responses, not errors.
public struct HTTPResponse: Sendable {
  /// 100...999
  public let status: Int
  /// Of the last response, when redirects were followed.
  public let headers: HTTPHeaders
  /// All of it, at most `HTTPRequest.maximumResponseBytes`.
  public let body: [UInt8]

  /// 200...299
  public var isSuccess: Bool { (200..<300).contains(status) }

  /// The body as UTF-8; what is not UTF-8 is replaced.
  public var text: String { String(decoding: body, as: UTF8.self) }
}

extension HTTPResponse {
  /// How long the server asks to wait: `Retry-After` in seconds, or as a date, which is read against the response's own
  /// `Date`, so that the clocks need not agree. Nil when it says nothing that can be read; never negative.
  public var retryAfter: Duration? {
    guard let text = headers["Retry-After"] else { return nil }
    let value = text.drop { $0 == " " }
    if let seconds = Double(value), seconds.isFinite {
      return .milliseconds(Int64(min(max(0, seconds), 86_400 * 365) * 1000))
    }
    guard let sent = headers["Date"] else { return nil }
    let (until, since) = (curl_getdate(String(value), nil), curl_getdate(sent, nil))
    guard until >= 0, since >= 0 else { return nil }
    return .seconds(max(0, until - since))
  }
}
