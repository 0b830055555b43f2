public import Logging
public import PostgreSQL
internal import Values

/// How followers are driven.
public struct FollowerOptions: Sendable {
  /// How long another process waits before it takes a follower over from one that is gone.
  public var lease: Duration = .seconds(6)
  /// How often is looked for events, by one query for all followers, if nothing wakes them.
  public var poll: Duration = .milliseconds(250)

  /// The defaults above.
  public init() {}
}

/// Drives followers: each by one process at a time; when that is gone another takes over within the lease.
public struct FollowerRunner: Sendable {
  private let followers: [any Follower]
  private let database: PostgresClient
  private let holder: String
  private let signal: LogSignal
  private let options: FollowerOptions
  private let logger: Logger
  private let feed: LogFeed

  /// - Parameters:
  ///   - followers: each with a name of its own.
  ///   - database: needs a connection for each follower that has something to do.
  ///   - holder: names this process among those that could drive them.
  ///   - signal: the one of the sealer of this process, if there is one.
  ///   - options: how they are driven.
  ///   - logger: hears of what failed and is tried again.
  public init(
    _ followers: [any Follower], on database: PostgresClient, holder: String, signal: LogSignal = LogSignal(),
    options: FollowerOptions = FollowerOptions(), logger: Logger
  ) {
    self.followers = followers
    self.database = database
    self.holder = holder
    self.signal = signal
    self.options = options
    self.logger = logger
    feed = LogFeed(EventStore(database))
  }

  /// Drives them until the task is cancelled, then gives them up. Failures are logged and tried again.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Somebody else may seal: what they say wakes the followers.
        for await _ in database.listen(LogChannel.sealed) { signal.raise(.sealed) }
      }
      group.addTask { await watch() }
      group.addTask { await keepLeases() }
      for follower in followers { group.addTask { await drive(follower) } }
      await group.waitForAll()
    }
    // Not part of the task that was cancelled.
    _ = await Task { try? await giveUp() }.value
  }

  /// Seals and drives them until they have taken in everything, what they append themselves included: for tests and tools.
  /// - Throws: `FollowerError.held` when another process drives one of them; what a follower throws that may pass.
  public func catchUp() async throws {
    repeat {
      try await Sealer.seal(database)
      for follower in followers {
        var driver = try await take(follower)
        while try await driver.step() == .worked {}
        try await driver.storePosition()
      }
    } while try await Sealer.seal(database) > 0
    try await giveUp()
  }

  /// So that another process need not wait for the leases to run out.
  private func giveUp() async throws {
    try await database.query(
      "update kedge.follower set holder = null, expires_at = null where holder = \(holder) and name = any(\(followers.map(\.name)))")
  }

  private func take(_ follower: any Follower) async throws -> FollowerDriver {
    try await FollowerDriver(taking: follower, holder: holder, database: database, feed: feed, lease: options.lease, logger: logger)
  }

  private func drive(_ follower: any Follower) async {
    var failures = 0
    while !Task.isCancelled {
      do {
        var driver = try await take(follower)
        while true {
          let seen = signal.count(.sealed)
          try Task.checkCancellation()
          switch try await driver.step() {
          case .worked:
            failures = 0
            // A policy may have appended.
            signal.raise(.appended)
          case .atEnd: await signal.wait(for: .sealed, after: seen, atMost: driver.isStored ? options.lease : FollowerDriver.storeEvery)
          }
        }
      } catch FollowerError.held {
        try? await Task.sleep(for: options.lease / 5)
      } catch {
        guard !Task.isCancelled else { return }
        failures += 1
        // 20, 40, 80 ms … at most 5 s.
        let pause = min(.milliseconds(20) * (1 << min(failures - 1, 8)), .seconds(5))
        logger.log(level: failures < 5 ? .info : .warning, "\(follower.name): tried again in \(pause): \(error)")
        if failures >= 5 || error is FollowerError { await say("\(error)", stops: follower.name) }
        try? await Task.sleep(for: pause)
      }
    }
  }

  /// The poll behind the hints: one query for all followers.
  private func watch() async {
    var known: Int64 = 0
    while !Task.isCancelled {
      do {
        let head = try await EventStore(database).head()
        if head != known { signal.raise(.sealed) }
        known = head
      } catch {
        logger.debug("the head of the log could not be read: \(error)")
      }
      try? await Task.sleep(for: options.poll)
    }
  }

  /// Shows in the table why a follower does not go on.
  private func say(_ reason: String, stops name: String) async {
    _ = try? await database.query("update kedge.follower set stopped = \(reason) where name = \(name) and holder = \(holder)")
  }

  /// Prolongs the leases of all that are idle, in one statement; a batch prolongs its own.
  private func keepLeases() async {
    let names = followers.map(\.name)
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: options.lease / 3)
        try await database.query(
          """
          update kedge.follower f set expires_at = clock_timestamp() + make_interval(secs => \(options.lease.inSeconds))
          from (select name from kedge.follower where holder = \(holder) and name = any(\(names)) for update skip locked) n where f.name = n.name
          """)
      } catch {
        logger.debug("leases of followers were not prolonged: \(error)")
      }
    }
  }
}
