import Profiles
import Statistics
import Testing
import Values

@Suite struct EvidentlyPresetTests {
  private func options() -> ComparisonOptions {
    var options = ComparisonOptions(choice: .evidently)
    options.exclude = ["row"]
    return options
  }

  @Test(arguments: GoldenFiles.cases("num", "int", "cat", "bool"))
  func `the evidently preset gives the number and the verdict that its users know`(name: String) throws {
    let want = try GoldenFiles.json("expected/\(name).json")["evidently"]?["DataDriftPreset (as a user calls it)"]
    let preset = try #require(want?["inferred types"] ?? want)
    let (reference, current) = try GoldenFiles.tables(name)
    let result = try Comparison.run(reference: reference, current: current, options: options())
    let column = try #require(result["value"])
    guard let values = preset["values"]?.array, let method = preset["metric_names"]?[1]?.string else {
      #expect(column.verdict == .skipped || column.skipped != nil, "\(name): Evidently stops with \(preset), we say \(column.verdict)")
      return
    }
    if method.contains("text") {
      #expect(column.type == .text && column.skipped != nil)
      return
    }
    let wanted = values[1].double
    #expect(isClose(column.score, wanted, 1e-8), "\(name): \(method) wanted \(values[1]), got \(column.test ?? "") \(String(describing: column.score))")
    #expect(column.drifted == (preset["test_status"]?[1]?.string == "FAIL"), "\(name)")
    #expect(result.drift.detected == (preset["test_status"]?[0]?.string == "FAIL"), "\(name)")
  }

  @Test func `the evidently preset gives its scores on the breast cancer data`() throws {
    let expected = try GoldenFiles.json("expected/breast_cancer.json")
    var options = ComparisonOptions(choice: .evidently)
    let (reference, current) = (try GoldenFiles.table("breast_reference.csv"), try GoldenFiles.table("breast_current.csv"))
    for (key, exclude) in [("features only (30)", Set(["target"])), ("features + target (31)", [])] {
      options.exclude = exclude
      let want = try #require(expected["evidently DataDriftPreset, \(key)"])
      let result = try Comparison.run(reference: reference, current: current, options: options)
      #expect(Double(result.drift.driftedColumns.count) == want["count/share"]?["count"]?.double)
      #expect(isClose(result.drift.share, want["count/share"]?["share"]?.double))
      for (name, score) in want["scores"]!.object!.members { #expect(isClose(result[name]?.score, score.double, 1e-8), "\(name)") }
    }
  }
}
