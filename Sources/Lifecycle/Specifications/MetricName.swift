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
    if text.hasPrefix("version."), let dot = text.lastIndex(of: ".") {
      let name = text[text.index(text.startIndex, offsetBy: 8)...]
      let metric = String(text[text.index(after: dot)...])
      guard dot > name.startIndex, (MetricName.predictionMetrics + MetricName.qualityMetrics).contains(metric) else { return nil }
      return .version(String(text[name.startIndex..<dot]), metric)
    }
    return nil
  }

  /// Which part of a window's measurements carries it; a rule on it counts windows of that part alone.
  public var part: Part {
    switch subject {
    case .quality, .verdict: .quality
    case .version(_, let metric): MetricName.qualityMetrics.contains(metric) ? .quality : .input
    default: .input
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
