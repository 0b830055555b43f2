/// Early drift detection method: watches the distance between errors (1 wrong, 0 right), which shrinks before the rate shows it.
///
/// - Source: Baena-García et al. (2006). Warning below 0.95, drift below 0.9 of the largest mean + 2 deviations, after 30 errors, as River 0.26.
public struct EDDM: StreamDetector {
  /// So many errors pass without a signal.
  public let warmUp: Int
  /// Below this share of the largest reach it warns.
  public let warningLevel: Double
  /// Below this share of the largest reach it is drift.
  public let driftLevel: Double
  private var distance = RunningMean()
  private var squares = 0.0
  private var count = 0
  private var lastError = 0
  private var errors = 0
  private var largest = -1.0
  private var signal = StreamSignal()

  /// Defaults as River 0.26.
  public init(warmUp: Int = 30, warningLevel: Double = 0.95, driftLevel: Double = 0.9) {
    self.warmUp = warmUp
    self.warningLevel = warningLevel
    self.driftLevel = driftLevel
  }

  public mutating func update(_ value: Double) -> StreamSignal {
    if signal.drift { self = EDDM(warmUp: warmUp, warningLevel: warningLevel, driftLevel: driftLevel) }
    count += 1
    guard value == 1 else { return signal }
    errors += 1
    let gap = Double(count - lastError)
    let before = distance.value
    distance.add(gap)
    squares += (gap - before) * (gap - distance.value)
    if count > warmUp {
      let variance = distance.count > 1 ? squares / (distance.count - 1) : 0
      let reach = distance.value + 2 * variance.squareRoot()
      if reach > largest {
        largest = reach
      } else if errors > warmUp {
        let level = reach / largest
        if level < driftLevel { signal.drift = true } else { signal.warning = level < warningLevel }
      }
    }
    lastError = count
    return signal
  }
}
