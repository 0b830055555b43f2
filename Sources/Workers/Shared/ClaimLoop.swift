internal import EventLog
internal import Foundation
internal import Lifecycle
internal import Logging
internal import PostgreSQL
internal import Values

/// Claims the work of one role and does it, some at a time, until it is told to drain.
struct ClaimLoop: Sendable {
  let role: Role
  let queue: WorkQueue
  let handler: any WorkHandler
  let concurrency: Int
  let pool: String?
  let logger: Logger
  /// How long work that has begun may go on after draining began.
  let grace: Duration

  /// Pauses between looks for work: 50 ms while there is some, doubling to 500 ms while there is none.
  private static let shortestPause = Duration.milliseconds(50)
  private static let longestPause = Duration.milliseconds(500)

  /// Returns when `drain` says so and what had begun is over or given back.
  func run(until drain: Drain) async {
    await withTaskGroup(of: Woken.self) { group in
      var running = 0
      var pause = ClaimLoop.shortestPause
      while !drain.hasBegun {
        var claimed: [Work] = []
        do {
          if running < concurrency { claimed = try await queue.claim(role.kinds, atMost: concurrency - running, pool: pool) }
        } catch {
          logger.warning("\(role.rawValue): cannot look for work: \(error)")
          pause = ClaimLoop.longestPause
        }
        for work in claimed {
          running += 1
          group.addTask {
            await perform(work, drain)
            return .byWork
          }
        }
        pause = claimed.isEmpty ? min(pause * 2, ClaimLoop.longestPause) : ClaimLoop.shortestPause
        // Wait for one of ours to end, but no longer than the pause.
        let wait = pause
        group.addTask {
          await drain.sleep(wait)
          return .byTime
        }
        if await group.next() == .byWork { running -= 1 }
      }
      await group.waitForAll()
    }
  }

  private enum Woken: Sendable { case byWork, byTime }

  private func perform(_ work: Work, _ drain: Drain) async {
    var logger = logger
    logger[metadataKey: "work"] = "\(work.kind.rawValue) \(work.subject)"
    let outcome = await withTaskGroup(of: Ending.self) { group in
      group.addTask {
        do {
          try await handler.perform(work)
          return .done
        } catch {
          return .failed(error)
        }
      }
      group.addTask { await keep(work) }
      group.addTask {
        await drain.sleep(until: grace)
        return Task.isCancelled ? .done : .drained
      }
      var ending = await group.next()!
      group.cancelAll()
      // The handler is given the time to clean up: nothing of the work goes on when this returns.
      for await later in group { if case .done = later, case .drained = ending { ending = .drained } }
      return ending
    }
    if case .done = outcome { return }
    // So that what went wrong is found among the lines of the same story.
    if let cause = try? await work.cause(queue.database) { logger[metadataKey: "correlation"] = "\(cause.correlation.lowercased)" }
    switch outcome {
    case .done: break
    case .drained:
      logger.notice("given back, because this worker stops")
      await queue.release(work)
    case .lost: logger.warning("the lease was lost: somebody else has the work now")
    case .failed(let error):
      if Task.isCancelled || error is CancellationError { await queue.release(work) }
      logger.warning("not done: \(error); it is tried again when its lease has run out")
    }
  }

  private enum Ending: Sendable { case done, failed(any Error), lost, drained }

  /// Sends heartbeats, three in the time of a lease, until cancelled. Without a connection it goes on trying while the lease lasts
  /// by our own clock, counted from before the last heartbeat was sent.
  private func keep(_ work: Work) async -> Ending {
    let clock = ContinuousClock()
    var renewed = clock.now
    while true {
      do { try await Task.sleep(for: queue.lease / 3) } catch { return .done }
      let sent = clock.now
      do {
        try await queue.heartbeat(work)
        renewed = sent
      } catch let error as PostgresError where error.sqlState == "KE003" {
        return .lost
      } catch {
        if Task.isCancelled { return .done }
        if clock.now - renewed > queue.lease * 0.9 { return .lost }
      }
    }
  }
}
