/// Drift detection method: watches a stream of errors (1 wrong, 0 right) for a rate that rises above its lowest.
///
/// - Source: Gama et al. (2004). Thresholds: warning at two, drift at three standard deviations above the lowest rate, after 30 values, as River 0.26.
public struct DDM: StreamDetector {
  /// So many values pass without a signal.
  public let warmUp: Int
  /// Standard deviations above the lowest rate from which it warns.
  public let warningDeviations: Double
  /// Standard deviations above the lowest rate from which it is drift.
  public let driftDeviations: Double
  private var rate = RunningMean()
  private var lowest: Lowest?
  private var signal = StreamSignal()

  private struct Lowest: Sendable, Hashable, Codable {
    var rate: Double
    var deviation: Double
  }

  /// Defaults as River 0.26.
  public init(warmUp: Int = 30, warningDeviations: Double = 2, driftDeviations: Double = 3) {
    self.warmUp = warmUp
    self.warningDeviations = warningDeviations
    self.driftDeviations = driftDeviations
  }

  public mutating func update(_ value: Double) -> StreamSignal {
    if signal.drift { self = DDM(warmUp: warmUp, warningDeviations: warningDeviations, driftDeviations: driftDeviations) }
    rate.add(value)
    guard rate.count > Double(warmUp) else { return signal }
    let p = rate.value
    let s = max(0, p * (1 - p) / rate.count).squareRoot()
    if lowest.map({ p + s <= $0.rate + $0.deviation }) ?? true { lowest = Lowest(rate: p, deviation: s) }
    guard let lowest else { return signal }
    signal.drift = p + s > lowest.rate + driftDeviations * lowest.deviation
    signal.warning = !signal.drift && p + s > lowest.rate + warningDeviations * lowest.deviation
    return signal
  }
}
