import Statistics
import Testing
import Values

/// Numeric tests and distances against scipy, on every golden case.
@Suite struct NumericGoldenTests {
  static let cases = Golden.cases("num", "int", "datetime")

  /// Two values only leave the covariance of the characteristic function without full rank, and what scipy's pseudo-inverse then takes for
  /// non-zero is rounding noise; squares of 1e150 overflow in Welch's degrees of freedom.
  private static let scipyIsWrong: Set<String> = [
    "binary_int epps_singleton_2samp(t=0.4,0.8)", "target epps_singleton_2samp(t=0.4,0.8)", "constant_changed epps_singleton_2samp(t=0.4,0.8)",
    "huge_magnitudes ttest_ind(equal_var=False) Welch", "tiny_n1 ks_2samp(method=asymp)",
  ]

  @Test func `scaling the values changes no test`() throws {
    let (a, b) = try Golden.numbers("huge_magnitudes")
    let (x, y) = (Sample(a.values.map { $0 * 1e-150 }), Sample(b.values.map { $0 * 1e-150 }))
    #expect(abs(try MeanTests.welch(a, b).pValue - MeanTests.welch(x, y).pValue) < 1e-9)
    #expect(abs(try MeanTests.student(a, b).pValue - MeanTests.student(x, y).pValue) < 1e-9)
    #expect(try KolmogorovSmirnov.test(a, b) == KolmogorovSmirnov.test(x, y))
  }

  @Test(arguments: cases)
  func `every numeric test gives scipy's numbers`(name: String) throws {
    let expected = try Golden.json("expected/\(name).json")
    guard let scipy = expected["stats"]?["scipy (finite values only)"] else { return }
    let (a, b) = try Golden.numbers(name)
    check(name, scipy, a, b)
  }

  @Test func `every column of the breast cancer case gives scipy's numbers`() throws {
    let expected = try Golden.json("expected/breast_cancer.json")
    for (column, values) in expected["columns"]!.object!.members {
      let a = Sample(try Golden.column("breast_reference.csv", column))
      let b = Sample(try Golden.column("breast_current.csv", column))
      check(column, values["scipy"]!, a, b)
    }
  }

  private func check(_ name: String, _ scipy: JSON, _ a: Sample, _ b: Sample) {
    func test(_ key: String, absolute: Double = 1e-15, _ compute: () throws -> TestResult) {
      guard let want = scipy[key], !Self.scipyIsWrong.contains("\(name) \(key)") else { return }
      expectGolden("\(name) \(key) statistic", want["statistic"]) { try compute().statistic }
      expectGolden("\(name) \(key) p", want["pvalue"], absolute: absolute, isPValue: true) { try compute().pValue }
    }
    test("ks_2samp(method=auto)") { try KolmogorovSmirnov.test(a, b) }
    test("ks_2samp(method=exact)") { try KolmogorovSmirnov.test(a, b, method: .exact) }
    test("ks_2samp(method=asymp)") { try KolmogorovSmirnov.test(a, b, method: .asymptotic) }
    expectGolden("\(name) wasserstein", scipy["wasserstein_distance"]?["value"]) { try CDFDistance.wasserstein(a, b) }
    expectGolden("\(name) energy", scipy["energy_distance"]?["value"]) { try CDFDistance.energy(a, b) }
    test("anderson_ksamp(variant=midrank)") { try AndersonDarling.test(a, b) }
    test("mannwhitneyu(ref,cur,two-sided,auto)") { try MannWhitney.test(a, b, exactWhenSmall: true) }
    test("mannwhitneyu(ref,cur,two-sided,asymptotic,continuity)") { try MannWhitney.test(a, b) }
    test("mannwhitneyu(ref,cur,less,auto)") { try MannWhitney.test(a, b, alternative: .referenceIsLess, exactWhenSmall: true) }
    // scipy takes 1 − cdf, and its Bessel function is off by 1e-15.
    test("cramervonmises_2samp(auto)", absolute: 1e-14) { try CramerVonMises.test(a, b) }
    test("epps_singleton_2samp(t=0.4,0.8)") { try EppsSingleton.test(a, b) }
    test("ttest_ind(equal_var=True)") { try MeanTests.student(a, b) }
    test("ttest_ind(equal_var=False) Welch") { try MeanTests.welch(a, b) }
    test("levene(center=median)") { try MeanTests.levene(a, b) }
  }

  @Test(arguments: cases)
  func `distances over the reference's deciles give numpy's numbers`(name: String) throws {
    let expected = try Golden.json("expected/\(name).json")
    guard
      let want = expected["stats"]?["binned (finite values only)"]?[
        "10 reference deciles (linear quantiles, duplicates removed), right-closed, outer bins unbounded"]
    else { return }
    let (a, b) = try Golden.numbers(name)
    guard want["error"] == nil else {
      #expect(throws: NotComputable.self) { try Bins.quantiles(of: a) }
      return
    }
    let counts = try Bins.quantiles(of: a).counts(a, b)
    #expect(counts.reference == want["counts_ref"]!.array!.map { $0.integer! })
    #expect(counts.current == want["counts_cur"]!.array!.map { $0.integer! })
    checkBinned(name, want, counts)
  }

  @Test(arguments: cases)
  func `summaries give numpy's numbers`(name: String) throws {
    let expected = try Golden.json("expected/\(name).json")
    let (a, b) = try Golden.numbers(name)
    for (sample, key) in [(a, "summary_ref (finite)"), (b, "summary_cur (finite)")] {
      guard let want = expected["stats"]?[key], !sample.isEmpty else { continue }
      expectGolden("\(name) mean", want["mean"]) { sample.mean }
      expectGolden("\(name) std0", want["std_ddof0"]) { sample.standardDeviation(degreesLost: 0) }
      if sample.count > 1 { expectGolden("\(name) std1", want["std_ddof1"]) { sample.standardDeviation(degreesLost: 1) } }
      #expect(sample.distinctCount == want["distinct"]!.integer!)
      for (q, wanted) in zip([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99], want["quantiles_linear(0.01,0.05,0.25,0.5,0.75,0.95,0.99)"]!.array!) {
        expectGolden("\(name) quantile \(q)", wanted) { sample.quantile(q) }
      }
    }
  }
}

func checkBinned(_ name: String, _ want: JSON, _ counts: CategoryCounts) {
  expectGolden("\(name) psi", want["psi floor=1e-4, no renormalise: sum((P-Q)*ln(P/Q))"]) { try BinnedDistance.psi.distance(counts) }
  expectGolden("\(name) kl", want["kl(ref||cur) entropy(P,Q), floor=1e-4 renormalised, nats"]) { try BinnedDistance.kl.distance(counts) }
  expectGolden("\(name) js", want["js_distance base e"], tolerance: 1e-8) { try BinnedDistance.jensenShannon.distance(counts) }
  expectGolden("\(name) hellinger", want["hellinger"], tolerance: 1e-8) { try BinnedDistance.hellinger.distance(counts) }
  expectGolden("\(name) tvd", want["tvd"]) { try BinnedDistance.totalVariation.distance(counts) }
  expectGolden("\(name) l infinity", want["l_infinity"]) { try BinnedDistance.lInfinity.distance(counts) }
  let chi = want["chi2_contingency(correction=False)"]
  expectGolden("\(name) chi-squared", chi?["statistic"]) { try ChiSquared.test(counts).statistic }
  expectGolden("\(name) chi-squared p", chi?["pvalue"], isPValue: true) { try ChiSquared.test(counts).pValue }
  let g = want["G test chi2_contingency(lambda_=log-likelihood,correction=False)"]
  expectGolden("\(name) g", g?["statistic"]) { try ChiSquared.likelihoodRatio(counts).statistic }
  expectGolden("\(name) g p", g?["pvalue"], isPValue: true) { try ChiSquared.likelihoodRatio(counts).pValue }
  expectGolden("\(name) Cramér's V", want["cramers_v (2 x k)"]?["cramers_v"]) { try ChiSquared.cramersV(counts) }
}

@Suite struct CorrectionGoldenTests {
  @Test func `corrections give statsmodels' numbers`() throws {
    let want = try Golden.json("expected/breast_cancer.json")["multiple testing over the 30 KS p-values (column order of the file)"]!
    let p = want["p"]!.array!.map { $0.double! }
    for (correction, key) in [(Correction.benjaminiHochberg, "fdr_bh"), (.benjaminiYekutieli, "fdr_by"), (.holm, "holm"), (.bonferroni, "bonferroni")] {
      for (got, wanted) in zip(correction.adjust(p), want[key]!["adjusted"]!.array!) { expectGolden(key, wanted) { got } }
    }
  }
}
