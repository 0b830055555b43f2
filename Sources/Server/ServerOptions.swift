/// How the API is served.
public struct ServerOptions: Sendable {
  /// A host, or an address of this machine. Loopback unless somebody says otherwise: TLS is a proxy's business.
  public var host: String
  /// 0 takes a free one.
  public var port: Int
  /// Whether `/metrics` asks for a token, as everything below `/v1` does. Nil: on every address but loopback.
  public var metricsNeedToken: Bool?
  /// A longer body is refused with 413.
  public var maximumBodyBytes = 4 << 20
  /// What one token, or one address without a token, may ask for in the long run.
  public var requestsPerSecond = 50.0
  /// What it may ask for at once.
  public var burst = 200.0
  /// Open at once; more wait to be accepted.
  public var maximumConnections = 1024
  /// Server-sent event streams at once; more are refused with 503.
  public var maximumStreams = 100
  /// How long requests that have begun may go on after the server was told to stop.
  public var grace: Duration = .seconds(5)

  /// The limits above.
  public init(host: String = "127.0.0.1", port: Int = 8470) {
    self.host = host
    self.port = port
  }

  /// Reads `HOST:PORT`, `:PORT`, `PORT` or `HOST`; an IPv6 address stands in brackets when a port follows it.
  /// - Returns: nil when it is none of these.
  public init?(address: String) {
    self.init()
    let parts: (host: Substring, port: Substring?)
    if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
      let rest = address[address.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      parts = (address[address.index(after: address.startIndex)..<end], rest.isEmpty ? nil : rest.dropFirst())
    } else if address.count(where: { $0 == ":" }) == 1 {
      let colon = address.firstIndex(of: ":") ?? address.endIndex
      parts = (address[..<colon], address[address.index(after: colon)...])
    } else if address.contains(":") {
      parts = (address[...], nil)
    } else {
      parts = Int(address) == nil ? (address[...], nil) : ("", address[...])
    }
    if !parts.host.isEmpty { host = String(parts.host) }
    if let text = parts.port {
      guard let number = UInt16(text) else { return nil }
      port = Int(number)
    }
    guard !host.isEmpty, !address.isEmpty, !host.contains(where: { $0.isWhitespace || "/[]".contains($0) }) else { return nil }
  }

  /// Whether only this machine can reach it.
  public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// How the address stands in a URL.
  func url(port: Int) -> String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
