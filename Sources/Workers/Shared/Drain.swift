internal import Synchronization

/// Tells the loops of a process to take no more work. Whoever waits for it costs nothing meanwhile.
final class Drain: Sendable {
  private struct State {
    var hasBegun = false
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    /// Waits that were cancelled before they had begun.
    var cancelled: Set<Int> = []
    var next = 0
  }

  private let state = Mutex(State())

  /// Whether to take no more work.
  var hasBegun: Bool { state.withLock { $0.hasBegun } }

  func begin() {
    let waiters = state.withLock { state in
      state.hasBegun = true
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until draining has begun or the task is cancelled.
  func wait() async {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          if state.hasBegun || state.cancelled.remove(id) != nil { return true }
          state.waiters[id] = continuation
          return false
        }
        if goesOn { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        let waiter = state.waiters.removeValue(forKey: id)
        if waiter == nil, !state.hasBegun { state.cancelled.insert(id) }
        return waiter
      }
      waiter?.resume()
    }
    state.withLock { _ = $0.cancelled.remove(id) }
  }

  /// Sleeps, but not past the beginning of draining.
  func sleep(_ duration: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await Task.sleep(for: duration) }
      group.addTask { await self.wait() }
      await group.next()
      group.cancelAll()
    }
  }

  /// Waits until draining has begun and then so much longer, or until the task is cancelled.
  func sleep(until grace: Duration) async {
    await wait()
    try? await Task.sleep(for: grace)
  }
}
