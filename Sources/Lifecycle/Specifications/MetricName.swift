/// The name of a number that a measurement yields: `drift.share`, `column.mean radius.score`, `accuracy`, `missing.age` …
public struct MetricName: Hashable, Sendable, CustomStringConvertible {
  /// As declarations and measurements write it.
  public let text: String

  /// Any text; `subject` tells whether it is a metric.
  public init(_ text: String) { self.text = text }

  /// As declarations and measurements write it.
  public var description: String { text }

  /// Which measurement of a window carries a metric: that of its inputs, or the later one of its labels.
  public enum Part: String, Hashable, Codable, Sendable { case input, quality }

  /// What the name means.
  public enum Subject: Hashable, Sendable {
    /// `drift.share`: the share of columns that drifted.
    case driftShare
    /// `drift.columns`: how many columns drifted.
    case driftedColumns
    /// `rows`: how many rows the window has.
    case rows
    /// `column.NAME.WHAT`; the column's name may itself have dots.
    case column(String, ColumnField)
    /// `missing.NAME`: the share of missing values of a column.
    case missing(String)
    /// `lateness`: seconds from the end of a window until it was measured.
    case lateness
    /// `version.NAME.WHAT`: a metric of the rows that one version answered.
    case version(String, String)
    /// A metric of predictions that needs no labels: `mean_confidence` …
    case prediction(String)
    /// A metric of predictions against labels: `accuracy` …
    case quality(String)
    /// What labels show of a monitor's own judgement: `silent_failure`, `estimated_accuracy_error` …
    case verdict(String)
    /// `segment.GROUP.WHAT`: a number of the rows of one group; the group's name may itself have dots.
    case segment(String, SegmentField)
    /// `posted.NAME`: a number that somebody else measured and posted under a name of their own, with either part.
    case posted(String)
    /// `kedge.WHAT`: a number about Kedge itself, measured of the monitor `kedge`.
    case health(HealthMetric)
  }

  /// The numbers kept of every group of rows.
  public enum SegmentField: Hashable, Sendable {
    /// `rows`: how many rows the group has in the window.
    case rows
    /// `drift.share`: the share of columns that drifted from the same group of the reference.
    case driftShare
    /// `drift.columns`: how many columns drifted from the same group of the reference.
    case driftedColumns
    /// One of `segmentMetrics`.
    case metric(String)
  }

  /// The numbers kept of every column.
  public enum ColumnField: String, Hashable, Sendable, CaseIterable {
    case score
    case pValue = "p_value"
    case adjustedPValue = "p_adjusted"
    case statistic, effect
  }

  /// Metrics that need predictions only.
  public static let predictionMetrics = ["mean_confidence", "mean_entropy", "mean_margin", "low_confidence_share"] + estimatedMetrics.map { "estimated_\($0)" }

  /// What can be estimated without labels.
  public static let estimatedMetrics = ["accuracy", "precision", "recall", "f1", "roc_auc", "mae", "rmse", "mse"]

  /// What labels show of the monitor's own judgement: verdicts, 1 where they hold and 0 where they do not, and by how much estimates were off.
  public static let verdictMetrics = ["silent_failure", "concept_drift"] + estimatedMetrics.map { "estimated_\($0)_error" }

  /// Metrics of a classifier that need labels.
  public static let classificationMetrics = [
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "log_loss", "brier", "expected_calibration_error",
  ]

  /// Metrics of a regression that need labels.
  public static let regressionMetrics = ["mae", "rmse", "mse", "r2", "mean_error"]

  /// The metrics that are kept of each group of rows.
  public static let segmentMetrics = ["accuracy", "f1", "roc_auc", "mean_confidence", "mean_entropy", "mae", "rmse"]

  /// Metrics over groups of rows, which need a group column.
  public static let fairnessMetrics = [
    "demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference", "equalized_odds_ratio",
  ]

  /// What the name means; nil when it is no metric that Kedge measures.
  public var subject: Subject? {
    switch text {
    case "drift.share": return .driftShare
    case "drift.columns": return .driftedColumns
    case "rows": return .rows
    case "lateness": return .lateness
    default: break
    }
    if MetricName.predictionMetrics.contains(text) { return .prediction(text) }
    if MetricName.qualityMetrics.contains(text) { return .quality(text) }
    if MetricName.verdictMetrics.contains(text) { return .verdict(text) }
    if text.hasPrefix("missing."), text.utf8.count > 8 { return .missing(String(text.dropFirst(8))) }
    if text.hasPrefix("column."), let dot = text.lastIndex(of: ".") {
      let name = text[text.index(text.startIndex, offsetBy: 7)...]
      guard dot > name.startIndex, let field = ColumnField(rawValue: String(text[text.index(after: dot)...])) else { return nil }
      return .column(String(text[name.startIndex..<dot]), field)
    }
    if text.hasPrefix("segment.") { return MetricName.segment(text.dropFirst(8)) }
    if text.hasPrefix("posted."), text.utf8.count > 7 { return .posted(String(text.dropFirst(7))) }
    if text.hasPrefix("kedge.") { return HealthMetric(rawValue: String(text.dropFirst(6))).map { .health($0) } }
    if text.hasPrefix("version."), let dot = text.lastIndex(of: ".") {
      let name = text[text.index(text.startIndex, offsetBy: 8)...]
      let metric = String(text[text.index(after: dot)...])
      guard dot > name.startIndex, (MetricName.predictionMetrics + MetricName.qualityMetrics).contains(metric) else { return nil }
      return .version(String(text[name.startIndex..<dot]), metric)
    }
    return nil
  }

  /// `GROUP.WHAT`.
  private static func segment(_ text: Substring) -> Subject? {
    func named(_ suffix: String, _ field: SegmentField) -> Subject? {
      text.hasSuffix("." + suffix) && text.utf8.count > suffix.utf8.count + 1 ? .segment(String(text.dropLast(suffix.count + 1)), field) : nil
    }
    return named("drift.share", .driftShare) ?? named("drift.columns", .driftedColumns) ?? named("rows", .rows)
      ?? segmentMetrics.lazy.compactMap { named($0, .metric($0)) }.first
  }

  /// Which part of a window's measurements carries it; a rule on it counts windows of that part alone. What was posted under a name of its own comes with
  /// either.
  public var part: Part {
    switch subject {
    case .quality, .verdict: .quality
    case .version(_, let metric), .segment(_, .metric(let metric)): MetricName.qualityMetrics.contains(metric) ? .quality : .input
    default: .input
    }
  }

  /// Whether it lies between 0 and 1, whatever the data.
  public var isShare: Bool {
    switch subject {
    case .driftShare, .missing: true
    case .verdict: !text.hasSuffix("_error")
    case .column(_, let field): field != .statistic && field != .score
    case .prediction(let name), .quality(let name), .version(_, let name), .segment(_, .metric(let name)):
      !["mae", "rmse", "mse", "r2", "mean_error", "log_loss", "mean_entropy"].contains { name.hasSuffix($0) }
    case .segment(_, let field): field == .driftShare
    default: false
    }
  }

  /// Whether statistical tests of columns decide it, which find drift by chance too.
  public var isDrift: Bool {
    switch subject {
    case .driftShare, .driftedColumns, .segment(_, .driftShare), .segment(_, .driftedColumns): true
    case .column(_, let field): field != .effect
    default: false
    }
  }

  /// Every metric that needs labels.
  public static let qualityMetrics = classificationMetrics + regressionMetrics + fairnessMetrics

  /// Whether a larger value is the better one; nil where neither is (a number of rows, confidence, bias).
  public var largerIsBetter: Bool? {
    switch text {
    case "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "r2", "demographic_parity_ratio", "equalized_odds_ratio":
      true
    case "log_loss", "brier", "expected_calibration_error", "mae", "rmse", "mse", "demographic_parity_difference", "equalized_odds_difference",
      "drift.share", "drift.columns", "silent_failure", "concept_drift":
      false
    case let name where name.hasPrefix("estimated_") && !name.hasSuffix("_error"): MetricName(String(name.dropFirst(10))).largerIsBetter
    default: nil
    }
  }
}

/// What is measured of Kedge itself, once a minute while a rule on the monitor `kedge` asks for it.
public enum HealthMetric: String, Hashable, Sendable, CaseIterable {
  /// Sealed events that the slowest projection or policy has not read yet.
  case lagEvents = "lag_events"
  /// For how long the next event has waited for the slowest projection or policy; 0 when none waits.
  case lagSeconds = "lag_seconds"
  /// Projections and policies that do not go on.
  case stoppedFollowers = "stopped_followers"
  /// Streams with an event that a projection or policy cannot digest.
  case haltedStreams = "halted_streams"
  /// For how long the oldest event has waited for its place in the order; 0 when none waits.
  case unsealedSeconds = "unsealed_seconds"
  /// Pieces of work that are ready and that nobody has claimed.
  case readyWork = "ready_work"
  /// For how long the oldest of these has been ready; 0 when there is none.
  case oldestWorkSeconds = "oldest_work_seconds"
  /// Roles that no process has done for 20 seconds.
  case idleRoles = "idle_roles"
  /// Size of the database.
  case databaseBytes = "database_bytes"
}

extension MonitorSpecification {
  /// The name of the monitor of Kedge itself: nobody declares it, and rules may name it.
  public static let kedge = "kedge"
}

extension MetricName: ExpressibleByStringLiteral, Codable {
  /// Any text; `subject` tells whether it is a metric.
  public init(stringLiteral text: String) { self.init(text) }

  /// Reads any string; `subject` tells whether it is a metric.
  public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }

  /// Writes the name as a string.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
