/// What accuracy and uncertainty say together.
public enum AccuracyAgainstUncertainty: String, Sendable, Hashable, Codable {
  /// Accuracy fell and the model became less sure: it knows.
  case known
  /// Accuracy fell and the model is as sure as before, or surer: a silent failure, the worse case.
  case silentFailure = "silent_failure"
  /// The model became less sure and accuracy holds: an early warning.
  case earlyWarning = "early_warning"
  /// Neither moved for the worse.
  case neither
  /// One of the two cannot be told yet.
  case inconclusive

  /// A mean uncertainty that rose by less than this share of its range is no early warning, however many rows say so: so much of the rows at least would
  /// have to turn from wholly sure to wholly unsure.
  public static let minimumRise = 0.05
  /// The largest entropy of two classes, in nats.
  public static let entropyOfTwo = 0.693_147_180_559_945_3

  /// Compares a window with the reference. A number moved when the interval of its difference lies wholly on one side of zero; uncertainty also has to
  /// rise by `minimumRise` of its range.
  /// - Parameters:
  ///   - accuracy: reference and current, with intervals.
  ///   - uncertainty: reference and current: mean entropy, or 1 − mean confidence.
  ///   - range: from the least uncertainty to the largest: `entropyOfTwo`, or 1.
  public init(
    accuracy: (reference: Measured, current: Measured), uncertainty: (reference: Measured, current: Measured), range: Double = entropyOfTwo
  ) {
    guard let a = accuracy.reference.estimate, let b = accuracy.current.estimate, let c = uncertainty.reference.estimate, let d = uncertainty.current.estimate
    else {
      self = .inconclusive
      return
    }
    let fell = AccuracyAgainstUncertainty.difference(a, b).high < 0
    let rise = AccuracyAgainstUncertainty.difference(c, d)
    let rose = rise.low > 0 && rise.value >= AccuracyAgainstUncertainty.minimumRise * range
    switch (fell, rose) {
    case (true, true): self = .known
    case (true, false): self = .silentFailure
    case (false, true): self = .earlyWarning
    case (false, false): self = .neither
    }
  }

  /// second − first of independent estimates, from their intervals (Zou and Donner's MOVER, 2008).
  static func difference(_ first: Estimate, _ second: Estimate) -> Estimate {
    let value = second.value - first.value
    func root(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
    return Estimate(
      value: value, low: value - root(second.value - second.low, first.high - first.value),
      high: value + root(second.high - second.value, first.value - first.low))
  }
}
