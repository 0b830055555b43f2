/// How a client behaves. What concerns the server (hosts, TLS, passwords, keepalives) stands in the URL and reaches libpq untouched.
public struct PostgresOptions: Sendable {
  /// The most connections that the pool opens at once. At least 1.
  public var maximumConnections = 10
  /// How long to wait for a connection of the pool to become free.
  public var acquireTimeout: Duration = .seconds(30)
  /// How long to go on trying to connect to a server that cannot be reached; zero gives up after the first attempt.
  /// A server that answers and refuses (password, no such database) is an error at once.
  public var waitForServer: Duration = .seconds(10)
  /// For one host of the URL to answer, unless the URL says `connect_timeout` itself.
  public var connectTimeout: Duration = .seconds(10)
  /// How long the server may take to heed a cancellation before the connection is given up.
  public var cancelTimeout: Duration = .seconds(5)
  /// An unused connection is closed after this time.
  public var idleTimeout: Duration = .seconds(300)
  /// Prepares what is run more than once on a connection. Off behind PgBouncer in transaction mode.
  public var preparedStatements = true
  /// The most prepared statements kept per connection; the one unused for longest goes.
  public var maximumPreparedStatements = 256
  /// Whether `listen` connects. Off behind PgBouncer in transaction mode: then the sequences stay silent, and the polls behind them do the work.
  public var listening = true
  /// The server ends a transaction that is idle for this long, so that a stopped process does not hold locks. Nil leaves it to the server.
  public var idleInTransactionTimeout: Duration? = .seconds(15)
  /// Between attempts to connect.
  public var backoff = Backoff()
  /// What `pg_stat_activity` shows, unless the URL says it.
  public var applicationName = "kedge"

  /// The defaults above.
  public init() {}
}
