internal import PostgreSQL

/// The sealed events that the followers of a process read: those at the end of the log are read once for all of them.
actor LogFeed {
  private let store: EventStore
  /// Consecutive positions, from `start + 1` on.
  private var window: [RecordedEvent] = []
  private var start: Int64 = 0
  private var reading: Task<[RecordedEvent], any Error>?

  /// Events read at once.
  static let atOnce = 256
  /// Events kept for followers that are a little behind.
  private static let kept = 512

  init(_ store: EventStore) { self.store = store }

  private var end: Int64 { start + Int64(window.count) }

  /// The events after a position, at most `atOnce`, without gaps; empty at the end of the log.
  func events(after position: Int64) async throws -> ArraySlice<RecordedEvent> {
    if let events = cached(after: position) { return events }
    if position > end || (window.isEmpty && reading == nil) {
      // Nobody has read so far yet: the window begins here.
      (window, start) = ([], position)
    }
    guard position == end else { return try await store.readSealed(after: position, limit: LogFeed.atOnce)[...] }
    let task = reading ?? Task { [store] in try await store.readSealed(after: position, limit: LogFeed.atOnce) }
    reading = task
    let events: [RecordedEvent]
    do { events = try await task.value } catch {
      if reading == task { reading = nil }
      throw error
    }
    if reading == task {
      reading = nil
      if position == end {
        window += events
        let surplus = window.count - LogFeed.kept
        if surplus > 0 {
          window.removeFirst(surplus)
          start += Int64(surplus)
        }
      }
    }
    return events[...]
  }

  private func cached(after position: Int64) -> ArraySlice<RecordedEvent>? {
    guard position >= start, position < end else { return nil }
    return window[Int(position - start)...].prefix(LogFeed.atOnce)
  }
}
