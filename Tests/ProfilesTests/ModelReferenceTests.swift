import Foundation
import Profiles
import Statistics
import Testing
import Values

@Suite struct ModelReferenceTests {
  private let columns = ModelReference.Columns(prediction: "y_pred", probability: "y_pred_proba", label: "y_true", excluded: [])

  @Test(arguments: ["calibrated", "miscalibrated"])
  func `a window's performance without labels is what NannyML estimates`(kind: String) throws {
    let reference = try ModelReference(try GoldenFiles.table("cbpe_\(kind)_reference.csv"), task: .classification, columns: columns)
    let analysis = try GoldenFiles.table("cbpe_\(kind)_analysis.csv")
    let chunks = try GoldenFiles.json("expected/nannyml.json")["CBPE \(kind)"]!["chunks (reference then analysis)"]!.array!
      .filter { $0["chunk|period"]?.string == "analysis" }
    for (index, chunk) in chunks.enumerated() {
      let window = analysis.selecting(Array((index * 1000)..<((index + 1) * 1000)))
      let answers = try ModelAnswers(window, task: .classification, prediction: "y_pred", probability: "y_pred_proba")
      let estimation = reference.estimate(answers, in: window)
      #expect(estimation.method == "cbpe" && estimation.reason == nil)
      for metric in ConfidenceBasedEstimate.metrics {
        let found = try #require(estimation.metrics[metric])
        let tolerance = metric == .rocAUC ? 1e-6 : 1e-9
        #expect(isClose(found.value, chunk["\(metric.rawValue)|value"]?.double, tolerance), "\(metric) of chunk \(index)")
        #expect(isClose(found.high, chunk["\(metric.rawValue)|upper_confidence_boundary"]?.double, 1e-6), "\(metric) of chunk \(index)")
      }
    }
  }

  @Test func `the accuracy that labels gave is what NannyML calls realized`() throws {
    let reference = try ModelReference(try GoldenFiles.table("cbpe_calibrated_reference.csv"), task: .classification, columns: columns)
    let analysis = try GoldenFiles.table("cbpe_calibrated_analysis.csv")
    let chunks = try GoldenFiles.json("expected/nannyml.json")["realized calibrated"]!.array!.filter { $0["chunk|period"]?.string == "analysis" }
    #expect(chunks.count == 4)
    for (index, chunk) in chunks.enumerated() {
      let window = analysis.selecting(Array((index * 1000)..<((index + 1) * 1000)))
      let answers = try ModelAnswers(
        window, task: .classification, prediction: "y_pred", probability: "y_pred_proba", labels: try window.strings("y_true"))
      let metrics = ClassificationMetrics(try #require(reference.classified(answers)))
      for metric in [QualityMetric.accuracy, .rocAUC, .f1] {
        #expect(isClose(metrics[metric]?.value, chunk["\(metric.rawValue)|value"]?.double, 1e-9), "\(metric) of chunk \(index)")
      }
    }
  }

  @Test func `a window in which one class alone was predicted keeps the reference's positive class`() throws {
    let reference = try ModelReference(
      GoldenFiles.parse("p,s,y\n" + (0..<40).map { "\($0 % 2 == 0 ? "bad" : "good"),\($0 % 2 == 0 ? 0.2 : 0.8),\($0 % 3 == 0 ? "bad" : "good")\n" }.joined()),
      task: .classification, columns: .init(prediction: "p", probability: "s", label: "y", excluded: []))
    let window = try GoldenFiles.parse("p,s\nbad,0.1\nbad,0.2\n")
    let rows = try #require(reference.classified(try ModelAnswers(window, task: .classification, prediction: "p", probability: "s")))
    #expect(rows.classes == ["bad", "good"] && rows.positive == 1)
  }

  @Test func `true and True, 1 and 1.0 are one class, whichever file they stand in`() throws {
    let window = try GoldenFiles.parse("p\n1.0\n0.0\n1.0\n")
    let answers = try ModelAnswers(window, task: .classification, prediction: "p", labels: ["1", "1", nil])
    #expect(answers.count == 2)
    guard case .classes(let predictions, _, let labels) = answers.values else { return #expect(Bool(false), "classes") }
    #expect(predictions == ["1", "0"] && labels == ["1", "1"])
  }

  @Test func `a classifier without probabilities is judged by how right it was on inputs like these`() throws {
    // Wrong in one of two above x = 1, never below.
    func rows(_ range: Range<Int>) -> String {
      "x,p,y\n" + range.map { "\(Double($0) / 100),\($0 % 2),\($0 >= 100 && $0 / 2 % 2 == 0 ? 1 - $0 % 2 : $0 % 2)\n" }.joined()
    }
    let reference = try ModelReference(
      GoldenFiles.parse(rows(0..<200)), task: .classification, columns: .init(prediction: "p", probability: nil, label: "y", excluded: []))
    func estimate(_ range: Range<Int>) throws -> Estimate {
      let window = try GoldenFiles.parse(rows(range))
      let found = reference.estimate(try ModelAnswers(window, task: .classification, prediction: "p"), in: window)
      #expect(found.method == "dle")
      return try #require(found.metrics[.accuracy])
    }
    #expect(try estimate(0..<60).value > 0.95)
    #expect(abs(try estimate(140..<200).value - 0.5) < 0.1)
  }

  @Test func `of several classes the accuracy is estimated from how sure each answer is`() throws {
    func rows(_ range: Range<Int>, _ sure: Double) -> String {
      "p,s,y\n" + range.map { "c\($0 % 3),\(sure),c\(Double($0 % 10) < sure * 10 ? $0 % 3 : ($0 + 1) % 3)\n" }.joined()
    }
    let reference = try ModelReference(
      GoldenFiles.parse(rows(0..<600, 0.9) + rows(0..<600, 0.6).dropFirst(6)), task: .classification,
      columns: .init(prediction: "p", probability: "s", label: "y", excluded: []))
    let window = try GoldenFiles.parse(rows(0..<300, 0.6))
    let found = reference.estimate(try ModelAnswers(window, task: .classification, prediction: "p", probability: "s"), in: window)
    let accuracy = try #require(found.metrics[.accuracy])
    #expect(found.metrics.count == 1 && abs(accuracy.value - 0.6) < 0.03 && accuracy.low < accuracy.value)
  }

  @Test(arguments: [
    ("x,y\n1,0\n2,1\n", "the reference has no predictions"), ("p,s\n1,0.7\n0,0.2\n", "the reference has no labels"),
    ("p,s,y\n1,0.7,1\n0,0.2,0\n", "it takes 20 rows with labels"),
  ])
  func `what a reference cannot say is said with its reason`(text: String, reason: String) throws {
    let reference = try ModelReference(
      GoldenFiles.parse(text), task: .classification, columns: .init(prediction: "p", probability: "s", label: "y", excluded: []))
    let window = try GoldenFiles.parse("p,s\n1,0.7\n")
    let found = reference.estimate(try ModelAnswers(window, task: .classification, prediction: "p", probability: "s"), in: window)
    #expect(found.metrics.isEmpty && found.reason == reason)
  }

  @Test func `a regression's error is estimated, and beyond what its inputs explain it is concept drift`() throws {
    func rows(_ range: Range<Int>, bias: Double = 0) -> String {
      "x,p,y\n" + range.map { "\(Double($0 % 200) / 100),\(Double($0 % 200) / 50),\(Double($0 % 200) / 50 + ($0 % 2 == 0 ? 0.1 : -0.1) + bias)\n" }.joined()
    }
    let columns = ModelReference.Columns(prediction: "p", probability: nil, label: "y", excluded: [])
    let reference = try ModelReference(GoldenFiles.parse(rows(0..<400)), task: .regression, columns: columns)
    func kinds(bias: Double) throws -> [DriftKind.Kind] {
      let window = try GoldenFiles.parse(rows(0..<200, bias: bias))
      let answers = try ModelAnswers(window, task: .regression, prediction: "p", labels: try window.strings("y"))
      guard case .numbers(let predictions, let labels?) = answers.values else { return [] }
      let estimation = reference.estimate(answers, in: window)
      #expect(abs((estimation.metrics[.mae]?.value ?? 0) - 0.1) < 0.01)
      let error = RegressionMetrics(labels: labels, predictions: predictions)[.mae]?.estimate
      return reference.driftKind(driftedInputs: (0, 1), answers, estimation, quality: error).kinds
    }
    #expect(try kinds(bias: 0) == [])
    #expect(try kinds(bias: 0.3).contains(.concept))
  }

  @Test func `a reference reads back from its JSON as it was`() throws {
    for (task, probability) in [(PredictionTask.classification, "y_pred_proba"), (.classification, nil), (.regression, nil)] {
      let table = try GoldenFiles.table("cbpe_calibrated_reference.csv").selecting(Array(0..<300))
      let reference = try ModelReference(
        table, task: task, columns: .init(prediction: "y_pred", probability: probability, label: "y_true", excluded: []))
      #expect(try JSON(parsing: JSON(encoding: reference).description).decode(ModelReference.self) == reference)
    }
  }
}
