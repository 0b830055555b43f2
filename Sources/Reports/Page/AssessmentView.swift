internal import Profiles
internal import Statistics

/// What the rows say of the model, in sentences: accuracy against uncertainty, what performance must be without labels, and the kind of drift.
struct AssessmentView {
  let assessment: ModelAssessment

  init(_ assessment: ModelAssessment) { self.assessment = assessment }

  var markup: Markup {
    var rows: Markup = ""
    if let uncertainty = assessment.uncertainty, uncertainty.verdict != .inconclusive {
      rows += row("Accuracy against uncertainty", AssessmentView.sentence(uncertainty.verdict), uncertainty.verdict.isBad, uncertainty.because)
    }
    if let (verdict, why) = performance { rows += row("Performance without labels", verdict, false, why) }
    for evidence in assessment.kind.evidence {
      let state = evidence.isPresent.map { $0 ? "yes" : "no" } ?? "cannot be told"
      rows += row(AssessmentView.name(evidence.kind), state, evidence.isPresent == true, evidence.because)
    }
    return "<table class=\"verdicts\"><tbody>\(rows)</tbody></table>"
  }

  private func row(_ name: String, _ verdict: String, _ isBad: Bool, _ because: String) -> Markup {
    let mark: Markup = isBad ? " class=\"verdict drifted\"" : ""
    return "<tr><th scope=\"row\">\(name)</th><td\(mark)>\(verdict)</td><td class=\"note\">\(because)</td></tr>"
  }

  /// Accuracy, or the mean absolute error, as it is estimated, beside what labels gave.
  private var performance: (verdict: String, why: String)? {
    let metric: QualityMetric = assessment.task == .classification ? .accuracy : .mae
    let method = assessment.estimation.method == "cbpe" ? "by the model's confidence (CBPE)" : "by the errors of near rows (DLE)"
    guard let estimate = assessment.estimation.metrics[metric] else {
      return assessment.estimation.reason.map { ("cannot be estimated", $0) }
    }
    func text(_ value: Double) -> String { metric == .accuracy ? NumberText.percent(value) : NumberText.value(value) }
    let truth = assessment.realized.map { "; the labels gave \(text($0.value)) (\(text($0.low)) to \(text($0.high)))" } ?? ""
    return ("\(NumberText.name(metric)) \(text(estimate.value))", "\(text(estimate.low)) to \(text(estimate.high)) \(method)\(truth)")
  }

  private static func name(_ kind: DriftKind.Kind) -> String {
    switch kind {
    case .covariate: "Covariate drift: other inputs"
    case .prior: "Prior drift: other shares of the classes"
    case .concept: "Concept drift: the inputs mean something else"
    }
  }

  private static func sentence(_ verdict: AccuracyAgainstUncertainty) -> String {
    switch verdict {
    case .known: "less accurate, and the model knows"
    case .silentFailure: "silent failure: less accurate, and as sure as before"
    case .earlyWarning: "early warning: less sure, as accurate as before"
    case .neither: "neither moved for the worse"
    case .inconclusive: "cannot be told"
    }
  }
}

extension AccuracyAgainstUncertainty {
  fileprivate var isBad: Bool { self == .known || self == .silentFailure || self == .earlyWarning }
}
