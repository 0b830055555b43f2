internal import Profiles
internal import Statistics
public import Values

extension ModelAssessment {
  /// As `model_drift` of a measurement.
  var json: JSON {
    var metrics: [(String, JSON?)] = []
    for (metric, estimate) in estimation.metrics.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      let truth = realized.flatMap { metric == (task == .classification ? .accuracy : .mae) ? $0.value : nil }
      metrics.append(
        (
          metric.rawValue,
          [
            "value": JSON(estimate.value), "low": JSON(estimate.low), "high": JSON(estimate.high), "realized": JSON(truth),
            "error": JSON(truth.map { estimate.value - $0 }),
          ]
        ))
    }
    return [
      "kinds": .array(kind.kinds.map { .string($0.rawValue) }),
      "evidence": .array(
        kind.evidence.map { ["kind": .string($0.kind.rawValue), "is_present": $0.isPresent.map { .bool($0) } ?? .null, "because": .string($0.because)] }),
      "estimation": ["method": .string(estimation.method), "metrics": JSON(metrics), "reason": JSON(estimation.reason)],
      "accuracy_against_uncertainty": uncertainty.map { ["verdict": .string($0.verdict.rawValue), "because": .string($0.because)] } ?? .null,
    ]
  }
}
