internal import Synchronization

/// Tells the loops of a process to take no more work.
final class Drain: Sendable {
  private let begun = Atomic<Bool>(false)

  /// Whether to take no more work.
  var hasBegun: Bool { begun.load(ordering: .acquiring) }

  func begin() { begun.store(true, ordering: .releasing) }

  /// Sleeps, but not past the beginning of draining by more than a moment.
  func sleep(_ duration: Duration) async {
    let end = ContinuousClock.now + duration
    while !hasBegun, ContinuousClock.now < end {
      guard (try? await Task.sleep(for: min(.milliseconds(50), end - ContinuousClock.now))) != nil else { return }
    }
  }

  /// Sleeps until draining has begun and then so much longer, or until the task is cancelled.
  func sleep(until grace: Duration) async {
    while !hasBegun { guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { return } }
    try? await Task.sleep(for: grace)
  }
}
