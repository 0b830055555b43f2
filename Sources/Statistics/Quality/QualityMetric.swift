/// What can be said about predictions whose labels are known, and about the confidence of those whose labels are not.
public enum QualityMetric: String, Sendable, Hashable, Codable, CaseIterable, CodingKeyRepresentable {
  case accuracy
  case balancedAccuracy = "balanced_accuracy"
  case precision
  case recall
  case f1
  case rocAUC = "roc_auc"
  /// Average precision: Σ (recall step) · precision, without interpolation.
  case prAUC = "pr_auc"
  case logLoss = "log_loss"
  case brier
  /// |mean P(1) − share of 1| over 10 equal-width bins of P(1), weighted by rows.
  case expectedCalibrationError = "expected_calibration_error"
  /// Mean probability of the likeliest class.
  case meanConfidence = "mean_confidence"
  /// Mean entropy of the predicted law, in nats.
  case meanEntropy = "mean_entropy"
  /// Mean |P(1) − P(0)|.
  case meanMargin = "mean_margin"
  /// Share of rows whose likeliest class has a probability below 0.6.
  case lowConfidenceShare = "low_confidence_share"
  /// Mean absolute error.
  case mae
  /// Root of the mean squared error.
  case rmse
  /// Mean squared error.
  case mse
  /// Coefficient of determination.
  case r2
  /// Mean of prediction − label.
  case meanError = "mean_error"

  /// Whether more is better; nil where neither is (bias, confidence).
  public var higherIsBetter: Bool? {
    switch self {
    case .accuracy, .balancedAccuracy, .precision, .recall, .f1, .rocAUC, .prAUC, .r2: true
    case .logLoss, .brier, .expectedCalibrationError, .mae, .rmse, .mse: false
    case .meanConfidence, .meanEntropy, .meanMargin, .lowConfidenceShare, .meanError: nil
    }
  }

  /// Of classifiers, in the order in which they are shown.
  public static let classification: [QualityMetric] = [
    .accuracy, .balancedAccuracy, .precision, .recall, .f1, .rocAUC, .prAUC, .logLoss, .brier, .expectedCalibrationError, .meanConfidence,
    .meanEntropy, .meanMargin, .lowConfidenceShare,
  ]

  /// Of regressions, in the order in which they are shown.
  public static let regression: [QualityMetric] = [.mae, .rmse, .mse, .r2, .meanError]
}
