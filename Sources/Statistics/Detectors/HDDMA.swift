internal import Foundation

/// Drift detection by Hoeffding's bound on the running mean of values in 0...1.
///
/// - Source: Frías-Blanco et al. (2015), the A-test. Confidences 0.001 (drift) and 0.005 (warning), increases only unless told otherwise, as River 0.26.
public struct HDDMA: StreamDetector {
  /// The chance of a false drift that the bound allows, between 0 and 1.
  public let driftConfidence: Double
  /// The chance of a false warning that the bound allows; more than `driftConfidence`, so that it warns first.
  public let warningConfidence: Double
  /// Which changes of the mean count.
  public let direction: ChangeDirection
  private var all = RunningMean()
  private var low = RunningMean()
  private var high = RunningMean()
  private var signal = StreamSignal()

  /// Defaults as River 0.26.
  public init(driftConfidence: Double = 0.001, warningConfidence: Double = 0.005, direction: ChangeDirection = .up) {
    self.driftConfidence = driftConfidence
    self.warningConfidence = warningConfidence
    self.direction = direction
  }

  public mutating func update(_ value: Double) -> StreamSignal {
    if signal.drift { self = HDDMA(driftConfidence: driftConfidence, warningConfidence: warningConfidence, direction: direction) }
    all.add(value)
    if low.count == 0 { low = all }
    if high.count == 0 { high = all }
    if low.value + bound(low.count) >= all.value + bound(all.count) { low = all }
    if high.value - bound(high.count) <= all.value - bound(all.count) { high = all }
    signal = StreamSignal()
    if direction != .down { signal.raise(drift: rose(driftConfidence), warning: rose(warningConfidence)) }
    if direction != .up { signal.raise(drift: fell(driftConfidence), warning: fell(warningConfidence)) }
    return signal
  }

  private func bound(_ n: Double) -> Double { (1 / (2 * n) * log(1 / driftConfidence)).squareRoot() }

  private func rose(_ confidence: Double) -> Bool { low.count != all.count && all.value - low.value >= margin(low.count, confidence) }

  private func fell(_ confidence: Double) -> Bool { high.count != all.count && high.value - all.value >= margin(high.count, confidence) }

  private func margin(_ n: Double, _ confidence: Double) -> Double {
    let m = (all.count - n) / n * (1 / all.count)
    return (m / 2 * log(2 / confidence)).squareRoot()
  }
}

/// Which changes a detector looks for.
public enum ChangeDirection: String, Sendable, Hashable, Codable {
  case up, down, both
}

extension StreamSignal {
  /// A drift found now leaves an earlier warning of the other side as it is; a warning does not lower a drift.
  mutating func raise(drift: Bool, warning: Bool) {
    if drift { self.drift = true } else if warning { self.warning = true }
  }
}
