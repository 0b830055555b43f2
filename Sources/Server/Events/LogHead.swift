internal import EventLog
internal import PostgreSQL

/// The end of the log, read for all who wait for more of it at once: at most five times a second, however many they are.
actor LogHead {
  private let store: EventStore
  private var latest: (at: ContinuousClock.Instant, position: Int64)?
  private var underWay: Task<Int64, any Error>?

  static let pause = Duration.milliseconds(200)

  init(_ database: any Queryable) { store = EventStore(database) }

  func position() async throws -> Int64 {
    if let latest, ContinuousClock.now - latest.at < LogHead.pause { return latest.position }
    if let underWay { return try await underWay.value }
    let task = Task { try await store.head() }
    underWay = task
    defer { underWay = nil }
    let position = try await task.value
    latest = (.now, position)
    return position
  }
}
