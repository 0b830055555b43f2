/// Wakes one task that waits; rings that came while nobody waited count as one.
///
/// Unchecked: what changes is behind the lock.
final class Doorbell: @unchecked Sendable {
  private let lock = PosixLock()
  private var hasRung = false
  private var waiter: CheckedContinuation<Void, Never>?

  func ring() {
    let waiter = lock.withLock {
      hasRung = self.waiter == nil
      defer { self.waiter = nil }
      return self.waiter
    }
    waiter?.resume()
  }

  /// Waits for a ring since the last return. One task at a time.
  func wait() async {
    await withCheckedContinuation { continuation in
      let isOver = lock.withLock {
        defer { hasRung = false }
        if !hasRung { waiter = continuation }
        return hasRung
      }
      if isOver { continuation.resume() }
    }
  }
}
