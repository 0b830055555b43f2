import Foundation
import Statistics
import Testing
import Values

@Suite struct EstimationTests {
  private func column(_ file: String, _ name: String) throws -> [Double] { try Golden.column(file, name) }

  @Test(arguments: ["calibrated", "miscalibrated"])
  func `performance without labels gives NannyML's numbers`(kind: String) throws {
    let want = try Golden.json("expected/nannyml.json")["CBPE \(kind)"]!
    let (reference, analysis) = ("cbpe_\(kind)_reference.csv", "cbpe_\(kind)_analysis.csv")
    let estimate = try ConfidenceBasedEstimate(
      labels: column(reference, "y_true").map { $0 == 1 }, predictions: column(reference, "y_pred").map { $0 == 1 },
      scores: column(reference, "y_pred_proba"))
    #expect((estimate.calibration != nil) == want["needs_calibration"]?.bool)
    let scores = try column(analysis, "y_pred_proba")
    for (score, wanted) in zip(scores, want["calibrated_first_10_of_analysis"]!.array!) {
      expectGolden("calibrated", wanted) { estimate.calibrated(score) }
    }
    let predictions = try column(analysis, "y_pred").map { $0 == 1 }
    let chunks = want["chunks (reference then analysis)"]!.array!.filter { $0["chunk|period"]?.string == "analysis" }
    #expect(chunks.count == 4)
    for (index, chunk) in chunks.enumerated() {
      let rows = (index * 1000)..<((index + 1) * 1000)
      let got = estimate.estimate(predictions: Array(predictions[rows]), scores: Array(scores[rows]))
      for metric in ConfidenceBasedEstimate.metrics {
        let value = try #require(got[metric])
        // Scores that are equal are ordered by numpy's unstable sort there.
        expectGolden("\(metric) value", chunk["\(metric.rawValue)|value"], tolerance: metric == .rocAUC ? 1e-7 : 1e-9) { value.value }
        expectGolden("\(metric) error", chunk["\(metric.rawValue)|sampling_error"], tolerance: metric == .rocAUC ? 1e-5 : 1e-9) { value.samplingError }
        expectGolden("\(metric) high", chunk["\(metric.rawValue)|upper_confidence_boundary"], tolerance: 1e-6) { value.high }
      }
    }
  }

  @Test func `a trend is found and a flat series has none`() throws {
    let series: [Double] = (0..<20).map { step in Double(step) * 0.5 + (step.isMultiple(of: 3) ? 0.4 : 0.0) }
    let rising = try MannKendall(series)
    #expect(rising.pValue < 1e-6)
    #expect(abs(rising.slope - 0.5) < 0.05 && rising.slopeLow <= rising.slope && rising.slope <= rising.slopeHigh)
    // S, the tie-corrected variance and p by hand: 1 2 3 2 5 has S = 7 and variance (300 − 18)/18.
    let small = try MannKendall([1, 2, 3, 2, 5])
    #expect(small.s == 7)
    #expect(abs(small.pValue - 0.1296) < 0.001)
    let flat = try MannKendall([1, 1, 1, 1, 1])
    #expect(flat.pValue == 1 && flat.slope == 0)
    #expect(throws: NotComputable.self) { try MannKendall([1, 2]) }
  }

  @Test func `accuracy and uncertainty together tell a silent failure from a known one`() {
    func measured(_ value: Double, _ half: Double) -> Measured { .estimate(Estimate(value: value, low: value - half, high: value + half)) }
    let (high, low) = (measured(0.93, 0.02), measured(0.80, 0.03))
    let (sure, unsure) = (measured(0.2, 0.02), measured(0.4, 0.02))
    #expect(AccuracyAgainstUncertainty(accuracy: (high, low), uncertainty: (sure, unsure)) == .known)
    #expect(AccuracyAgainstUncertainty(accuracy: (high, low), uncertainty: (sure, sure)) == .silentFailure)
    #expect(AccuracyAgainstUncertainty(accuracy: (high, high), uncertainty: (sure, unsure)) == .earlyWarning)
    #expect(AccuracyAgainstUncertainty(accuracy: (high, high), uncertainty: (sure, sure)) == .neither)
    #expect(AccuracyAgainstUncertainty(accuracy: (high, .notComputable(NotComputable("no labels"))), uncertainty: (sure, sure)) == .inconclusive)
  }
}

@Suite struct DriftKindTests {
  /// Labels, predictions and scores of a calibrated model: x is the log-odds; `turned` labels mean the opposite.
  private func rows(_ count: Int, shift: Double, turned: Double, seed: UInt64) throws -> ClassifiedRows {
    var random = RandomSource(seed: seed)
    var (labels, predictions, scores): ([Int], [Int], [Double]) = ([], [], [])
    for _ in 0..<count {
      let p = 1 / (1 + exp(-(random.normal() * 2 + shift)))
      let label = (random.uniform() < p) != (random.uniform() < turned)
      labels.append(label ? 1 : 0)
      predictions.append(p >= 0.5 ? 1 : 0)
      scores.append(p)
    }
    return try ClassifiedRows(classes: ["0", "1"], positive: 1, labels: labels, predictions: predictions, probabilities: scores)
  }

  private func kind(_ current: ClassifiedRows, _ reference: ClassifiedRows) throws -> DriftKind {
    func bits(_ values: [Int]?) -> [Bool] { (values ?? []).map { $0 == 1 } }
    let estimate = try ConfidenceBasedEstimate(labels: bits(reference.labels), predictions: bits(reference.predictions), scores: reference.probabilities ?? [])
    let estimated = estimate.estimate(predictions: bits(current.predictions), scores: current.probabilities ?? [])[.accuracy]
      .map { Estimate(value: $0.value, low: $0.low, high: $0.high) }
    func counts(_ values: [Int]?) -> [Int] { [0, 1].map { one in (values ?? []).count { $0 == one } } }
    let labels = try ChiSquared.test(CategoryCounts(reference: counts(reference.labels), current: counts(current.labels)))
    let (before, after) = (counts(reference.labels), counts(current.labels))
    let moved = zip(before, after).reduce(0.0) { $0 + abs(Double($1.0) / Double(reference.count) - Double($1.1) / Double(current.count)) } / 2
    let inputs = try KolmogorovSmirnov.test(Sample(reference.probabilities ?? []), Sample(current.probabilities ?? []))
    return DriftKind(
      driftedInputs: (inputs.pValue < 0.01 ? 1 : 0, 1), labels: DriftKind.Moved(test: labels, effect: moved), shift: nil, estimatedAccuracy: estimated,
      priorCorrectedAccuracy: nil,
      accuracy: try Proportion.wilson((current.correct ?? []).count { $0 }, of: current.count))
  }

  @Test func `concept drift is what the other kinds do not explain`() throws {
    let reference = try rows(3000, shift: 0, turned: 0, seed: 1)
    #expect(try kind(rows(2000, shift: 0, turned: 0, seed: 2), reference).kinds == [])
    #expect(try kind(rows(2000, shift: 0, turned: 0.2, seed: 3), reference).kinds == [.concept])
    #expect(try kind(rows(2000, shift: 1.5, turned: 0, seed: 4), reference).kinds == [.covariate, .prior])
    let blind = DriftKind(driftedInputs: nil, labels: nil, shift: nil, estimatedAccuracy: nil, priorCorrectedAccuracy: nil, accuracy: nil)
    #expect(blind.kinds == [] && blind.evidence.allSatisfy { $0.isPresent == nil })
  }

  @Test func `what moved little is no prior drift, however many rows show it`() throws {
    func found(_ positive: Int, of count: Int) throws -> DriftKind {
      let counts = CategoryCounts(reference: [count / 2, count / 2], current: [count - positive, positive])
      return DriftKind(
        driftedInputs: nil,
        labels: DriftKind.Moved(test: try ChiSquared.test(counts), effect: abs(Double(positive) / Double(count) - 0.5)), shift: nil, estimatedAccuracy: nil,
        priorCorrectedAccuracy: nil, accuracy: nil)
    }
    let trifle = try found(51_000, of: 100_000)
    #expect(trifle.kinds == [] && trifle.evidence[1].because == "0.01 of the labels moved, p = below 0.001")
    #expect(try found(61_000, of: 100_000).kinds == [.prior])
    #expect(try found(56, of: 100).kinds == [])
  }

  @Test func `an entropy that rose by a trifle is no early warning, however many rows show it`() {
    func measured(_ value: Double) -> Measured { .estimate(Estimate(value: value, low: value - 0.001, high: value + 0.001)) }
    let same = (measured(0.9), measured(0.9))
    #expect(AccuracyAgainstUncertainty(accuracy: same, uncertainty: (measured(0.3), measured(0.32))) == .neither)
    #expect(AccuracyAgainstUncertainty(accuracy: same, uncertainty: (measured(0.3), measured(0.34))) == .earlyWarning)
    #expect(AccuracyAgainstUncertainty(accuracy: same, uncertainty: (measured(0.3), measured(0.34)), range: 1) == .neither)
    let comparison = UncertaintyComparison(
      before: { [.accuracy: Estimate(value: 0.9, low: 0.89, high: 0.91), .meanConfidence: Estimate(value: 0.9, low: 0.89, high: 0.91)][$0] },
      now: { [.accuracy: Estimate(value: 0.8, low: 0.79, high: 0.81), .meanConfidence: Estimate(value: 0.7, low: 0.69, high: 0.71)][$0] })
    #expect(comparison.verdict == .known)
    #expect(comparison.because == "accuracy 0.9 before, 0.8 now (0.79 to 0.81); mean uncertainty 0.1 before, 0.3 now (0.29 to 0.31)")
  }

  @Test func `the classes' shares are estimated from predictions alone`() throws {
    var random = RandomSource(seed: 6)
    func sample(_ count: Int, positive: Double) throws -> ClassifiedRows {
      var (labels, predictions): ([Int], [Int]) = ([], [])
      for _ in 0..<count {
        let label = random.uniform() < positive
        labels.append(label ? 1 : 0)
        predictions.append((random.uniform() < 0.85) == label ? 1 : 0)
      }
      return try ClassifiedRows(classes: ["0", "1"], positive: 1, labels: labels, predictions: predictions)
    }
    let reference = try sample(5000, positive: 0.5)
    let shift = try LabelShift(reference: reference, predictions: try sample(5000, positive: 0.8).predictions)
    #expect(abs(shift.estimated[1] - 0.8) < 0.03)
    #expect(abs(shift.estimated.reduce(0, +) - 1) < 1e-12)
    #expect(throws: NotComputable.self) { try LabelShift(reference: reference, predictions: []) }
  }
}

@Suite struct DirectLossTests {
  @Test func `a regression's error is estimated where the inputs moved to worse regions`() throws {
    var random = RandomSource(seed: 21)
    // The noise grows with x: the error at x near 2 is three times that near 0.
    func sample(_ count: Int, around centre: Double) -> (features: FeatureMatrix, errors: [Double]) {
      var (values, errors): ([Double], [Double]) = ([], [])
      for _ in 0..<count {
        let x = centre + random.uniform() - 0.5
        values += [x, 2 * x]
        errors.append(random.normal() * (0.5 + x))
      }
      return (FeatureMatrix(rowCount: count, columnCount: 2, values: values), errors)
    }
    let low = sample(500, around: 0.5)
    let high = sample(500, around: 1.7)
    let reference = FeatureMatrix(rowCount: 1000, columnCount: 2, values: low.features.values + high.features.values)
    let estimate = try DirectLossEstimate(features: reference, errors: low.errors + high.errors)
    for centre in [0.5, 1.7] {
      let rows = sample(120, around: centre)
      let truth = rows.errors.reduce(0.0) { $0 + abs($1) } / 120
      let mae = try #require(estimate.estimate(rows.features)[.mae])
      #expect(mae.low <= truth && truth <= mae.high, "\(centre): \(mae.value), truth \(truth)")
    }
    let (calm, wild) = (estimate.estimate(sample(60, around: 0.5).features), estimate.estimate(sample(60, around: 1.7).features))
    #expect((wild[.rmse]?.value ?? 0) > (calm[.rmse]?.value ?? 9) * 1.6)
    #expect(throws: NotComputable.self) { try DirectLossEstimate(features: FeatureMatrix(columns: [[1, 2]]), errors: [1, 2]) }
  }
}
