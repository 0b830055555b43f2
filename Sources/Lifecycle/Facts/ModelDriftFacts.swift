/// What a window says of the model, beyond the drift of single columns.
public struct ModelDrift: Codable, Equatable, Sendable {
  /// What speaks for and against each kind of drift: covariate, prior, concept.
  public var evidence: [DriftEvidence]
  /// How good the predictions must have been, judged without labels.
  public var estimation: PerformanceEstimate?
  /// Accuracy and uncertainty together; only where there are labels.
  public var accuracyAgainstUncertainty: UncertaintyVerdict?
  /// How metrics moved over the latest windows.
  public var trends: [MetricTrend]

  /// Takes the values as they are; nothing is checked.
  public init(
    evidence: [DriftEvidence], estimation: PerformanceEstimate? = nil, accuracyAgainstUncertainty: UncertaintyVerdict? = nil, trends: [MetricTrend] = []
  ) {
    self.evidence = evidence
    self.estimation = estimation
    self.accuracyAgainstUncertainty = accuracyAgainstUncertainty
    self.trends = trends
  }

  /// The kinds of drift that are there.
  public var kinds: [String] { evidence.filter { $0.isPresent == true }.map(\.kind) }
}

/// What speaks for or against a kind of drift.
public struct DriftEvidence: Codable, Equatable, Sendable {
  /// `covariate`, `prior` or `concept`.
  public var kind: String
  /// Nil when it cannot be told.
  public var isPresent: Bool?
  /// In words and numbers.
  public var because: String

  /// Takes the values as they are; nothing is checked.
  public init(kind: String, isPresent: Bool?, because: String) {
    self.kind = kind
    self.isPresent = isPresent
    self.because = because
  }
}

/// Performance without labels, and, once they are there, how far off it was.
public struct PerformanceEstimate: Codable, Equatable, Sendable {
  /// `cbpe` (confidence-based, of classifiers) or `dle` (direct loss estimation, of regressions).
  public var method: String
  /// Rows that were estimated: of a quality measurement those with labels.
  public var rows: Int
  /// By name, e.g. `accuracy`; empty when nothing can be estimated.
  public var metrics: [String: EstimatedMetric]
  /// Why nothing can be estimated.
  public var reason: String?

  /// Takes the values as they are; nothing is checked.
  public init(method: String, rows: Int, metrics: [String: EstimatedMetric], reason: String? = nil) {
    self.method = method
    self.rows = rows
    self.metrics = metrics
    self.reason = reason
  }
}

/// An estimated metric.
public struct EstimatedMetric: Codable, Equatable, Sendable {
  /// The estimate.
  public var value: Double
  /// Three sampling errors below it.
  public var low: Double
  /// Three sampling errors above it.
  public var high: Double
  /// What labels gave for the same rows; nil without them.
  public var realized: Double?
  /// The estimate less what labels gave.
  public var error: Double?

  /// Takes the values as they are; nothing is checked.
  public init(value: Double, low: Double, high: Double, realized: Double? = nil, error: Double? = nil) {
    self.value = value
    self.low = low
    self.high = high
    self.realized = realized
    self.error = error
  }
}

/// What accuracy and uncertainty say together.
public struct UncertaintyVerdict: Codable, Equatable, Sendable {
  /// `known` (less accurate, and less sure), `silent_failure` (less accurate, as sure as before), `early_warning` (less sure, as accurate as before),
  /// `neither` or `inconclusive`.
  public var verdict: String
  /// With what the window was compared: `reference`, or the source of the monitor's first labelled window.
  public var against: String
  /// In words and numbers.
  public var because: String

  /// Takes the values as they are; nothing is checked.
  public init(verdict: String, against: String, because: String) {
    self.verdict = verdict
    self.against = against
    self.because = because
  }
}

/// How a metric moved over the latest windows: Mann-Kendall's test and Sen's slope.
public struct MetricTrend: Codable, Equatable, Sendable {
  /// The metric's name.
  public var metric: String
  /// How many windows, this one the last.
  public var windows: Int
  /// `rising`, `falling`, or `none` where chance explains it.
  public var direction: String
  /// A step from one window to the next.
  public var slope: Double
  /// Lower end of the slope's 95 % interval.
  public var slopeLow: Double
  /// Upper end of it.
  public var slopeHigh: Double
  /// Two-sided.
  public var pValue: Double

  /// Takes the values as they are; nothing is checked.
  public init(metric: String, windows: Int, direction: String, slope: Double, slopeLow: Double, slopeHigh: Double, pValue: Double) {
    self.metric = metric
    self.windows = windows
    self.direction = direction
    self.slope = slope
    self.slopeLow = slopeLow
    self.slopeHigh = slopeHigh
    self.pValue = pValue
  }
}

/// One group of a window's rows.
public struct SegmentMeasurement: Codable, Equatable, Sendable {
  /// The value of the group column; of rows without one `missing`.
  public var group: String
  /// Its rows in the window; labelled ones for quality.
  public var rows: Int
  /// Whether the group's rows are too few to say anything, in the window or in the reference.
  public var tooSmall: Bool
  /// Of the group's inputs against the same group of the reference; nil for quality, and where too small.
  public var drift: DriftVerdict?
  /// By name; without those that cannot be computed.
  public var metrics: [String: Double]
  /// 95 % confidence intervals: low and high.
  public var intervals: [String: [Double]]

  /// Takes the values as they are; nothing is checked.
  public init(
    group: String, rows: Int, tooSmall: Bool, drift: DriftVerdict? = nil, metrics: [String: Double] = [:], intervals: [String: [Double]] = [:]
  ) {
    self.group = group
    self.rows = rows
    self.tooSmall = tooSmall
    self.drift = drift
    self.metrics = metrics
    self.intervals = intervals
  }
}

/// What a test of all columns together said.
public struct TogetherMeasurement: Codable, Equatable, Sendable {
  /// The test's name.
  public var test: String
  /// Nil when not computable.
  public var statistic: Double?
  /// Nil when not computable.
  public var pValue: Double?
  /// Nil when not computable.
  public var effect: Double?
  /// `drifted`, `stable`, `inconclusive` or `skipped`.
  public var verdict: String
  /// Why there is no number.
  public var reason: String?

  /// Takes the values as they are; nothing is checked.
  public init(test: String, statistic: Double?, pValue: Double?, effect: Double?, verdict: String, reason: String?) {
    self.test = test
    self.statistic = statistic
    self.pValue = pValue
    self.effect = effect
    self.verdict = verdict
    self.reason = reason
  }
}
