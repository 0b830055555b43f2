internal import CLibPQ
internal import Glibc
internal import Logging

/// The server answers, but not to us: a wrong password, no such database, a bad parameter in the URL. Trying again does not help.
public struct ConnectionRefused: Error, Hashable, Sendable, CustomStringConvertible {
  /// What libpq or the server said; without the password.
  public let reason: String

  /// The reason must hold no password.
  public init(reason: String) { self.reason = reason }

  /// One line for logs.
  public var description: String { "PostgreSQL refuses the connection: \(reason)" }
}

/// Opens connections, each on a thread of its own: libpq resolves names with `getaddrinfo`, reads certificates and tries one host after the
/// other with a time limit for each, all of which block; its non-blocking way of connecting knows no time limits per host.
enum Connector {
  /// Opens a connection.
  /// - Parameter completion: called on another thread, with `ConnectionLost` when the server cannot be reached now, and `ConnectionRefused`
  ///   when it never will be.
  static func connect(
    _ url: String, _ options: PostgresOptions, _ logger: Logger, completion: @escaping @Sendable (Result<Wire, any Error>) -> Void
  ) {
    let isStarted = BlockingThread.start("kedge-connect") {
      completion(Result { try open(url, options, logger) })
    }
    if !isStarted { completion(.failure(ConnectionLost(reason: "the system has no thread left to connect", outcome: .nothingDone))) }
  }

  /// Opens a connection and waits for it.
  static func connect(_ url: String, _ options: PostgresOptions, _ logger: Logger) async throws -> Wire {
    try await withCheckedContinuation { continuation in
      connect(url, options, logger) { continuation.resume(returning: $0) }
    }.get()
  }

  private static func open(_ url: String, _ options: PostgresOptions, _ logger: Logger) throws -> Wire {
    try parse(url)
    // Twice: when the server went away and came back between the first attempt and the question whether it is there, that is no refusal.
    for attempt in 1...2 {
      let parameters = parameters(url, options)
      guard let connection = withCStrings(parameters, { PQconnectdbParams($0, $1, 1) }) else {
        throw ConnectionLost(reason: "out of memory", outcome: .nothingDone)
      }
      if PQstatus(connection) == CONNECTION_OK { return try Wire(adopting: connection, options: options, logger: logger) }
      let reason = ServerMessage.connectionMessage(connection)
      PQfinish(connection)
      switch withCStrings(parameters, { PQpingParams($0, $1, 1) }) {
      case PQPING_OK:
        if attempt == 2 {
          // Somebody answers, but nobody that the URL asks for: a standby that has not been promoted yet is worth waiting for.
          if mayPass(reason) || isOnlyOfAnotherKind(parameters) { throw ConnectionLost(reason: reason, outcome: .nothingDone) }
          throw ConnectionRefused(reason: reason)
        }
      case PQPING_NO_ATTEMPT: throw ConnectionRefused(reason: reason)
      default: throw ConnectionLost(reason: reason, outcome: .nothingDone)
      }
    }
    throw ConnectionLost(reason: "the server cannot be reached", outcome: .nothingDone)
  }

  /// Whether libpq gave up for a reason that says nothing about the server's will: on a busy machine an attempt takes too long, or finds every
  /// place taken. libpq gives no code for these; its own words are in English, because the program sets no locale.
  private static func mayPass(_ reason: String) -> Bool {
    let words = [
      "timeout expired", "Resource temporarily unavailable", "server closed the connection unexpectedly", "too many clients", "too many connections",
      "connection slots are reserved",
    ]
    return words.contains { reason.contains($0) }
  }

  /// Whether a server lets us in when `target_session_attrs` is not asked of it.
  private static func isOnlyOfAnotherKind(_ parameters: [(String, String)]) -> Bool {
    let connection = withCStrings(parameters + [("target_session_attrs", "any")]) { PQconnectdbParams($0, $1, 1) }
    defer { PQfinish(connection) }
    return PQstatus(connection) == CONNECTION_OK
  }

  /// Refuses a URL that libpq cannot read. What libpq quotes is left out: it may be the password.
  private static func parse(_ url: String) throws {
    var message: UnsafeMutablePointer<CChar>?
    if let parsed = PQconninfoParse(url, &message) {
      PQconninfoFree(parsed)
      return
    }
    let text = message.map { String(cString: $0) } ?? "it cannot be read"
    PQfreemem(message)
    let parts = ServerMessage.trimmed(text).split(separator: "\"", omittingEmptySubsequences: false)
    let safe = parts.enumerated().map { $0.offset % 2 == 0 ? String($0.element) : "…" }.joined(separator: "\"")
    throw ConnectionRefused(reason: "the database URL is wrong: \(safe)")
  }

  /// What libpq is given: what the URL says goes before what stands before it, and the encoding is ours.
  private static func parameters(_ url: String, _ options: PostgresOptions) -> [(String, String)] {
    [
      ("connect_timeout", String(max(2, options.connectTimeout.components.seconds))),
      ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
      ("fallback_application_name", options.applicationName),
      ("dbname", url),
      ("client_encoding", "UTF8"),
    ]
  }

  private static func withCStrings<Result>(
    _ parameters: [(String, String)],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    let keys = parameters.map { strdup($0.0) }
    let values = parameters.map { strdup($0.1) }
    defer { for pointer in keys + values { free(pointer) } }
    return body(keys.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil])
  }
}
