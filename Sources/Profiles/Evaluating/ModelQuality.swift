public import Statistics
public import Values

/// How good a model's predictions are on labelled rows.
public struct ModelQuality: Sendable, Hashable {
  /// What the predictions are, which decides the metrics.
  public let task: PredictionTask
  /// Rows measured.
  public let rows: Int
  /// Rows without label, prediction or probability.
  public let skipped: Int
  /// All metrics of the task.
  public let metrics: [QualityMetric: Measured]
  /// The reliability diagram, where there are probabilities of two classes.
  public let calibration: [Calibration.Bin]
  /// By group column; a column that fairness cannot be computed for has the reason.
  public let fairness: [String: FairnessResult]

  /// A fairness measurement, or why there is none.
  public enum FairnessResult: Sendable, Hashable {
    case fairness(Fairness)
    case notComputable(NotComputable)
  }

  /// A metric by the name that gates and rules use: one of `QualityMetric`, or with a group column one of Fairlearn's
  /// `demographic_parity_difference`, `demographic_parity_ratio`, `equalized_odds_difference`, `equalized_odds_ratio`, `equal_opportunity_difference`.
  /// - Returns: nil when there is no metric of that name.
  public func value(_ name: String, group: String? = nil) -> Measured? {
    if let metric = QualityMetric(rawValue: name) { return metrics[metric] ?? .notComputable(NotComputable("a \(task.rawValue) has no \(name)")) }
    guard ModelQuality.fairnessMetrics.contains(name) else { return nil }
    guard let group else { return .notComputable(NotComputable("\(name) needs a group column")) }
    guard let result = fairness[group] else { return .notComputable(NotComputable("there is no group column \"\(group)\"")) }
    switch result {
    case .notComputable(let reason): return .notComputable(reason)
    case .fairness(let fairness):
      let value: Double? =
        switch name {
        case "demographic_parity_difference": fairness.demographicParityDifference
        case "demographic_parity_ratio": fairness.demographicParityRatio
        case "equalized_odds_difference": fairness.equalizedOddsDifference
        case "equalized_odds_ratio": fairness.equalizedOddsRatio
        default: fairness.equalOpportunityDifference
        }
      guard let value else { return .notComputable(NotComputable("a group has no rows of one class")) }
      return .estimate(Estimate(value: value, low: value, high: value))
    }
  }

  /// The names of fairness metrics.
  public static let fairnessMetrics = [
    "demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference", "equalized_odds_ratio", "equal_opportunity_difference",
  ]

  /// Metrics as JSON, in the order in which they are shown; what cannot be computed is null with its reason.
  public var metricsJSON: JSON { ModelQuality.json(metrics) }

  /// Fairness of one group column as JSON.
  public func fairnessJSON(_ group: String) -> JSON? {
    switch fairness[group] {
    case nil: nil
    case .notComputable(let reason): ["reason": .string(reason.reason)]
    case .fairness(let fairness):
      [
        "demographic_parity_difference": JSON(fairness.demographicParityDifference),
        "demographic_parity_ratio": JSON(fairness.demographicParityRatio),
        "equalized_odds_difference": JSON(fairness.equalizedOddsDifference),
        "equalized_odds_ratio": JSON(fairness.equalizedOddsRatio),
        "equal_opportunity_difference": JSON(fairness.equalOpportunityDifference),
        "by_group": JSON(
          fairness.groups.sorted { $0.key < $1.key }.map { name, group in
            (
              name,
              [
                "count": .integer(Int64(group.count)), "selection_rate": JSON(group.selectionRate), "true_positive_rate": JSON(group.truePositiveRate),
                "false_positive_rate": JSON(group.falsePositiveRate), "accuracy": JSON(group.accuracy),
              ] as JSON
            )
          }),
      ]
    }
  }

  static func json(_ metrics: [QualityMetric: Measured]) -> JSON {
    JSON(
      QualityMetric.allCases.compactMap { metric in
        metrics[metric].map { measured in
          switch measured {
          case .estimate(let estimate): (metric.rawValue, ["value": JSON(estimate.value), "low": JSON(estimate.low), "high": JSON(estimate.high)] as JSON)
          case .notComputable(let reason): (metric.rawValue, ["value": nil, "reason": .string(reason.reason)] as JSON)
          }
        }
      })
  }

  /// Measures labelled rows.
  /// - Parameters:
  ///   - groups: columns of the table that fairness is measured by.
  ///   - positive: the positive class; nil to find it.
  /// - Throws: `TableError` when a column is missing or a cell makes no sense.
  static func measure(
    _ labelled: LabelledRows, _ table: DataTable, groups: [String], positive: String?, bootstrap: Bootstrap
  ) throws(TableError) -> ModelQuality {
    switch labelled.values {
    case .numbers(let labels, let predictions):
      let metrics = RegressionMetrics(labels: labels, predictions: predictions, bootstrap: bootstrap)
      let reason = FairnessResult.notComputable(NotComputable("fairness is measured of classifications"))
      return ModelQuality(
        task: .regression, rows: metrics.rows, skipped: labelled.skipped, metrics: metrics.values, calibration: [],
        fairness: Dictionary(groups.map { ($0, reason) }, uniquingKeysWith: { first, _ in first }))
    case .classes:
      let rows = try labelled.classified(table, positive: positive)
      let metrics = ClassificationMetrics(rows, bootstrap: bootstrap)
      var fairness: [String: FairnessResult] = [:]
      for group in groups {
        let column = try table.column(group)
        let names = labelled.rows.map { column.string(at: $0) ?? "missing" }
        do throws(NotComputable) { fairness[group] = .fairness(try Fairness(rows, group: names)) } catch { fairness[group] = .notComputable(error) }
      }
      let bins: [Calibration.Bin]
      do throws(NotComputable) { bins = try Calibration.bins(rows) } catch { bins = [] }
      return ModelQuality(
        task: .classification, rows: rows.count, skipped: labelled.skipped, metrics: metrics.values, calibration: bins, fairness: fairness)
    }
  }
}

extension LabelledRows {
  /// - Throws: `TableError` when these are no classes that can be measured.
  func classified(_ table: DataTable, positive: String?) throws(TableError) -> ClassifiedRows {
    guard case .classes(let labels, let predictions, let probabilities) = values else {
      throw TableError(source: table.source, problem: "holds numbers, not classes", advice: "measure it as a regression")
    }
    do throws(NotComputable) {
      return try ClassifiedRows(labels: labels, predictions: predictions, probabilities: probabilities, positive: positive)
    } catch {
      throw TableError(source: table.source, problem: "cannot be measured: \(error.reason)", advice: "check its label, prediction and probability columns")
    }
  }
}
