internal import Foundation

/// Waiting between attempts at what may succeed later: 0.2, 0.4, 0.8, 1.6 s, and then it is given up.
struct RetryDelay {
  private var failures = 0
  private static let most = 4

  /// Waits; false when it was tried often enough.
  mutating func wait() -> Bool {
    guard failures < RetryDelay.most else { return false }
    usleep(useconds_t(200_000 << failures))
    failures += 1
    return true
  }

  /// Something came: what follows may fail as often again.
  mutating func reset() { failures = 0 }

  static func isWorthwhile(_ status: Int) -> Bool { status == 429 || status == 500 || status == 502 || status == 503 || status == 504 }
}
