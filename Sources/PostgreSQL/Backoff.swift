/// How long to wait before trying again after failures in a row.
///
/// `delay(n) = min(longest, first · 2^(n-1))`, of which a random half to whole is waited, so that many processes do not come back at once.
/// With the default of 50 ms and 5 s:
///
/// | failures in a row | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 and more |
/// |---|---|---|---|---|---|---|---|---|
/// | at most | 50 ms | 100 ms | 200 ms | 400 ms | 800 ms | 1.6 s | 3.2 s | 5 s |
public struct Backoff: Hashable, Sendable {
  /// The longest wait after the first failure.
  public var first: Duration
  /// The longest wait at all.
  public var longest: Duration

  /// By default 50 ms after the first failure, and never more than 5 s.
  public init(first: Duration = .milliseconds(50), longest: Duration = .seconds(5)) {
    self.first = first
    self.longest = longest
  }

  /// The longest wait after `failures` failures in a row; zero after none.
  public func limit(after failures: Int) -> Duration {
    guard failures > 0 else { return .zero }
    var delay = first
    for _ in 1..<max(1, min(failures, 64)) where delay < longest { delay *= 2 }
    return min(delay, longest)
  }

  /// The wait after `failures` failures in a row.
  /// - Parameter fraction: random, in 0...1: 0 waits half of the limit, 1 all of it.
  public func delay(after failures: Int, fraction: Double) -> Duration {
    limit(after: failures) * (0.5 + 0.5 * min(max(fraction, 0), 1))
  }
}
