/// Accuracy and uncertainty of a window held against those of a reference, with the numbers that speak for the verdict.
public struct UncertaintyComparison: Sendable, Hashable {
  /// What the two say together.
  public let verdict: AccuracyAgainstUncertainty
  /// In words and numbers.
  public let because: String

  /// Uncertainty is the mean entropy where both have one (of two classes), else what the likeliest class leaves.
  /// - Parameters:
  ///   - before: metrics of the reference; nil where one is not known.
  ///   - now: metrics of the window.
  public init(before: (QualityMetric) -> Estimate?, now: (QualityMetric) -> Estimate?) {
    let usesEntropy = before(.meanEntropy) != nil && now(.meanEntropy) != nil
    func uncertainty(_ metric: (QualityMetric) -> Estimate?) -> Estimate? {
      if usesEntropy { return metric(.meanEntropy) }
      return metric(.meanConfidence).map { Estimate(value: 1 - $0.value, low: 1 - $0.high, high: 1 - $0.low) }
    }
    func measured(_ estimate: Estimate?) -> Measured { estimate.map { .estimate($0) } ?? .notComputable(NotComputable("it was not measured")) }
    let accuracy = (before(.accuracy), now(.accuracy))
    let unsure = (uncertainty(before), uncertainty(now))
    verdict = AccuracyAgainstUncertainty(
      accuracy: (measured(accuracy.0), measured(accuracy.1)), uncertainty: (measured(unsure.0), measured(unsure.1)),
      range: usesEntropy ? AccuracyAgainstUncertainty.entropyOfTwo : 1)
    func change(_ name: String, _ pair: (Estimate?, Estimate?)) -> String {
      "\(name) \(pair.0.map { UncertaintyComparison.short($0.value) } ?? "unknown") before, "
        + (pair.1.map { "\(UncertaintyComparison.short($0.value)) now (\(UncertaintyComparison.short($0.low)) to \(UncertaintyComparison.short($0.high)))" }
          ?? "unknown now")
    }
    because = "\(change("accuracy", accuracy)); \(change(usesEntropy ? "mean entropy" : "mean uncertainty", unsure))"
  }

  private static func short(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}
