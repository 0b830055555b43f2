internal import Synchronization

/// Wakes whoever waits for the log within this process, so that nobody waits for a poll. What it tells is a hint.
public final class LogSignal: Sendable {
  /// What can be waited for.
  public enum Topic: Hashable, Sendable {
    /// Events were appended and committed.
    case appended
    /// Events were sealed.
    case sealed
  }

  private struct State {
    var counts: [Topic: Int] = [:]
    var waiters: [Int: (topic: Topic, continuation: CheckedContinuation<Void, Never>)] = [:]
    var next = 0
  }

  private let state = Mutex(State())

  /// Nothing has been raised yet.
  public init() {}

  /// How often it was raised: to be read before looking, and handed to `wait` when nothing was found.
  public func count(_ topic: Topic) -> Int { state.withLock { $0.counts[topic, default: 0] } }

  /// Wakes all who wait for it.
  public func raise(_ topic: Topic) {
    let woken = state.withLock { state in
      state.counts[topic, default: 0] += 1
      let woken = state.waiters.filter { $0.value.topic == topic }
      for id in woken.keys { state.waiters[id] = nil }
      return woken.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume() }
  }

  /// Returns when it has been raised since `count` was read, when the time is over, or when the task is cancelled.
  public func wait(for topic: Topic, after count: Int, atMost limit: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.suspend(topic, after: count) }
      group.addTask { try? await Task.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }

  private func suspend(_ topic: Topic, after count: Int) async {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waits = state.withLock { state in
          // Cancelled before it waited: `onCancel` may have run already.
          guard !Task.isCancelled, state.counts[topic, default: 0] == count else { return false }
          state.waiters[id] = (topic, continuation)
          return true
        }
        if !waits { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id)?.continuation }?.resume()
    }
  }
}
