internal import Synchronization

/// A bucket for each caller: it holds `burst` and fills again at `rate` a second.
final class RateLimiter: Sendable {
  private struct Bucket {
    var level: Double
    var at: ContinuousClock.Instant
  }

  private let rate: Double
  private let burst: Double
  private let buckets = Mutex<[String: Bucket]>([:])

  /// Callers that are remembered; those whose buckets are full again are forgotten first.
  private static let kept = 10_000

  init(rate: Double, burst: Double) {
    self.rate = rate
    self.burst = burst
  }

  /// Takes one out of the caller's bucket.
  /// - Returns: nil, or how long the caller has to wait.
  func take(_ caller: String, at now: ContinuousClock.Instant = .now) -> Duration? {
    buckets.withLock { buckets in
      if buckets.count >= RateLimiter.kept, buckets[caller] == nil {
        buckets = buckets.filter { filled($0.value, at: now) < burst }
        if buckets.count >= RateLimiter.kept { buckets.removeAll() }
      }
      let level = buckets[caller].map { filled($0, at: now) } ?? burst
      guard level >= 1 else { return .seconds((1 - level) / rate) }
      buckets[caller] = Bucket(level: level - 1, at: now)
      return nil
    }
  }

  private func filled(_ bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
    let seconds = Double((now - bucket.at).components.seconds) + Double((now - bucket.at).components.attoseconds) / 1e18
    return min(burst, bucket.level + seconds * rate)
  }
}
