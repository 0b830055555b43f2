import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// What measurers say of the model, and how labels find their windows.
@Suite struct MeasuringTests {
  /// A calibrated model of one input: its probability is right, until the meaning of the input turns.
  /// - Parameters:
  ///   - shift: of the input.
  ///   - turned: the share of rows that have come to mean the opposite.
  static func rows(_ count: Int, _ name: String, shift: Double = 0, turned: Double = 0, seed: UInt64) -> (window: String, labels: String) {
    var random = Seed(seed).makeGenerator()
    var (window, labels) = ("id,at,x,site,score,said\n", "id,truth\n")
    let start = Timestamp("2026-11-01T00:00:00Z")! + .seconds(Int64(seed) * 3600)
    for row in 0..<count {
      // Evenly spread, so that how sure the model is does not change by chance.
      let x = (Double(row) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1) * 6 - 3 + shift
      let p = 1 / (1 + exp(-x))
      let isTrue = (Double.random(in: 0..<1, using: &random) < p) != (Double.random(in: 0..<1, using: &random) < turned)
      window += "\(name)-\(row),\(start + .seconds(Int64(row))),\(x),\(row % 10 == 0 ? "small" : "large"),\(p),\(p > 0.5 ? "yes" : "no")\n"
      labels += "\(name)-\(row),\(isTrue ? "yes" : "no")\n"
    }
    return (window, labels)
  }

  static let declarations = """
    kind: Model
    name: judge
    task: classification
    ---
    kind: Monitor
    name: judge-live
    model: judge
    baseline: {file: reference.csv}
    window: {files: "incoming/*.csv", labels: {files: "labels/*.csv"}, every: 1s, minimum_rows: 100}
    columns: {id: id, time: at, prediction: said, probability: score, label: truth, group: site}
    ---
    kind: AlertRule
    name: turned
    monitor: judge-live
    when: {metric: concept_drift, at_least: 1}
    severity: critical
    """

  static func reference() -> String {
    let (window, labels) = rows(1500, "r", seed: 1)
    let truths = labels.split(separator: "\n").map { $0.split(separator: ",")[1] }
    return zip(window.split(separator: "\n"), truths).map { "\($0),\($1)\n" }.joined()
  }

  @Test func `labels show what the estimate could not see: a silent failure, by concept drift, and an alert tells it`() async throws {
    try await Scenario.run { scenario in
      try scenario.write("reference.csv", Self.reference())
      try scenario.write("kedge.yaml", Self.declarations)
      let quiet = Self.rows(800, "a", seed: 2)
      let turned = Self.rows(800, "b", turned: 0.3, seed: 3)
      try scenario.write("incoming/a.csv", quiet.window)
      try scenario.write("incoming/b.csv", turned.window)
      try scenario.worker("projector,scheduler,measurer")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      try await scenario.waitFor("the inputs", sql: "select 1 from kedge.measurement where part = 'input' having count(*) = 2")
      try scenario.write("labels/a.csv", quiet.labels)
      try scenario.write("labels/b.csv", turned.labels)
      try await scenario.waitFor("the alert", sql: "select 1 from kedge.alert where rule = 'turned' and state = 'firing'")

      let items = try #require(try await scenario.kedge("get", "measurements", "judge-live", "-o", "json").json()["items"]?.array)
      func item(_ name: String, _ part: String) throws -> JSON {
        try #require(items.last { $0["part"]?.string == part && $0["window"]?["source"]?.string?.hasSuffix("/\(name).csv") == true })
      }
      for name in ["a", "b"] {
        let input = try item(name, "input")
        let estimated = try #require(input["metrics"]?["estimated_accuracy"]?.double)
        #expect(estimated > 0.7 && estimated < 0.85, "it cannot see what turned")
        #expect(input["model_drift"]?["estimation"]?["method"] == "cbpe")
        #expect(input["drift_kinds"] == [])
        // 80 rows of the small site are enough, in the window as in the reference.
        #expect(input["segments"]?.array?.map { $0["group"] } == ["large", "small"])
        #expect(input["segments"]?[1]?["drift"]?["detected"] == false)
      }
      let calm = try item("a", "quality")
      #expect(calm["model_drift"]?["accuracy_against_uncertainty"]?["verdict"] == "neither")
      #expect(abs(calm["metrics"]?["estimated_accuracy_error"]?.double ?? 1) < 0.06)
      let silent = try item("b", "quality")
      #expect(silent["model_drift"]?["accuracy_against_uncertainty"]?["verdict"] == "silent_failure")
      #expect(silent["model_drift"]?["accuracy_against_uncertainty"]?["against"] == "reference")
      #expect(silent["drift_kinds"]?.array?.contains("concept") == true)
      #expect((silent["metrics"]?["estimated_accuracy_error"]?.double ?? 0) > 0.08)

      let seen = try await scenario.value(
        "select verdict || ' ' || array_to_string(drift_kinds, ',') from audit.performance where source like '%/b.csv' order by position desc limit 1")
      #expect(seen?.hasPrefix("silent_failure ") == true && seen?.contains("concept") == true)
      let described = try await scenario.kedge("describe", "measurement", try #require(silent["id"]?.string))
      #expect(described.out.contains("silent_failure") && described.out.contains("what the inputs and the classes' shares explain"), "\(described.out)")
      try await scenario.verify()
    }
  }

  @Test func `labels find their windows, before or after them, in parts, and of windows that cannot be compared`() async throws {
    try await Scenario.run { scenario in
      try scenario.write("reference.csv", Self.reference())
      try scenario.write("kedge.yaml", Self.declarations)
      let early = Self.rows(200, "e", seed: 2)
      let late = Self.rows(200, "l", seed: 3)
      let broken = Self.rows(200, "k", seed: 4)
      // Half of one and half of the other, in one file, before both.
      let lines = early.labels.split(separator: "\n").map(String.init)
      let others = late.labels.split(separator: "\n").map(String.init)
      try scenario.write("labels/1.csv", ([lines[0]] + lines[1...100] + others[1...100]).joined(separator: "\n") + "\n")
      try scenario.worker("projector,scheduler,measurer")
      try scenario.worker("measurer")
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      try await scenario.waitFor("labels without a window", sql: "select 1 from kedge.label_file where unmatched = 200")
      try scenario.write("incoming/e.csv", early.window)
      try scenario.write("incoming/l.csv", late.window)
      // A column is missing: its inputs cannot be compared, how right it was can be told.
      try scenario.write("incoming/k.csv", broken.window.replacing(",x,", with: ",z,"))
      func rows(_ name: String, _ count: Int) async throws {
        try await scenario.waitFor(
          "\(count) labelled rows of \(name)",
          sql: "select 1 from kedge.measurement where part = 'quality' and source like \("%/\(name).csv") and rows = \(count)")
      }
      try await rows("e", 100)
      try await rows("l", 100)
      try scenario.write("labels/2.csv", ([lines[0]] + lines[101...200] + others[101...200]).joined(separator: "\n") + "\n")
      try await rows("e", 200)
      try await rows("l", 200)
      try await scenario.waitFor("the broken one", sql: "select 1 from kedge.measurement where part = 'input' and failure like '%column \"x\"%'")
      try scenario.write("labels/3.csv", broken.labels)
      try await rows("k", 200)
      // What is written later is right: every answer was no.
      try scenario.write("labels/4.csv", early.labels.replacing(",yes", with: ",no"))
      try await scenario.waitFor(
        "the correction",
        sql: "select 1 from kedge.measurement where part = 'quality' and source like '%/e.csv' and rows = 200 and (metrics ->> 'recall') is null")
      #expect(try await scenario.value("select count(*)::text from kedge.join_key") == "7")
      try await scenario.verify()
    }
  }

  @Test func `a pinned reference is not read again, and what others measured is taken over`() async throws {
    try await Scenario.run { scenario in
      try scenario.write("reference.csv", Self.reference())
      try scenario.write("kedge.yaml", Self.declarations)
      #expect(try await scenario.kedge("apply", "-f", "kedge.yaml").status == 0)
      try FileManager.default.removeItem(atPath: "\(scenario.directory)/reference.csv")
      try scenario.write("incoming/a.csv", Self.rows(800, "a", shift: 2, seed: 2).window)
      try scenario.worker("projector,scheduler,measurer")
      try await scenario.waitFor("the window", sql: "select 1 from kedge.measurement where part = 'input' and failure is null")
      let item = try #require(try await scenario.kedge("get", "measurements", "judge-live", "-o", "json").json()["items"]?[0])
      #expect(item["drift"]?["drifted_columns"]?.array?.contains("x") == true)
      #expect(item["model_drift"]?["estimation"]?["method"] == "cbpe" && item["segments"]?[0]?["drift"]?["detected"] == true)

      let drift: JSON = ["type": "evidently:metric_v2:ValueDrift", "column": "x", "method": "K-S p_value", "threshold": 0.05]
      let report = JSON(dictionaryLiteral: ("metrics", [["id": "1", "config": drift, "value": 0.001]]))
      try scenario.write("report.json", report.description)
      let arguments = ["measure", "judge-live", "--import", "\(scenario.directory)/report.json", "--window", "2026-12-01/2026-12-02", "-o", "json"]
      for expected in [["measurement_recorded"], []] {
        let taken = try await scenario.program.run(arguments)
        #expect(taken.status == 0, "\(taken.err)")
        #expect(try taken.json()["events"]?.array?.compactMap { $0["type"]?.string } == expected)
      }
      try await scenario.waitFor(
        "what was taken over", sql: "select 1 from kedge.measurement where source like '%/report.json' and (drift ->> 'detected')::boolean")
      try scenario.write("broken.json", "{")
      let broken = try await scenario.kedge("measure", "judge-live", "--import", "\(scenario.directory)/broken.json")
      #expect(broken.status == 2 && broken.err.contains("is neither JSON nor a whylogs profile"), "\(broken.err)")
      try await scenario.verify()
    }
  }
}
