import Profiles
import Statistics
import Testing
import Values

@Suite struct EvaluationTests {
  private var bootstrap: Bootstrap {
    var few = Bootstrap()
    few.resamples = 60
    return few
  }

  @Test func `evaluate gives scikit-learn's and Fairlearn's numbers in the documented shape`() throws {
    let table = try GoldenFiles.table("fairness_sample.csv")
    let columns = Evaluation.Columns(label: "y_true", prediction: "y_pred", probability: "y_proba", groups: ["sex"])
    let json = try Evaluation.run(table, columns: columns, bootstrap: bootstrap).json
    let want = try GoldenFiles.json("expected/quality.json")["binary"]
    #expect(json["rows"]?.integer == 1000)
    #expect(isClose(json["metrics"]?["accuracy"]?["value"]?.double, want?["accuracy"]?.double))
    #expect(isClose(json["metrics"]?["roc_auc"]?["value"]?.double, want?["roc_auc"]?.double))
    #expect(json["metrics"]?["accuracy"]?["low"]?.double ?? 1 < 0.749)
    let fair = try GoldenFiles.json("expected/fairness.json")["sex"]
    #expect(isClose(json["fairness"]?["demographic_parity_difference"]?.double, fair?["demographic_parity_difference"]?.double))
    #expect(json["fairness"]?["by_group"]?["F"]?["count"]?.integer == 456)
    #expect(json["calibration"]?.array?.count == 10)
  }

  @Test func `a file against itself differs by nothing`() throws {
    let table = try GoldenFiles.table("fairness_sample.csv")
    let columns = Evaluation.Columns(label: "y_true", prediction: "y_pred", probability: "y_proba")
    let json = try Evaluation.run(table, columns: columns, against: table, bootstrap: bootstrap).json
    #expect(json["against"]?["mcnemar_p"]?.double == 1)
    #expect(json["against"]?["difference"]?["accuracy"]?["value"]?.double == 0)
    #expect(json["against"]?["difference"]?["roc_auc"]?["high"]?.double == 0)
  }

  @Test func `rows are joined by identifier and the difference is this file's less the other's`() throws {
    let mine = try GoldenFiles.parse("id,y,p\n" + (0..<100).map { "\($0),\($0 % 2),\($0 % 2)\n" }.joined())
    let theirs = try GoldenFiles.parse("id,y,p\n" + (0..<100).reversed().map { "\($0),\($0 % 2),\($0 < 20 ? 1 - $0 % 2 : $0 % 2)\n" }.joined())
    let result = try Evaluation.run(mine, columns: .init(label: "y", prediction: "p", id: "id"), against: theirs, bootstrap: bootstrap)
    let difference = try #require(result.against?.comparison?.differences[.accuracy]?.estimate)
    #expect(isClose(difference.value, 0.2))
    #expect(difference.low > 0.1)
    #expect(result.against?.comparison?.mcNemar?.pValue ?? 1 < 0.001)
  }

  @Test func `an evaluator's file gives champion, challenger and their difference`() throws {
    let text =
      "id,label,champion,challenger,champion_probability,challenger_probability,site\n"
      + (0..<200).map { "\($0),\($0 % 2),\($0 % 2),\($0 % 5 == 0 ? 1 - $0 % 2 : $0 % 2),0.\($0 % 2 == 0 ? 2 : 8),0.\($0 % 2 == 0 ? 4 : 6),\($0 % 3)\n" }
      .joined()
    let result = try Evaluation.challenge(try GoldenFiles.parse(text), groups: ["site"], bootstrap: bootstrap)
    #expect(result.champion?.metrics[.accuracy]?.value == 1)
    #expect(isClose(result.challenger.metrics[.accuracy]?.value, 0.8))
    #expect(isClose(result.comparison?.differences[.accuracy]?.value, -0.2))
    #expect(result.challenger.value("demographic_parity_difference", group: "site")?.value != nil)
    #expect(result.challenger.value("demographic_parity_difference")?.reason != nil)
    #expect(result.challenger.value("nonsense") == nil)
    let first = try Evaluation.challenge(
      try GoldenFiles.parse(text.replacingOccurrences("champion,challenger,champion_p", with: "old,challenger,old_p")), bootstrap: bootstrap)
    #expect(first.champion == nil && first.comparison == nil)
    #expect(first.json["metrics"]?["champion"]?.isNull == true)
  }

  @Test func `numbers are measured as a regression`() throws {
    let table = try GoldenFiles.table("regression_sample.csv")
    let result = try Evaluation.run(table, columns: .init(label: "y_true", prediction: "y_pred"), bootstrap: bootstrap)
    let want = try GoldenFiles.json("expected/quality.json")["regression"]
    #expect(result.quality.task == .regression)
    #expect(isClose(result.quality.metrics[.rmse]?.value, want?["rmse"]?.double))
    #expect(result.quality.value("accuracy")?.reason == "a regression has no accuracy")
  }

  @Test func `what cannot be evaluated says where and why`() throws {
    let table = try GoldenFiles.parse("y,p,s\n1,1,1.7\n0,0,0.2\n")
    let bad = #expect(throws: TableError.self) { try Evaluation.run(table, columns: .init(label: "y", prediction: "p", probability: "s")) }
    #expect(bad?.description == "test.csv:2: column \"s\": \"1.7\" is not a probability; give the probability of the positive class, between 0 and 1")
    let missing = #expect(throws: TableError.self) { try Evaluation.run(table, columns: .init(label: "z", prediction: "p")) }
    #expect(missing?.description == "test.csv: column \"z\": is missing; the columns are: y, p, s")
  }
}

extension String {
  func replacingOccurrences(_ text: String, with other: String) -> String { split(separator: text, omittingEmptySubsequences: false).joined(separator: other) }
}

@Suite struct JoiningTests {
  @Test func `labels that come later meet their predictions by identifier`() throws {
    let raw = TableReader.Options(raw: ["id"])
    let window = try GoldenFiles.parse("id,p,s\n001,1,0.9\n002,0,0.2\n003,1,0.7\n", options: raw)
    let labels = try GoldenFiles.parse("id,y\n003,0\n001,1\n001,\n009,1\n", options: raw)
    let joined = try window.joined(with: labels, id: "id", label: "y")
    #expect(joined.rowCount == 2)
    #expect(try joined.strings("id") == ["001", "003"])
    #expect(try joined.numbers("y") == [1, 0])
    #expect(String(decoding: joined.csv, as: UTF8.self) == "id,p,s,y\n001,1,0.9,1\n003,1,0.7,0\n")
  }

  @Test func `a table written is read back the same`() throws {
    let text = "a,\"b,c\",at\n1.5,\"x\ny \"\"z\"\"\",2026-01-01T00:00:00Z\n,plain,\n"
    let table = try GoldenFiles.parse(text)
    #expect(String(decoding: table.csv, as: UTF8.self) == text)
  }

  @Test func `confidence needs no labels`() throws {
    let table = try GoldenFiles.parse("p,s\n1,0.9\n1,0.7\n1,0.8\n")
    let metrics = try Evaluation.confidence(table, prediction: "p", probability: "s")
    #expect(isClose(metrics[.meanConfidence]?.value, 0.8))
    #expect(metrics[.meanEntropy]?.value != nil)
    #expect(metrics[.accuracy]?.reason == "there are no labels")
  }
}
