internal import PostgreSQL

/// The sealed events that the followers of a process read: those at the end of the log are read once for all of them.
actor LogFeed {
  private let store: EventStore
  /// Consecutive positions, from `start + 1` on.
  private var window: [RecordedEvent] = []
  private var start: Int64 = 0
  /// The read that is under way at the end of the window, for all who ask for the same.
  private var reading: (after: Int64, task: Task<[RecordedEvent], any Error>)?

  /// Events read at once.
  static let atOnce = 256
  /// Events kept for followers that are a little behind.
  private static let kept = 512

  init(_ store: EventStore) { self.store = store }

  private var end: Int64 { start + Int64(window.count) }

  /// The events after a position, at most `atOnce`, without gaps; empty at the end of the log.
  func events(after position: Int64) async throws -> ArraySlice<RecordedEvent> {
    if let events = cached(after: position) { return events }
    if position > end || window.isEmpty, reading == nil {
      // Nobody has read so far yet: the window begins here.
      (window, start) = ([], position)
    }
    // Whoever is behind the window reads for itself.
    guard position == end, reading == nil || reading?.after == position else {
      return try await store.readSealed(after: position, limit: LogFeed.atOnce)[...]
    }
    let task = reading?.task ?? Task { [store] in try await store.readSealed(after: position, limit: LogFeed.atOnce) }
    reading = (position, task)
    let result = await task.result
    // The first that comes back keeps what was read.
    if reading?.task == task {
      reading = nil
      if position == end, case .success(let events) = result {
        window += events
        let surplus = window.count - LogFeed.kept
        if surplus > 0 {
          window.removeFirst(surplus)
          start += Int64(surplus)
        }
      }
    }
    return try result.get()[...]
  }

  private func cached(after position: Int64) -> ArraySlice<RecordedEvent>? {
    guard position >= start, position < end else { return nil }
    return window[Int(position - start)...].prefix(LogFeed.atOnce)
  }
}
