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
    let rising = try MannKendall((0..<20).map { Double($0) * 0.5 + ($0 % 3 == 0 ? 0.4 : 0) })
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
