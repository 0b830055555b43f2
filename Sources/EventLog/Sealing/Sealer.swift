public import Logging
public import PostgreSQL
internal import Values

/// How often is sealed.
public struct SealerOptions: Sendable {
  /// Between seals while there is traffic.
  public var shortestPause: Duration = .milliseconds(2)
  /// Between probes while there is none: the pause doubles up to this.
  public var longestPause: Duration = .milliseconds(250)
  /// How long another process waits before it takes the duty over from one that is gone.
  public var lease: Duration = .seconds(5)

  /// The defaults above.
  public init() {}
}

/// Seals what is appended: one process at a time, while others stand by.
///
/// While there is traffic it seals every few milliseconds; while there is none it probes, without writing, less and less often. A hint, from
/// within the process or by NOTIFY, makes it look at once. It also keeps two whole partitions ahead of the log, leaves
/// old ones out of what is looked into, and sweeps leases of work that is gone.
public struct Sealer: Sendable {
  private let database: PostgresClient
  private let holder: String
  private let signal: LogSignal
  private let options: SealerOptions
  private let logger: Logger

  /// - Parameters:
  ///   - database: the primary.
  ///   - holder: names this process among those that could seal.
  ///   - signal: raised after each seal; followers of this process wait for it.
  ///   - options: how often is sealed.
  ///   - logger: hears of what failed and is tried again.
  public init(
    _ database: PostgresClient, holder: String, signal: LogSignal = LogSignal(), options: SealerOptions = SealerOptions(), logger: Logger
  ) {
    self.database = database
    self.holder = holder
    self.signal = signal
    self.options = options
    self.logger = logger
  }

  /// Seals once.
  /// - Returns: how many events got positions.
  /// - Throws: `PostgresError`: `25006` on a standby, `55P03` when an epoch must begin and a writer would not end; try again.
  @discardableResult
  public static func seal(_ database: any Queryable) async throws -> Int64 {
    try await database.query(Query("select kedge.seal()").named("seal"), as: Int64.self).first ?? 0
  }

  /// Seals until the task is cancelled. Failures are logged and tried again.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Others append too: what they say wakes the loop.
        for await _ in database.listen(LogChannel.appended) { signal.raise(.appended) }
      }
      await loop()
      group.cancelAll()
    }
    // Whoever stands by need not wait for the lease to run out.
    _ = await Task { try? await database.query("select kedge.leave_duty(\(Sealer.duty), \(holder))") }.value
  }

  private static let duty = "seal"
  /// Between looks whether partitions are wanted and leases can be swept.
  private static let chores = Duration.seconds(5)

  private func loop() async {
    let clock = ContinuousClock()
    var (pause, failures) = (options.shortestPause, 0)
    var (dutyUntil, choresDue, notified) = (clock.now, clock.now, clock.now)
    var toNotify = false
    while !Task.isCancelled {
      let seen = signal.count(.appended)
      do {
        if clock.now >= dutyUntil {
          let asked = clock.now
          guard try await takeDuty() else {
            try await Task.sleep(for: options.lease / 5)
            continue
          }
          // Well before the lease runs out.
          dutyUntil = asked + options.lease / 3
        }
        let sealed = try await Sealer.seal(database)
        if sealed > 0 {
          pause = options.shortestPause
          toNotify = true
          signal.raise(.sealed)
        } else {
          pause = min(pause * 2, options.longestPause)
        }
        // Followers of other processes; not for every seal, because NOTIFY makes commits queue.
        if toNotify, clock.now - notified >= .milliseconds(10) {
          try await database.query("select pg_notify(\(LogChannel.sealed), '')")
          (toNotify, notified) = (false, clock.now)
        }
        if clock.now >= choresDue {
          try await doChores()
          choresDue = clock.now + Sealer.chores
        }
        failures = 0
      } catch {
        guard !Task.isCancelled else { return }
        failures += 1
        // 0.1, 0.2, 0.4 … at most 2 s.
        pause = min(.milliseconds(100) * (1 << min(failures - 1, 5)), .seconds(2))
        logger.warning("sealing failed, tried again in \(pause): \(error)")
        try? await Task.sleep(for: pause)
        dutyUntil = clock.now
        continue
      }
      if pause > options.shortestPause {
        await signal.wait(for: .appended, after: seen, atMost: pause)
        if signal.count(.appended) != seen { pause = options.shortestPause }
      } else {
        try? await Task.sleep(for: pause)
      }
    }
  }

  private func takeDuty() async throws -> Bool {
    let terms = try await database.query(
      "select kedge.take_duty(\(Sealer.duty), \(holder), make_interval(secs => \(options.lease.inSeconds)))", as: Int64?.self)
    return terms.first.flatMap { $0 } != nil
  }

  private func doChores() async throws {
    do {
      let made = try await database.query("select kedge.extend_log()", as: Int.self).first ?? 0
      if made > 0 { logger.notice("made \(made) partitions of the log ahead of need") }
    } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
      logger.notice("the log's next partition waits for a lock: tried again soon")
    }
    try await database.query("select kedge.raise_floor()")
    while try await database.query("select kedge.sweep_leases()", as: Int64.self).first ?? 0 >= 1000 {}
  }
}
