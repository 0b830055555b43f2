internal import Values

/// Which windows were counted: none twice, and none after one that ended later. A window that was measured again is the same window.
struct CountedWindows: Codable, Equatable, Sendable {
  /// The latest end among them, and the windows that end then.
  private var until: Timestamp?
  private var latest: [WindowID] = []

  /// Whether the window may be counted.
  func admits(_ window: WindowReference) -> Bool {
    guard let until else { return true }
    return window.endAt > until || (window.endAt == until && !latest.contains(window.id))
  }

  mutating func count(_ window: WindowReference) {
    if window.endAt != until { latest.removeAll(keepingCapacity: true) }
    until = window.endAt
    latest.append(window.id)
  }
}
