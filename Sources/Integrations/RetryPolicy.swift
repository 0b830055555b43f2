internal import Values

/// When to try again: exponential backoff with full jitter, a cap and an end.
///
/// After attempt *n* (from 1) the wait is `random × min(cap, base × 2ⁿ⁻¹)` with `random` evenly in 0..<1, so that those who failed together
/// do not come back together; never shorter than what the server asked for, and that never longer than `longestRetryAfter`.
/// With the default (base 2 s, cap 15 min, 60 attempts) what is down for an hour, or for a night's first half, loses nothing:
///
/// | after attempt | at most | on average | on average in total |
/// |---|---|---|---|
/// | 1 | 2 s | 1 s | 1 s |
/// | 2 | 4 s | 2 s | 3 s |
/// | 3 | 8 s | 4 s | 7 s |
/// | 5 | 32 s | 16 s | 31 s |
/// | 8 | 256 s | 128 s | 4 min |
/// | 9 | 512 s | 256 s | 8.5 min |
/// | 10 | 900 s | 450 s | 16 min |
/// | 20 | 900 s | 450 s | 1.5 h |
/// | 59 | 900 s | 450 s | 6.4 h |
/// | 60 | given up | | |
///
/// The sum of so many waits strays little: it is over five hours but for one time in a thousand.
///
/// Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
public struct RetryPolicy: Sendable, Hashable {
  /// The longest wait after the first attempt.
  public var base: Duration
  /// The longest wait that backoff itself gives.
  public var cap: Duration
  /// How often it is tried in all, the first time included; at least 1.
  public var attempts: Int
  /// A server that asks for more than this gets this.
  public var longestRetryAfter: Duration

  /// Takes the values as they are; nothing is checked.
  public init(base: Duration = .seconds(2), cap: Duration = .seconds(900), attempts: Int = 60, longestRetryAfter: Duration = .seconds(3600)) {
    self.base = base
    self.cap = cap
    self.attempts = attempts
    self.longestRetryAfter = longestRetryAfter
  }

  /// How long to wait after a failed attempt; nil when that was the last one.
  /// - Parameters:
  ///   - attempt: which one failed, from 1.
  ///   - random: evenly distributed in 0..<1.
  ///   - retryAfter: what the server asked for.
  public func delay(afterAttempt attempt: Int, random: Double, retryAfter: Duration? = nil) -> Duration? {
    guard attempt < attempts else { return nil }
    var window = min(base, cap)
    for _ in 1..<max(1, attempt) where window < cap { window = min(cap, window * 2) }
    let jittered = Duration.microseconds(Int64((Double(window.microseconds) * min(max(random, 0), 1)).rounded()))
    return max(jittered, min(retryAfter ?? .zero, longestRetryAfter))
  }
}
