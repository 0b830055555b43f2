/// Kolmogorov-Smirnov windowing: the newest values against a random draw from the older ones in a sliding window.
///
/// Drift if p ≤ α **and** D > 0.1; then only the newest values are kept. The draw is our own generator's, so it agrees with River's by behaviour only.
/// - Source: Raab, Heusinger and Schleif (2020); window 100, 30 newest, α 0.005, as River 0.26.
public struct KSWIN: StreamDetector {
  /// The p-value at or below which it may be drift.
  public let alpha: Double
  /// No verdict before so many values; more are not kept.
  public let windowSize: Int
  /// How many newest values are compared with as many older ones.
  public let newest: Int
  private let seed: UInt64
  private var random: RandomSource
  private var window: [Double] = []
  private var detected = false

  /// - Precondition: `newest` is at most half of `windowSize`.
  public init(alpha: Double = 0.005, windowSize: Int = 100, newest: Int = 30, seed: UInt64 = 42) {
    self.alpha = alpha
    self.windowSize = windowSize
    self.newest = newest
    self.seed = seed
    random = RandomSource(seed: seed)
  }

  public mutating func update(_ value: Double) -> StreamSignal {
    if detected { self = KSWIN(alpha: alpha, windowSize: windowSize, newest: newest, seed: seed) }
    if window.count == windowSize { window.removeFirst() }
    window.append(value)
    guard window.count == windowSize else { return StreamSignal() }
    var older = Array(window[..<(windowSize - newest)])
    for i in 0..<newest { older.swapAt(i, i + random.below(older.count - i)) }
    let drawn = Sample(Array(older[..<newest]))
    let recent = Sample(Array(window[(windowSize - newest)...]))
    do throws(NotComputable) {
      let result = try KolmogorovSmirnov.test(drawn, recent)
      detected = result.pValue <= alpha && result.statistic > 0.1
    } catch {
      detected = false
    }
    return StreamSignal(drift: detected)
  }
}
