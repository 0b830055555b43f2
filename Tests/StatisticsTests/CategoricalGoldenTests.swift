import Statistics
import Testing
import Values

@Suite struct CategoricalGoldenTests {
  @Test(arguments: Golden.cases("cat", "bool", "int"))
  func `every categorical test and distance gives scipy's numbers`(name: String) throws {
    let expected = try Golden.json("expected/\(name).json")
    guard let want = expected["stats"]?["categorical"] else { return }
    checkBinned(name, want, try Golden.counts(name))
  }

  @Test func `permuted chi-squared agrees with the asymptotic one where that is right`() throws {
    let counts = try Golden.counts("boolean")
    let asymptotic = try ChiSquared.test(counts).pValue
    let permuted = try ChiSquared.permutation(counts).pValue
    #expect(asymptotic < 0.001)
    #expect(permuted == 1.0 / 2000)
    let same = try Golden.counts("cat_same")
    #expect(abs(try ChiSquared.permutation(same).pValue - ChiSquared.test(same).pValue) < 0.05)
  }

  @Test func `permuted chi-squared is the same every time`() throws {
    let counts = CategoryCounts(reference: [3, 4, 1, 0], current: [1, 2, 2, 3])
    #expect(try ChiSquared.permutation(counts) == ChiSquared.permutation(counts))
  }
}
