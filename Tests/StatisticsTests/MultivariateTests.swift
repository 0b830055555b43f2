import Statistics
import Testing
import Values

@Suite struct MultivariateTests {
  private func breast(_ file: String) throws -> FeatureMatrix {
    let rows = try Golden.rows(file)
    let names = rows[0].map(String.init).filter { $0 != "target" }
    return FeatureMatrix(columns: try names.map { try Golden.column(file, $0) })
  }

  @Test func `reconstruction errors give numpy's numbers`() throws {
    let expected = try Golden.json("expected/breast_cancer.json")
    let want = expected["pca reconstruction (standardise by reference ddof=0, keep components to explain >=0.65 of variance; L2 norm per row)"]!
    let (reference, current) = (try breast("breast_reference.csv"), try breast("breast_current.csv"))
    let pca = try PCAReconstruction(reference)
    #expect(pca.components.count == want["components"]?.integer)
    expectGolden("explained", want["explained"]) { pca.explained }
    let (before, after) = (Sample(pca.errors(reference)), Sample(pca.errors(current)))
    expectGolden("mean_ref", want["mean_ref"]) { before.mean }
    expectGolden("mean_cur", want["mean_cur"]) { after.mean }
    expectGolden("std_ref", want["std_ref_ddof1"]) { before.standardDeviation(degreesLost: 1) }
    expectGolden("std_cur", want["std_cur_ddof1"]) { after.standardDeviation(degreesLost: 1) }
  }

  @Test func `the maximum mean discrepancy gives scikit-learn's number`() throws {
    let expected = try Golden.json("expected/breast_cancer.json")
    let want = expected["mmd^2 unbiased, RBF exp(-d^2/(2 sigma^2)), sigma = median of the pooled pairwise distances, standardised by reference"]!
    let result = try MaximumMeanDiscrepancy.squared(try breast("breast_reference.csv"), try breast("breast_current.csv"))
    expectGolden("sigma", want["sigma"]) { result.width }
    expectGolden("mmd2", want["mmd2_unbiased"], tolerance: 1e-8) { result.value }
  }

  @Test func `a change of how columns go together is found, and nothing where there is none`() throws {
    var random = RandomSource(seed: 8)
    func rows(_ count: Int, correlation: Double) -> FeatureMatrix {
      var values: [Double] = []
      for _ in 0..<count {
        let x = random.normal()
        values += [x, correlation * x + (1 - correlation * correlation).squareRoot() * random.normal(), random.normal()]
      }
      return FeatureMatrix(rowCount: count, columnCount: 3, values: values)
    }
    let reference = rows(300, correlation: 0.9)
    let (same, turned) = (rows(200, correlation: 0.9), rows(200, correlation: -0.9))
    #expect(try PCAReconstruction.test(reference, same).result.pValue > 0.01)
    #expect(try PCAReconstruction.test(reference, turned).result.pValue < 1e-6)
    #expect(try DomainClassifier.test(reference, same).pValue > 0.01)
    #expect(try DomainClassifier.test(reference, turned).pValue < 1e-6)
    let (few, some, others) = (rows(60, correlation: 0.9), rows(60, correlation: 0.9), rows(60, correlation: -0.9))
    #expect(try MaximumMeanDiscrepancy.test(few, some, permutations: 99).pValue > 0.01)
    #expect(try MaximumMeanDiscrepancy.test(few, others, permutations: 99).pValue == 0.01)
  }
}
