/// Page and Hinkley's cumulative sum test, with forgetting.
///
/// - Source: Page (1954), Hinkley (1971). Minimum 30 values, δ 0.005, threshold 50, α 0.9999, both directions, as River 0.26; there the largest
///   cumulative sum of the falling side starts at −1.
public struct PageHinkley: StreamDetector {
  /// No verdict before so many values.
  public let minimum: Int
  /// How much change of the mean is tolerated.
  public let delta: Double
  /// Drift when a cumulative sum is farther than this from its extreme, in the values' own unit.
  public let threshold: Double
  /// The share of the sum that the next value inherits.
  public let alpha: Double
  /// Which changes of the mean count.
  public let direction: ChangeDirection
  private var mean = RunningMean()
  private var rising = 0.0
  private var falling = 0.0
  private var lowest: Double?
  private var highest = -1.0
  private var signal = StreamSignal()

  /// Defaults as River 0.26.
  public init(minimum: Int = 30, delta: Double = 0.005, threshold: Double = 50, alpha: Double = 1 - 0.0001, direction: ChangeDirection = .both) {
    self.minimum = minimum
    self.delta = delta
    self.threshold = threshold
    self.alpha = alpha
    self.direction = direction
  }

  public mutating func update(_ value: Double) -> StreamSignal {
    if signal.drift { self = PageHinkley(minimum: minimum, delta: delta, threshold: threshold, alpha: alpha, direction: direction) }
    mean.add(value)
    let deviation = value - mean.value
    rising = alpha * rising + deviation - delta
    falling = alpha * falling + deviation + delta
    let low = min(lowest ?? rising, rising)
    lowest = low
    highest = max(highest, falling)
    if mean.count >= Double(minimum) {
      let up = rising - low > threshold
      let down = highest - falling > threshold
      signal.drift = (direction != .down && up) || (direction != .up && down)
    }
    return signal
  }
}
