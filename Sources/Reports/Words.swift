internal import Profiles
internal import Statistics

/// What was found, in sentences.
struct Words {
  let report: DriftReport

  init(_ report: DriftReport) { self.report = report }

  /// The verdict over all columns.
  var verdict: String {
    let result = report.result
    let compared = result.columns.filter { $0.verdict != .skipped }.count
    let count = result.drift.driftedColumns.count
    if compared == 0 { return result.drift.detected ? "Drift: the columns together have drifted" : "No verdict: no column could be compared" }
    if result.columns.allSatisfy({ $0.verdict == .skipped || $0.verdict == .inconclusive }), !result.drift.detected {
      return "Inconclusive: too few rows to tell"
    }
    let columns = compared == 1 ? "the one column" : "\(NumberText.grouped(compared)) columns"
    let only = result.drift.detected ? "" : "only "
    let part = count == compared && compared > 1 ? "all \(columns)" : count == 0 ? "none of \(columns)" : "\(only)\(count) of \(columns)"
    return (result.drift.detected ? "Drift: " : "No drift: ") + part + " drifted"
  }

  /// What stands out, below the verdict; empty when nothing does.
  var details: [String] {
    let result = report.result
    var sentences: [String] = []
    if let threshold = result.drift.threshold {
      sentences.append("\(NumberText.percent(result.drift.share)) of the columns drifted; drift is found from \(NumberText.percent(threshold)).")
    }
    if let together = result.multivariate {
      let p = together.pValue.map { ", p = \(NumberText.pValue($0))" } ?? ""
      sentences.append("All columns together (\(Words.name(of: together.test))): \(together.reason ?? together.verdict.rawValue)\(p).")
    }
    let worst = report.worstFirst.filter { $0.verdict == .drifted }.prefix(3)
    if let first = worst.first {
      let rest = worst.dropFirst().map { "\($0.name) (\(NumberText.percent($0.effect ?? 0)))" }
      let others = rest.isEmpty ? "" : ", then \(rest.joined(separator: " and "))"
      sentences.append("Most of it in \(first.name): \(NumberText.percent(first.effect ?? 0)) of its values moved\(others).")
    }
    return sentences
  }

  /// How columns were judged.
  var method: String {
    let options = report.options
    switch options.choice {
    case .evidently: return "Judged as Evidently 0.7 does: its choice of tests, its thresholds, no correction."
    case .auto, .test:
      let tests = options.choice == .auto ? "Kolmogorov-Smirnov for numbers and times, chi-squared for categories" : Words.name(of: options.choice.name)
      let correction = options.effectiveCorrection == .none ? "p-values not adjusted" : "p-values adjusted by \(options.effectiveCorrection.label)"
      return "\(tests); \(correction); a column has drifted when its p-value is at most its limit and at least "
        + "\(NumberText.percent(options.minimumEffect)) of its values moved, or its distance reaches its limit and is no chance."
    }
  }

  /// What is wrong with the schema or with values as such, a sentence each.
  var findings: [String] {
    let schema = report.result.schema
    var sentences: [String] = []
    func list(_ what: String, _ names: [String]) {
      guard !names.isEmpty else { return }
      let rest = names.count > 12 ? " and \(names.count - 12) more" : ""
      sentences.append("\(what): \(names.prefix(12).joined(separator: ", "))\(rest).")
    }
    list("Missing from the current data", schema.missing)
    list("New in the current data", schema.new)
    list("Of another type", schema.typeChanged)
    let columns = report.worstFirst.filter { !$0.quality.findings.isEmpty }
    for column in columns.prefix(12) {
      sentences.append("\(column.name): \(Words.quality(column).joined(separator: "; ")).")
    }
    if columns.count > 12 { sentences.append("Values of \(columns.count - 12) more columns look wrong; they are marked below.") }
    return sentences
  }

  /// What is wrong with a column's values.
  static func quality(_ column: ColumnResult) -> [String] {
    let quality = column.quality
    return quality.findings.map { finding in
      switch finding {
      case .missingRateChanged:
        return "missing values went from \(NumberText.percent(quality.missingReference)) to \(NumberText.percent(quality.missingCurrent))"
      case .newCategories:
        let names = quality.newCategories.prefix(3).map { "“\(short($0))”" }.joined(separator: ", ")
        let more = quality.newCategories.count > 3 ? ", …" : ""
        return "\(NumberText.percent(quality.newCategoryShare ?? 0)) of the values are categories never seen before (\(names)\(more))"
      case .outOfRange: return "\(NumberText.percent(quality.outOfRangeShare ?? 0)) of the values lie outside the reference's range"
      case .constant: return "every value is the same, and the reference has several"
      case .allMissing: return "there is no value at all"
      case .infinite: return "\(NumberText.grouped(quality.infiniteCurrent)) values are infinite"
      }
    }
  }

  /// Findings as one sentence.
  static func sentence(_ findings: [String]) -> String {
    let text = findings.joined(separator: "; ")
    return text.prefix(1).uppercased() + text.dropFirst() + "."
  }

  /// Why it was not compared.
  private static func reason(_ column: ColumnResult) -> String? {
    let prefix = "not computable: "
    return column.skipped.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
  }

  /// What changed in a column, in a few words; empty when it cannot be said.
  static func change(_ column: ColumnResult, _ distribution: ColumnDistribution?) -> String {
    if column.verdict == .skipped { return reason(column) ?? "" }
    if let before = median(column.reference), let now = median(column.current) {
      let (first, second) = column.type == .datetime ? (NumberText.minute(before), NumberText.minute(now)) : NumberText.pair(before, now)
      return "median \(first) → \(second)"
    }
    let moved = distribution?.categories.max { abs($0.current - $0.reference) < abs($1.current - $1.reference) }
    guard let moved, column.type != .text else { return "" }
    return "“\(short(moved.value))” \(NumberText.percent(moved.reference)) → \(NumberText.percent(moved.current))"
  }

  /// A column's verdict as a sentence.
  static func verdict(_ column: ColumnResult, _ distribution: ColumnDistribution?, _ options: ComparisonOptions) -> String {
    let moved = column.effect.map { "\(NumberText.percent($0)) of the values moved" }
    let change = change(column, distribution)
    switch column.verdict {
    case .drifted: return "Drifted: " + ([moved] + [change]).compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "; ") + "."
    case .skipped: return "Not compared: \(reason(column) ?? "there is no test for it")."
    case .inconclusive: return "Inconclusive: fewer than \(options.minimumRows) values on a side."
    case .stable:
      if let p = column.pAdjusted, let threshold = column.threshold, p <= threshold, let moved {
        return "Stable: the difference is no chance, but small (\(moved))."
      }
      return "Stable\(moved.map { ": \($0), no more than chance explains" } ?? "")."
    }
  }

  /// The test with its numbers.
  static func test(_ column: ColumnResult) -> String? {
    guard let test = column.test, column.statistic != nil || column.pValue != nil else { return nil }
    var parts: [String] = []
    if let statistic = column.statistic { parts.append("statistic \(NumberText.value(statistic))") }
    if let p = column.pValue { parts.append("p \(equals(p))") }
    if let p = column.pAdjusted, p != column.pValue { parts.append("adjusted \(equals(p))") }
    if let score = column.score, score != column.statistic, score != column.pValue { parts.append("score \(NumberText.value(score))") }
    if let threshold = column.threshold { parts.append("limit \(NumberText.value(threshold))") }
    if let bound = column.errorBound, bound > 0 { parts.append("± \(NumberText.value(bound)), as a side is a profile") }
    return "\(name(of: test)): \(parts.joined(separator: ", "))."
  }

  private static func equals(_ p: Double) -> String {
    let text = NumberText.pValue(p)
    return text.hasPrefix("<") ? text : "= \(text)"
  }

  /// What a picture of a column shows, for those who cannot see it.
  static func description(_ column: ColumnResult, _ distribution: ColumnDistribution) -> String {
    if !distribution.categories.isEmpty {
      let shown = distribution.categories.prefix(CategoryPicture.most).map {
        "\($0.value) \(NumberText.percent($0.reference)) before, \(NumberText.percent($0.current)) now"
      }
      return "Share of each category: " + shown.joined(separator: "; ") + "."
    }
    func side(_ name: String, _ summary: ColumnSummary?, _ beyond: Double) -> String {
      let quantiles = (summary?.quantiles ?? []).map { "\(NumberText.percent($0.at)) below \(NumberText.value($0.value, of: column.type))" }
      let outside = beyond > 0 ? "; \(NumberText.percent(beyond)) lie outside the picture" : ""
      return "\(name): \(quantiles.joined(separator: ", "))\(outside)."
    }
    return side("Reference", column.reference, distribution.beyondReference) + " " + side("Current", column.current, distribution.beyondCurrent)
  }

  private static func median(_ summary: ColumnSummary?) -> Double? { summary?.quantiles.first { $0.at == 0.5 }?.value }

  private static func short(_ text: String) -> String { text.count > 24 ? text.prefix(23) + "…" : text }

  /// A test's name in full.
  static func name(of test: String) -> String {
    if test.hasPrefix("evidently/") { return "Evidently's \(test.dropFirst("evidently/".count))" }
    return names[test] ?? test
  }

  private static let names = [
    "ks": "Kolmogorov-Smirnov", "wasserstein": "Wasserstein distance, in standard deviations", "energy": "Energy distance",
    "cramer_von_mises": "Cramér-von Mises", "anderson_darling": "Anderson-Darling", "mann_whitney": "Mann-Whitney",
    "epps_singleton": "Epps-Singleton", "t": "Student's t", "welch": "Welch's t", "levene": "Levene", "chi_squared": "Chi-squared",
    "chi_squared_permutation": "Chi-squared by permutation", "z": "Two proportions (z)", "fisher": "Fisher's exact test", "g": "Likelihood ratio (G)",
    "psi": "Population stability index", "kl": "Kullback-Leibler divergence", "jensen_shannon": "Jensen-Shannon distance", "hellinger": "Hellinger distance",
    "total_variation": "Total variation distance", "l_infinity": "Largest difference of a share", "domain_classifier": "Domain classifier",
    "mmd": "Maximum mean discrepancy", "pca_reconstruction": "PCA reconstruction error",
  ]
}

extension Correction {
  /// In a sentence.
  fileprivate var label: String {
    rawValue.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
  }
}
