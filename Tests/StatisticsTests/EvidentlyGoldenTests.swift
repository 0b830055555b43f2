import Statistics
import Testing
import Values

@Suite struct EvidentlyGoldenTests {
  /// Random permutations on Evidently's side; ours are drawn otherwise.
  private static let random: Set<EvidentlyTest> = [.totalVariation]

  @Test(arguments: Golden.cases("num", "int", "datetime"))
  func `every numeric test gives Evidently's score and verdict`(name: String) throws {
    let expected = try Golden.json("expected/\(name).json")
    guard let tests = expected["evidently"]?["stattests"]?["num"] else { return }
    let (a, b) = try Golden.numbers(name)
    let isInteger = expected["kind"]?.string == "int"
    for test in EvidentlyTest.allCases where test.takesNumbers {
      check(name, test, tests[test.rawValue]) { try test.score(a, b, isInteger: isInteger) }
    }
  }

  @Test(arguments: Golden.cases("cat", "bool", "int"))
  func `every categorical test gives Evidently's score and verdict`(name: String) throws {
    let expected = try Golden.json("expected/\(name).json")
    guard let tests = expected["evidently"]?["stattests"]?["cat"] else { return }
    let counts = try Golden.counts(name)
    for test in EvidentlyTest.allCases where test.takesCategories && !Self.random.contains(test) {
      check(name, test, tests[test.rawValue]) { try test.score(counts) }
    }
  }

  private func check(_ name: String, _ test: EvidentlyTest, _ want: JSON?, _ compute: () throws -> TestResult) {
    guard let want, want["skipped"] == nil, !(name == "binary_int" && test == .eppsSingleton) else { return }
    expectGolden("\(name) evidently/\(test.rawValue)", want["score"], tolerance: 1e-8, absolute: 1e-14, isPValue: !test.isDistance) {
      let result = try compute()
      return test.isDistance ? result.statistic : result.pValue
    }
    guard let drifted = want["drifted"]?.bool, let result = try? compute() else { return }
    let score = test.isDistance ? result.statistic : result.pValue
    #expect(test.isDrift(score, threshold: test.threshold) == drifted, "\(name) \(test.rawValue)")
    #expect(test.threshold == want["threshold"]?.double)
  }
}
