import Statistics
import Testing
import Values

@Suite struct QualityGoldenTests {
  private var bootstrap: Bootstrap {
    var few = Bootstrap()
    few.resamples = 50
    return few
  }

  private func binary() throws -> ClassifiedRows {
    try ClassifiedRows(
      labels: Golden.texts("fairness_sample.csv", "y_true"), predictions: Golden.texts("fairness_sample.csv", "y_pred"),
      probabilities: Golden.column("fairness_sample.csv", "y_proba"))
  }

  @Test func `binary metrics give scikit-learn's numbers`() throws {
    let want = try Golden.json("expected/quality.json")
    let metrics = ClassificationMetrics(try binary(), bootstrap: bootstrap)
    let keys: [(QualityMetric, JSON?)] = [
      (.accuracy, want["binary"]?["accuracy"]), (.balancedAccuracy, want["binary"]?["balanced_accuracy"]), (.precision, want["binary"]?["precision"]),
      (.recall, want["binary"]?["recall"]), (.f1, want["binary"]?["f1"]), (.rocAUC, want["binary"]?["roc_auc"]),
      (.prAUC, want["binary"]?["average_precision"]), (.logLoss, want["binary"]?["log_loss"]), (.brier, want["binary"]?["brier"]),
      (.expectedCalibrationError, want["calibration"]?["ece 10 equal-width bins on P(1), floor(p*10)"]),
      (.meanConfidence, want["calibration"]?["mean_confidence max(p,1-p)"]), (.meanEntropy, want["calibration"]?["mean_entropy_nats"]),
      (.meanMargin, want["calibration"]?["mean_margin |2p-1|"]), (.lowConfidenceShare, want["calibration"]?["share below confidence 0.6"]),
    ]
    for (metric, wanted) in keys {
      let estimate = try #require(metrics[metric]?.estimate)
      expectGolden(metric.rawValue, wanted) { estimate.value }
      #expect(estimate.low <= estimate.value && estimate.value <= estimate.high, "\(metric)")
      #expect(estimate.low < estimate.high, "\(metric)")
    }
  }

  @Test func `multiclass metrics give scikit-learn's numbers`() throws {
    let want = try Golden.json("expected/quality.json")["multiclass (probabilities renormalised per row before roc_auc and log_loss)"]
    let rows = try ClassifiedRows(labels: Golden.texts("multiclass_sample.csv", "y_true"), predictions: Golden.texts("multiclass_sample.csv", "y_pred"))
    let metrics = ClassificationMetrics(rows, bootstrap: bootstrap)
    for (metric, key) in [(QualityMetric.accuracy, "accuracy"), (.f1, "f1_macro"), (.precision, "precision_macro"), (.recall, "recall_macro")] {
      expectGolden(key, want?[key]) { metrics[metric]?.value ?? .nan }
    }
    #expect(metrics[.rocAUC]?.reason != nil)
  }

  @Test func `regression metrics give scikit-learn's numbers`() throws {
    let want = try Golden.json("expected/quality.json")["regression"]
    let metrics = RegressionMetrics(
      labels: try Golden.column("regression_sample.csv", "y_true"), predictions: try Golden.column("regression_sample.csv", "y_pred"), bootstrap: bootstrap)
    for (metric, key) in [(QualityMetric.mae, "mae"), (.mse, "mse"), (.rmse, "rmse"), (.r2, "r2"), (.meanError, "mean_error(pred-true)")] {
      expectGolden(key, want?[key]) { metrics[metric]?.value ?? .nan }
    }
  }

  @Test func `fairness gives Fairlearn's numbers`() throws {
    let rows = try binary()
    let expected = try Golden.json("expected/fairness.json")
    for name in ["sex", "age"] {
      let want = try #require(expected[name])
      let fairness = try Fairness(rows, group: Golden.texts("fairness_sample.csv", name))
      expectGolden("dpd", want["demographic_parity_difference"]) { fairness.demographicParityDifference }
      expectGolden("dpr", want["demographic_parity_ratio"]) { fairness.demographicParityRatio ?? .nan }
      expectGolden("eod", want["equalized_odds_difference(agg=worst_case)"]) { fairness.equalizedOddsDifference ?? .nan }
      expectGolden("eor", want["equalized_odds_ratio(agg=worst_case)"]) { fairness.equalizedOddsRatio ?? .nan }
      expectGolden("opportunity", want["equal_opportunity_difference"]) { fairness.equalOpportunityDifference ?? .nan }
      for (group, values) in want["by_group"]!.object!.members {
        let got = try #require(fairness.groups[group])
        #expect(got.count == values["count"]?.integer)
        expectGolden("selection", values["selection_rate"]) { got.selectionRate }
        expectGolden("tpr", values["tpr"]) { got.truePositiveRate ?? .nan }
        expectGolden("fpr", values["fpr"]) { got.falsePositiveRate ?? .nan }
        expectGolden("accuracy", values["accuracy"]) { got.accuracy }
      }
    }
  }

  @Test func `two models on the same rows give scipy's McNemar and Wilson`() throws {
    let want = try Golden.json("expected/paired.json")
    let (a, b) = (try Golden.column("paired_sample.csv", "champion_correct"), try Golden.column("paired_sample.csv", "challenger_correct"))
    let labels = a.map { _ in "1" }
    let first = try ClassifiedRows(labels: labels, predictions: a.map { $0 == 1 ? "1" : "0" })
    let second = try ClassifiedRows(labels: labels, predictions: b.map { $0 == 1 ? "1" : "0" })
    let comparison = try ModelComparison(first: first, second: second, bootstrap: bootstrap)
    let mcNemar = try #require(comparison.mcNemar)
    #expect(mcNemar.onlySecond == want["n01 challenger only right"]?.integer)
    #expect(mcNemar.onlyFirst == want["n10 champion only right"]?.integer)
    // 36 rows on which they disagree: the corrected chi-squared, by the rule that STATISTICS.md states.
    expectGolden("mcnemar", want["mcnemar_chi2_continuity_p"]) { mcNemar.pValue }
    let difference = try #require(comparison.differences[.accuracy]?.estimate)
    expectGolden("difference", .number(-0.005), tolerance: 1e-9) { difference.value }
    #expect(difference.low < 0 && difference.high > 0)
    let wilson = try Proportion.wilson(a.count { $0 == 1 }, of: a.count)
    expectGolden("wilson low", want["wilson95_champion"]?[0]) { wilson.low }
    expectGolden("wilson high", want["wilson95_champion"]?[1]) { wilson.high }
    let exact = try Proportion.clopperPearson(a.count { $0 == 1 }, of: a.count)
    expectGolden("clopper low", want["clopper95_champion"]?[0]) { exact.low }
    expectGolden("clopper high", want["clopper95_champion"]?[1]) { exact.high }
  }

  @Test func `McNemar is exact below 25 rows of disagreement`() {
    #expect(abs(McNemar(onlyFirst: 3, onlySecond: 9).pValue - 0.1459960938) < 1e-9)
    #expect(McNemar(onlyFirst: 0, onlySecond: 0).pValue == 1)
  }

  @Test func `Newcombe's interval gives his published numbers`() throws {
    // Newcombe (1998), table II, example a: 56/70 − 48/80, method 10: 0.0524 to 0.3339.
    let difference = try Proportion.difference(48, of: 80, 56, of: 70)
    #expect(abs(difference.value - 0.2) < 1e-12)
    #expect(abs(difference.low - 0.0524) < 5e-5)
    #expect(abs(difference.high - 0.3339) < 5e-5)
  }

  @Test func `what cannot be computed says why`() throws {
    let metrics = ClassificationMetrics(try ClassifiedRows(labels: ["1", "1"], predictions: ["1", "0"], probabilities: [0.8, 0.3]), bootstrap: bootstrap)
    #expect(metrics[.rocAUC]?.reason == "all labels are of one class")
    let unlabelled = ClassificationMetrics(try ClassifiedRows(labels: nil, predictions: ["1", "0"], probabilities: [0.8, 0.3]), bootstrap: bootstrap)
    #expect(unlabelled[.accuracy]?.reason == "there are no labels")
    #expect(unlabelled[.meanConfidence]?.value == 0.75)
    #expect(throws: NotComputable.self) { try ClassifiedRows(labels: nil, predictions: ["1"], probabilities: [1.5]) }
  }

  @Test func `a challenger is worse only when its whole interval lies beyond the margin`() {
    #expect(NonInferiority(Estimate(value: -0.1, low: -0.2, high: -0.06), margin: 0.05, higherIsBetter: true) == .worse)
    #expect(NonInferiority(Estimate(value: -0.1, low: -0.2, high: 0), margin: 0.05, higherIsBetter: true) == .inconclusive)
    #expect(NonInferiority(Estimate(value: 0.01, low: -0.02, high: 0.04), margin: 0.05, higherIsBetter: true) == .notWorse)
    #expect(NonInferiority(Estimate(value: 0.3, low: 0.2, high: 0.4), margin: 0.05, higherIsBetter: false) == .worse)
  }
}
