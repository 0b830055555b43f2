internal import EventLog
internal import Logging
internal import PostgreSQL
internal import Projections

/// The role `projector`: seals the log, and drives projections and policies behind it.
struct ProjectorLoop: Sendable {
  let database: PostgresClient
  let holder: String
  let logger: Logger

  /// Returns soon after draining began, having given up what it drove, so that another process need not wait for leases to run out.
  func run(until drain: Drain) async {
    let signal = LogSignal()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await Sealer(database, holder: holder, signal: signal, logger: logger).run() }
      group.addTask { await FollowerRunner(allFollowers(logger: logger), on: database, holder: holder, signal: signal, logger: logger).run() }
      group.addTask { await drain.sleep(until: .zero) }
      var ended = 0
      for await _ in group {
        ended += 1
        if ended == 1 { group.cancelAll() }
      }
    }
  }
}
