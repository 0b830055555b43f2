internal import Lifecycle
internal import Profiles
internal import Values

/// Reads what other tools say of columns.
enum ForeignReport {
  /// A drift report of Evidently 0.7, as `snapshot.save_json` writes it.
  static func evidently(_ report: JSON, _ place: String) throws(Refusal) -> ([PostedMeasurement.Column], PostedMeasurement.Drift) {
    let comparison: ComparisonResult
    do { comparison = try EvidentlyReport.comparison(report, source: "\(place): evidently") } catch { throw .invalid("\(error)") }
    let columns = comparison.columns.map {
      PostedMeasurement.Column(
        name: $0.name, test: $0.test, score: $0.score, statistic: $0.statistic, pValue: $0.pValue, threshold: $0.threshold, verdict: $0.verdict.rawValue)
    }
    let drift = comparison.drift
    return (columns, PostedMeasurement.Drift(detected: drift.detected, share: drift.share, driftedColumns: drift.driftedColumns))
  }

  /// What whylogs' `calculate_drift_scores(…, with_thresholds=True)` gives: by column `algorithm`, `pvalue`, `statistic` and `drift_category`.
  static func whylogs(_ scores: JSON, _ place: String) throws(Refusal) -> [PostedMeasurement.Column] {
    guard let members = scores.object?.members, !members.isEmpty else { throw .invalid("\(place): whylogs: expected an object by column") }
    var columns: [PostedMeasurement.Column] = []
    for (name, score) in members {
      // A column that whylogs could not compare is null.
      if score.isNull {
        columns.append(PostedMeasurement.Column(name: name, verdict: "skipped"))
        continue
      }
      guard let category = score["drift_category"]?.string else {
        throw .invalid("\(place): whylogs.\(name).drift_category: it is missing; call calculate_drift_scores with with_thresholds=True")
      }
      columns.append(
        PostedMeasurement.Column(
          name: name, test: score["algorithm"]?.string.map { "whylogs/\($0)" }, score: score["pvalue"]?.double ?? score["statistic"]?.double,
          statistic: score["statistic"]?.double, pValue: score["pvalue"]?.double, verdict: category == "DRIFT" ? "drifted" : "stable"))
    }
    return columns
  }
}
