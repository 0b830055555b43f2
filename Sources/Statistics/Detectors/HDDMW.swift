internal import Foundation

/// Drift detection by McDiarmid's bound on an exponentially weighted mean of values in 0...1.
///
/// - Source: Frías-Blanco et al. (2015), the W-test. λ 0.05, confidences 0.001 and 0.005, increases only unless told otherwise, as River 0.26.
public struct HDDMW: StreamDetector {
  /// The chance of a false drift that the bound allows, between 0 and 1.
  public let driftConfidence: Double
  /// The chance of a false warning that the bound allows; more than `driftConfidence`, so that it warns first.
  public let warningConfidence: Double
  /// The weight of the newest value.
  public let lambda: Double
  /// Which changes of the mean count.
  public let direction: ChangeDirection
  private var all = Weighted()
  private var lowBefore = Weighted()
  private var lowAfter = Weighted()
  private var highBefore = Weighted()
  private var highAfter = Weighted()
  private var lowCut: Double?
  private var highCut: Double?
  private var signal = StreamSignal()

  private struct Weighted: Sendable, Hashable, Codable {
    var mean: Double?
    /// Σ of squared weights, which McDiarmid's bound needs.
    var weight = 1.0

    mutating func add(_ x: Double, _ lambda: Double) {
      mean = mean.map { lambda * x + (1 - lambda) * $0 } ?? x
      weight = lambda * lambda + (1 - lambda) * (1 - lambda) * weight
    }
  }

  /// Defaults as River 0.26.
  public init(driftConfidence: Double = 0.001, warningConfidence: Double = 0.005, lambda: Double = 0.05, direction: ChangeDirection = .up) {
    self.driftConfidence = driftConfidence
    self.warningConfidence = warningConfidence
    self.lambda = lambda
    self.direction = direction
  }

  public mutating func update(_ value: Double) -> StreamSignal {
    if signal.drift { self = HDDMW(driftConfidence: driftConfidence, warningConfidence: warningConfidence, lambda: lambda, direction: direction) }
    all.add(value, lambda)
    let mean = all.mean ?? value
    let bound = (all.weight * log(1 / driftConfidence) / 2).squareRoot()
    if lowCut.map({ mean + bound < $0 }) ?? true {
      lowCut = mean + bound
      lowBefore = all
      lowAfter = Weighted()
    } else {
      lowAfter.add(value, lambda)
    }
    if highCut.map({ mean - bound > $0 }) ?? true {
      highCut = mean - bound
      highBefore = all
      highAfter = Weighted()
    } else {
      highAfter.add(value, lambda)
    }
    signal = StreamSignal()
    if direction != .down {
      signal.raise(drift: differs(lowBefore, lowAfter, driftConfidence), warning: differs(lowBefore, lowAfter, warningConfidence))
    }
    if direction != .up {
      signal.raise(drift: differs(highAfter, highBefore, driftConfidence), warning: differs(highAfter, highBefore, warningConfidence))
    }
    return signal
  }

  private func differs(_ lower: Weighted, _ upper: Weighted, _ confidence: Double) -> Bool {
    guard let a = lower.mean, let b = upper.mean else { return false }
    return b - a > ((lower.weight + upper.weight) * log(1 / confidence) / 2).squareRoot()
  }
}
