public import Statistics
public import Values

/// What `kedge evaluate` says.
public struct EvaluationResult: Sendable, Hashable {
  /// Another model on the same rows.
  public struct Against: Sendable, Hashable {
    /// The other model's.
    public let quality: ModelQuality
    /// The model's − the other's; nil when no row has both.
    public let comparison: ModelComparison?
  }

  /// The model's own.
  public let quality: ModelQuality
  /// The group column that `fairness` shows.
  public let group: String?
  /// Nil when it was measured alone.
  public let against: Against?

  /// As `kedge evaluate -o json` prints it.
  public var json: JSON {
    JSON([
      ("rows", .integer(Int64(quality.rows))), ("rows_skipped", .integer(Int64(quality.skipped))), ("task", .string(quality.task.rawValue)),
      ("metrics", quality.metricsJSON),
      (
        "calibration",
        quality.calibration.isEmpty
          ? nil
          : .array(
            quality.calibration.map {
              [
                "low": JSON($0.low), "high": JSON($0.high), "count": .integer(Int64($0.count)), "mean_probability": JSON($0.meanProbability),
                "positive_share": JSON($0.positiveShare),
              ]
            })
      ), ("fairness", group.flatMap { quality.fairnessJSON($0) }),
      (
        "against",
        against.map { against in
          JSON([
            ("rows", JSON(against.comparison?.rows)), ("mcnemar_p", JSON(against.comparison?.mcNemar?.pValue)),
            ("difference", against.comparison.map { ModelQuality.json($0.differences) } ?? .null), ("metrics", against.quality.metricsJSON),
          ])
        }
      ),
    ])
  }
}

/// Champion and challenger measured on the same rows.
public struct ChallengeResult: Sendable, Hashable {
  /// Nil when the table has no champion column.
  public let champion: ModelQuality?
  /// Measured as the champion is.
  public let challenger: ModelQuality
  /// Challenger − champion; nil without a champion, or when no row has both.
  public let comparison: ModelComparison?

  /// For events: rows, both sides' metrics, and the difference.
  public var json: JSON {
    JSON([
      ("rows", .integer(Int64(challenger.rows))),
      ("metrics", JSON([("champion", champion.map(\.metricsJSON) ?? .null), ("challenger", challenger.metricsJSON)])),
      ("difference", comparison.map { ModelQuality.json($0.differences) } ?? .null), ("mcnemar_p", JSON(comparison?.mcNemar?.pValue)),
    ])
  }
}
