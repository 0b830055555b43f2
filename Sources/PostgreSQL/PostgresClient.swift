public import Logging

/// A pool of connections to one database. Made at once; connects when it is first used; close it in the end.
public final class PostgresClient: Queryable {
  let pool: Pool
  private let listener: Listener
  let options: PostgresOptions
  let logger: Logger
  /// As it was given. It may hold a password.
  public let url: String

  /// - Parameters:
  ///   - url: a connection URI or string of libpq's; it reaches libpq untouched.
  ///   - options: how the client behaves.
  ///   - logger: for lost connections and what the server has to say.
  public init(_ url: String, options: PostgresOptions = PostgresOptions(), logger: Logger) {
    self.url = url
    self.options = options
    self.logger = logger
    pool = Pool(url, options, logger)
    listener = Listener(url, options, logger)
  }

  /// Runs `body` with a connection of its own.
  /// - Throws: what `body` throws; `ConnectionLost`, `ConnectionRefused`, `PostgresUsageError`, `CancellationError`.
  @discardableResult
  public func withConnection<Result>(_ body: (Connection) async throws -> Result) async throws -> Result {
    let wire = try await pool.acquire()
    defer { pool.release(wire) }
    return try await body(Connection(wire, options: options))
  }

  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws. After a deadlock, a serialization failure, or a
  /// connection lost before COMMIT, the whole body runs again.
  /// - Parameters:
  ///   - isolation: what it sees of others.
  ///   - retries: how often the body may run again.
  ///   - idleTimeout: the server ends the transaction when it is idle for this long; nil is the client's option.
  /// - Throws: what `body` throws, and as `withConnection`.
  @discardableResult
  public func withTransaction<Result>(
    isolation: Isolation = .readCommitted, retries: Int = 3, idleTimeout: Duration? = nil,
    _ body: (Transaction) async throws -> Result
  ) async throws -> Result {
    var attempt = 0
    while true {
      do {
        return try await withConnection { try await $0.withTransaction(isolation: isolation, idleTimeout: idleTimeout, body) }
      } catch  where attempt < retries && PostgresClient.mayRunAgain(error) {
        attempt += 1
        logger.debug("transaction runs again", metadata: ["attempt": "\(attempt)", "error": "\(error)"])
        // At most 10, 20, 40 ms …: enough for the winner of a deadlock to finish.
        let limit = Backoff(first: .milliseconds(10), longest: .seconds(1))
        try await Task.sleep(for: limit.delay(after: attempt, fraction: .random(in: 0...1)))
      }
    }
  }

  @discardableResult
  public func query(_ query: Query) async throws -> Rows { try await withConnection { try await $0.query(query) } }

  @discardableResult
  public func pipeline(_ queries: [Query]) async throws -> [Rows] { try await withConnection { try await $0.pipeline(queries) } }

  /// Runs a script on a connection of the pool; see `Queryable`.
  public func execute(unsafeScript script: String, name: String) async throws {
    try await withConnection { try await $0.execute(unsafeScript: script, name: name) }
  }

  /// What is said on a channel from now on. One connection beside the pool serves all channels; it is made again when it breaks, and each
  /// time it begins to listen there is a notification of the kind `.listening`: look at the tables then, something may have been missed.
  /// It ends when the client is closed. It stays silent when `PostgresOptions.listening` is off: have a poll behind it.
  /// - Parameter channel: its name, letter for letter.
  public func listen(_ channel: String) -> AsyncStream<Notification> { listener.subscribe(to: channel) }

  /// Closes the connections, after those in use have come back. Later calls throw `PostgresUsageError.closed`.
  public func close() async {
    await listener.close()
    await pool.close()
  }

  private static func mayRunAgain(_ error: any Error) -> Bool {
    switch error {
    case let error as PostgresError: error.isRetryable
    case let error as ConnectionLost: error.outcome == .nothingDone
    default: false
    }
  }
}
