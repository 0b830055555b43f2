internal import Lifecycle
internal import Profiles
internal import Statistics
internal import Values

/// What a window says of the model: estimates without labels and how far off they were, accuracy against uncertainty, trends, and the kind of drift.
struct ModelDriftMeasuring: Sendable {
  let reference: ModelReference
  let history: MonitorHistory

  /// A trend is looked for in so many windows at most, this one the last.
  static let trendWindows = 30
  /// Below this a trend is more than chance.
  private static let significance = 0.05
  private static let inputTrends =
    ["mean_confidence", "mean_entropy", "mean_margin", "low_confidence_share"] + MetricName.estimatedMetrics.map { "estimated_\($0)" }
  private static let qualityTrends = ["accuracy", "balanced_accuracy", "roc_auc", "mean_confidence", "mean_entropy", "mae", "rmse"]

  /// Adds to a measurement of inputs what can be said without labels.
  /// - Parameter answers: nil when the window has no predictions.
  func complete(_ measurement: inout MeasurementRecorded, _ answers: ModelAnswers?, in table: DataTable, inputs: (count: Int, of: Int)?) {
    guard let answers else {
      measurement.modelDrift = ModelDrift(evidence: Self.inputsAlone(inputs))
      return
    }
    let estimation = reference.estimate(answers, in: table)
    for (metric, estimate) in estimation.metrics {
      measurement.metrics["estimated_\(metric.rawValue)"] = estimate.value
      measurement.intervals["estimated_\(metric.rawValue)"] = [estimate.low, estimate.high]
    }
    let kind = reference.driftKind(driftedInputs: inputs, answers, estimation, quality: nil)
    measurement.modelDrift = ModelDrift(
      evidence: kind.evidence.map(DriftEvidence.init), estimation: PerformanceEstimate(estimation, rows: answers.count, realized: [:]),
      trends: trends(Self.inputTrends, measurement, history.input))
  }

  /// Adds to a measurement of quality what labels show.
  /// - Parameter inputs: what the window's own input measurement found.
  func complete(_ measurement: inout MeasurementRecorded, labelled answers: ModelAnswers, in table: DataTable, inputs: (count: Int, of: Int)?) {
    let figures = QualityFigures(metrics: measurement.metrics, intervals: measurement.intervals)
    let estimation = reference.estimate(answers, in: table)
    let estimate = PerformanceEstimate(estimation, rows: answers.count, realized: measurement.metrics)
    for (name, metric) in estimate.metrics { measurement.metrics["estimated_\(name)_error"] = metric.error }
    let kind = reference.driftKind(
      driftedInputs: inputs, answers, estimation, quality: reference.task == .classification ? figures[.accuracy] : figures[.mae])
    if let isPresent = kind.evidence.first(where: { $0.kind == .concept })?.isPresent { measurement.metrics["concept_drift"] = isPresent ? 1 : 0 }
    let verdict = reference.task == .classification ? verdict(figures, of: measurement.window.id) : nil
    if let verdict, verdict.verdict != AccuracyAgainstUncertainty.inconclusive.rawValue {
      measurement.metrics["silent_failure"] = verdict.verdict == AccuracyAgainstUncertainty.silentFailure.rawValue ? 1 : 0
    }
    measurement.modelDrift = ModelDrift(
      evidence: kind.evidence.map(DriftEvidence.init), estimation: estimate, accuracyAgainstUncertainty: verdict,
      trends: trends(Self.qualityTrends, measurement, history.quality))
  }

  private static func inputsAlone(_ inputs: (count: Int, of: Int)?) -> [DriftEvidence] {
    DriftKind(driftedInputs: inputs, labels: nil, shift: nil, estimatedAccuracy: nil, priorCorrectedAccuracy: nil, accuracy: nil).evidence
      .map(DriftEvidence.init)
  }

  // MARK: accuracy against uncertainty

  private func verdict(_ now: QualityFigures, of window: WindowID) -> UncertaintyVerdict {
    var (before, against) = (QualityFigures(reference.metrics), "reference")
    if before[.accuracy] == nil, let first = history.firstLabelled, first.window != window {
      (before, against) = (QualityFigures(metrics: first.metrics, intervals: first.intervals), first.source)
    }
    let (earlier, source) = (before, against)
    let found = UncertaintyComparison(before: { earlier[$0] }, now: { now[$0] })
    return UncertaintyVerdict(verdict: found.verdict.rawValue, against: source, because: found.because)
  }

  // MARK: trends

  private func trends(_ names: [String], _ measurement: MeasurementRecorded, _ earlier: [MonitorHistory.Window]) -> [MetricTrend] {
    guard !measurement.inconclusive else { return [] }
    let before = earlier.filter { $0.window != measurement.window.id && $0.endAt <= measurement.window.endAt }.suffix(Self.trendWindows - 1)
    return names.compactMap { name in
      guard let now = measurement.metrics[name] else { return nil }
      let values = before.compactMap { $0.metrics[name] } + [now]
      guard let found = try? MannKendall(values) else { return nil }
      let direction = found.pValue > Self.significance || found.s == 0 ? "none" : found.s > 0 ? "rising" : "falling"
      return MetricTrend(
        metric: name, windows: values.count, direction: direction, slope: found.slope, slopeLow: found.slopeLow, slopeHigh: found.slopeHigh,
        pValue: found.pValue)
    }
  }
}

extension DriftEvidence {
  fileprivate init(_ evidence: DriftKind.Evidence) {
    self.init(kind: evidence.kind.rawValue, isPresent: evidence.isPresent, because: evidence.because)
  }
}

extension PerformanceEstimate {
  fileprivate init(_ estimation: ModelReference.Estimation, rows: Int, realized: [String: Double]) {
    var metrics: [String: EstimatedMetric] = [:]
    for (metric, estimate) in estimation.metrics {
      let truth = realized[metric.rawValue]
      metrics[metric.rawValue] = EstimatedMetric(
        value: estimate.value, low: estimate.low, high: estimate.high, realized: truth, error: truth.map { estimate.value - $0 })
    }
    self.init(method: estimation.method, rows: rows, metrics: metrics, reason: estimation.reason)
  }
}
