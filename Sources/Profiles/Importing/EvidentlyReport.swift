internal import Statistics
public import Values

/// A drift report that Evidently 0.7 wrote as JSON, taken over as a comparison, so that people who have such reports keep them.
public enum EvidentlyReport {
  /// What Evidently calls its tests in reports.
  private static let displayNames: [String: EvidentlyTest] = [
    "K-S p_value": .ks, "chi-square p_value": .chisquare, "Z-test p_value": .z, "Wasserstein distance (normed)": .wasserstein,
    "Jensen-Shannon distance": .jensenShannon, "Kullback-Leibler divergence": .klDivergence, "PSI": .psi, "Hellinger distance": .hellinger,
    "Energy-distance": .energy, "Cramer-von Mises": .cramerVonMises, "Fisher's Exact test": .fisherExact, "g_test": .gTest,
    "Total-Variation-Distance": .totalVariation,
  ]

  /// Reads the columns' scores, thresholds and verdicts and the share of drifted columns. Rows are 0 unless the report counted them (`RowCount`); a column of a
  /// method that is not known here keeps its name, and its verdict if the report has tests.
  /// - Throws: `TableError` when it is no drift report.
  public static func comparison(_ report: JSON, source: String) throws(TableError) -> ComparisonResult {
    guard let metrics = report["metrics"]?.array else {
      throw TableError(source: source, problem: "is not an Evidently report", advice: "write one with snapshot.save_json, Evidently 0.7")
    }
    var verdicts: [String: Bool] = [:]
    for test in report["tests"]?.array ?? [] {
      if let id = test["metric_config"]?["metric_id"]?.string, let status = test["status"]?.string { verdicts[id] = status == "FAIL" }
    }
    var columns: [ColumnResult] = []
    var share: Double?
    var threshold: Double?
    var detected: Bool?
    var rows = 0
    for metric in metrics {
      let kind = metric["config"]?["type"]?.string ?? ""
      if kind.hasSuffix("RowCount") { rows = metric["value"]?.double.map { Int($0) } ?? 0 }
      if kind.hasSuffix("DriftedColumnsCount") {
        share = metric["value"]?["share"]?.double
        threshold = metric["config"]?["drift_share"]?.double
        detected = metric["id"]?.string.flatMap { verdicts[$0] }
      } else if kind.hasSuffix("ValueDrift"), let name = metric["config"]?["column"]?.string {
        columns.append(column(name, metric, verdicts))
      }
    }
    guard !columns.isEmpty else {
      throw TableError(source: source, problem: "has no drift of columns", advice: "make the report with DataDriftPreset or ValueDrift")
    }
    let drifted = columns.filter(\.drifted).map(\.name)
    let found = share ?? Double(drifted.count) / Double(columns.count)
    return ComparisonResult(
      rows: .init(reference: 0, current: rows),
      drift: .init(detected: detected ?? (found >= threshold ?? 0.5), share: found, threshold: threshold ?? 0.5, driftedColumns: drifted),
      schema: .init(missing: [], new: [], typeChanged: []), qualityColumns: [], columns: columns)
  }

  private static func column(_ name: String, _ metric: JSON, _ verdicts: [String: Bool]) -> ColumnResult {
    let method = metric["config"]?["method"]?.string ?? ""
    let test = displayNames[method] ?? EvidentlyTest(rawValue: method)
    let score = metric["value"]?.double
    let threshold = metric["config"]?["threshold"]?.double ?? test?.threshold
    var result = ColumnResult(
      name: name, type: test?.takesNumbers == false ? .categorical : .numeric, drifted: false, verdict: .skipped, also: [], quality: ColumnQuality())
    result.test = test.map { "evidently/\($0.rawValue)" } ?? "evidently: \(method)"
    result.score = score
    result.threshold = threshold
    if test?.isDistance == true { result.statistic = score } else { result.pValue = score }
    let verdict =
      metric["id"]?.string.flatMap { verdicts[$0] }
      ?? test.flatMap { test in score.flatMap { score in threshold.map { test.isDrift(score, threshold: $0) } } }
    if let verdict {
      result.drifted = verdict
      result.verdict = verdict ? .drifted : .stable
    } else {
      result.skipped = "the report has no verdict, and \"\(method)\" is not known here"
    }
    return result
  }
}
