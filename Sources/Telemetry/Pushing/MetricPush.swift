public import HTTPTransport
public import Values

/// Sends figures to where they are kept, for those who cannot scrape.
public enum MetricPush: Sendable {
  /// A Prometheus Pushgateway: its URL without a path, and the job under which the figures stand. Each push replaces those of the one before.
  case gateway(url: String, job: String)
  /// A collector that speaks OTLP over HTTP in JSON: its URL, to which `/v1/metrics` is added, and headers such as those that sign in.
  case otlp(url: String, headers: [(name: String, value: String)])

  /// Sends figures once.
  /// - Throws: `HTTPError`, or `MetricPushError` when the answer is no success.
  public func send(_ families: [MetricFamily], version: String, at time: Timestamp, through http: HTTPClient) async throws {
    var request: HTTPRequest
    switch self {
    case .gateway(let url, let job):
      request = HTTPRequest(.put, "\(MetricPush.trimmed(url))/metrics/job/\(MetricPush.escaped(job))", body: Array(MetricText.prometheus.write(families).utf8))
      request.headers["Content-Type"] = MetricText.prometheus.mediaType
    case .otlp(let url, let headers):
      request = HTTPRequest(.post, "\(MetricPush.trimmed(url))/v1/metrics", body: Array(OTLP.document(families, version: version, at: time).description.utf8))
      request.headers["Content-Type"] = "application/json"
      for (name, value) in headers { request.headers[name] = value }
    }
    let response = try await http.send(request)
    guard response.isSuccess else {
      throw MetricPushError(
        target: description, status: response.status, answer: String(response.text.prefix(200).split(whereSeparator: \.isNewline).first ?? ""))
    }
  }

  private static func trimmed(_ url: String) -> Substring { url.hasSuffix("/") ? url.dropLast() : url[...] }

  /// As a segment of a path.
  private static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || "-_.~".utf8.contains(byte)
      return isPlain ? String(UnicodeScalar(byte)) : "%" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
    }.joined()
  }
}

extension MetricPush: CustomStringConvertible {
  /// What it is, without its URL, which may hold a password.
  public var description: String {
    switch self {
    case .gateway: "the Pushgateway"
    case .otlp: "the OTLP collector"
    }
  }
}

/// The other side did not take the figures.
public struct MetricPushError: Error, CustomStringConvertible {
  /// Who answered.
  public let target: String
  /// Its status.
  public let status: Int
  /// How its answer begins.
  public let answer: String

  /// For people.
  public var description: String { "\(target) answered \(status)\(answer.isEmpty ? "" : ": \(answer)")" }
}
