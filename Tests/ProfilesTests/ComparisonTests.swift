import Profiles
import Statistics
import Testing
import Values

@Suite struct ComparisonTests {
  @Test func `the breast cancer case gives scipy's KS numbers and Benjamini and Hochberg's verdicts`() throws {
    let expected = try GoldenFiles.json("expected/breast_cancer.json")
    var options = ComparisonOptions()
    options.exclude = ["target"]
    options.also = [.psi, .wasserstein]
    let result = try Comparison.run(
      reference: try GoldenFiles.table("breast_reference.csv"), current: try GoldenFiles.table("breast_current.csv"), options: options)
    #expect(result.rows.reference == 200 && result.rows.current == 200)
    #expect(result.columns.count == 30)
    let adjusted = expected["multiple testing over the 30 KS p-values (column order of the file)"]!["fdr_bh"]!["adjusted"]!.array!
    for (position, column) in result.columns.enumerated() {
      let want = expected["columns"]![column.name]!
      let ks = want["scipy"]!["ks_2samp(method=auto)"]!
      #expect(column.test == "ks")
      #expect(isClose(column.statistic, ks["statistic"]?.double))
      #expect(isClose(column.pValue, ks["pvalue"]?.double, ks["pvalue"]!.double! < 1e-12 ? 1e-6 : 1e-9))
      #expect(isClose(column.pAdjusted, adjusted[position].double, 1e-6))
      #expect(column.effect == column.statistic)
      let deciles = want["binned"]!["10 reference deciles (linear quantiles, duplicates removed), right-closed, outer bins unbounded"]!
      #expect(isClose(column.also[0].statistic, deciles["psi floor=1e-4, no renormalise: sum((P-Q)*ln(P/Q))"]?.double))
      let summary = want["summary_cur"]!
      #expect(isClose(column.current?.mean, summary["mean"]?.double))
      #expect(isClose(column.current?.std, summary["std_ddof1"]?.double))
      #expect(column.current?.count == 200)
    }
    #expect(result.drift.detected)
    #expect(result.drift.driftedColumns == ["mean radius"])
    #expect(isClose(result.drift.share, 1.0 / 30))
  }

  @Test func `the result reads back from its JSON, in the documented order`() throws {
    let (reference, current) = (try GoldenFiles.table("breast_reference.csv"), try GoldenFiles.table("breast_current.csv"))
    let result = try Comparison.run(reference: reference, current: current)
    #expect(result.json.object!.members.map(\.key) == ["rows", "drift", "schema", "quality_columns", "columns"])
    #expect(
      result.json["columns"]![0]!.object!.members.prefix(12).map(\.key) == [
        "name", "type", "test", "statistic", "p_value", "score", "p_adjusted", "effect", "threshold", "drifted", "verdict", "quality",
      ])
    #expect(result.json["columns"]![0]!["reference"]!["quantiles"]!.object!.members.map(\.key) == ["0.05", "0.25", "0.5", "0.75", "0.95"])
    let read: ComparisonResult = try JSON(encoding: result).decode()
    #expect(read == result)
  }

  @Test func `a reference made once gives the same answers`() throws {
    let (reference, current) = (try GoldenFiles.table("breast_reference.csv"), try GoldenFiles.table("breast_current.csv"))
    let ready = ComparisonReference(reference)
    #expect(try Comparison.run(reference: ready, current: current) == Comparison.run(reference: reference, current: current))
  }

  @Test func `small samples are inconclusive, not stable`() throws {
    let (reference, current) = try GoldenFiles.tables("tiny_n5")
    var options = ComparisonOptions(choice: .test(.own(.ks)))
    options.exclude = ["row"]
    let column = try #require(try Comparison.run(reference: reference, current: current, options: options)["value"])
    #expect(column.verdict == .inconclusive)
    #expect(column.statistic != nil && column.pValue != nil)
    options.minimumRows = 5
    #expect(try Comparison.run(reference: reference, current: current, options: options)["value"]?.verdict != .inconclusive)
  }

  @Test func `columns that cannot be judged cost the others nothing`() throws {
    let rows = (0..<60).map { "\($0 % 7).5,,x,\($0),a b c \($0)" }.joined(separator: "\n")
    let reference = try GoldenFiles.parse("fine,empty,same,wide,words\n\(rows)\n")
    let current = try GoldenFiles.parse("fine,empty,same,wide,new\n" + (0..<60).map { "\($0 % 7).5,,x,w\($0 % 3),1" }.joined(separator: "\n"))
    let result = try Comparison.run(reference: reference, current: current)
    #expect(result.schema.missing == ["words"])
    #expect(result.schema.new == ["new"])
    #expect(result.schema.typeChanged == ["wide"])
    #expect(result["fine"]?.verdict == .stable)
    #expect(result["empty"]?.skipped == "not computable: the reference has no values")
    #expect(result["same"]?.verdict == .stable)
    #expect(result["wide"]?.skipped == "type changed from numeric to categorical")
    #expect(result["words"]?.skipped == "missing from the current data")
    #expect(!result.drift.detected)
  }

  @Test func `a cell that is no number stops the comparison and is named`() throws {
    let reference = try GoldenFiles.parse("a,b\n" + (0..<40).map { "\($0).25,1\n" }.joined())
    let broken = try GoldenFiles.parse("a,b\n" + (0..<40).map { $0 == 15 ? "\"12,5\",1\n" : "\($0).25,1\n" }.joined(), source: "current.csv")
    let error = #expect(throws: TableError.self) { try Comparison.run(reference: reference, current: broken) }
    #expect(error?.description.hasPrefix("current.csv:17: column \"a\": \"12,5\" is not a number; ") == true)
    #expect(error?.withoutData.contains("12,5") == false)
    var options = ComparisonOptions()
    options.exclude = ["a"]
    #expect(try Comparison.run(reference: reference, current: broken, options: options).columns.count == 1)
  }

  @Test func `quality findings are told apart from drift`() throws {
    let (reference, current) = try GoldenFiles.tables("missing_part")
    var options = ComparisonOptions()
    options.exclude = ["row"]
    let missing = try #require(try Comparison.run(reference: reference, current: current, options: options)["value"])
    #expect(missing.quality.findings == [.missingRateChanged])
    #expect(missing.verdict == .stable)
    let want = try GoldenFiles.json("expected/missing_part.json")["stats"]?["missing share chi2_contingency 2x2 (correction=False)"]
    #expect(isClose(missing.quality.missingPValue, want?["pvalue"]?.double, 1e-8))
    let (a, b) = try GoldenFiles.tables("cat_new_categories")
    let new = try #require(try Comparison.run(reference: a, current: b, options: options)["value"])
    #expect(new.quality.findings == [.newCategories])
    #expect(new.quality.newCategories == ["d", "e"])
    #expect(isClose(new.quality.newCategoryShare, 102.0 / 425))
    #expect(new.drifted)
    let (c, d) = try GoldenFiles.tables("all_missing_cur")
    let empty = try #require(try Comparison.run(reference: c, current: d, options: options)["value"])
    #expect(empty.quality.findings.contains(.allMissing))
    #expect(empty.verdict == .skipped)
  }

  @Test func `a distance over its threshold by chance alone is no drift`() throws {
    let (reference, current) = try GoldenFiles.tables("unequal_sizes")
    var options = ComparisonOptions(choice: .test(.own(.psi)))
    options.exclude = ["row"]
    let column = try #require(try Comparison.run(reference: reference, current: current, options: options)["value"])
    #expect(column.score! >= 0.1)
    #expect(column.pValue! > 0.05)
    #expect(column.verdict == .stable)
  }

  @Test func `a test or a threshold can be chosen for one column`() throws {
    let (reference, current) = (try GoldenFiles.table("breast_reference.csv"), try GoldenFiles.table("breast_current.csv"))
    var options = ComparisonOptions()
    options.columnTests = ["mean radius": try #require(.init("psi:0.2")), "mean texture": try #require(.init("evidently/wasserstein"))]
    let result = try Comparison.run(reference: reference, current: current, options: options)
    #expect(result["mean radius"]?.test == "psi" && result["mean radius"]?.threshold == 0.2 && result["mean radius"]?.drifted == true)
    #expect(result["mean texture"]?.test == "evidently/wasserstein" && result["mean texture"]?.threshold == 0.1)
    #expect(ComparisonOptions.ColumnTest("nonsense") == nil)
    #expect(ComparisonOptions.ColumnTest("psi:x") == nil)
  }

  @Test func `texts drift when a classifier tells them apart`() throws {
    func words(_ count: Int, _ topic: [String], _ seed: UInt64) -> String {
      var random = RandomSource(seed: seed)
      return "i,text\n"
        + (0..<count).map { row in
          let words = (0..<3).map { _ in topic.randomElement(using: &random) ?? "" }
          return "\(row),\(words.joined(separator: " ")) no \(Int.random(in: 0..<1000, using: &random))\n"
        }.joined()
    }
    let animals = ["cat", "dog", "horse", "cow", "bird", "mouse", "fish"]
    var options = ComparisonOptions()
    options.exclude = ["i"]
    let same = try Comparison.run(
      reference: try GoldenFiles.parse(words(300, animals, 1)), current: try GoldenFiles.parse(words(300, animals, 2)), options: options)
    #expect(same["text"]?.type == .text)
    #expect(same["text"]?.verdict == .stable)
    let other = try Comparison.run(
      reference: try GoldenFiles.parse(words(300, animals, 1)),
      current: try GoldenFiles.parse(words(300, ["loan", "rate", "bank", "fund", "bond", "share", "tax"], 2)), options: options)
    #expect(other["text"]?.verdict == .drifted)
  }

  @Test func `times are compared as instants`() throws {
    let (reference, current) = try GoldenFiles.tables("datetimes")
    var options = ComparisonOptions()
    options.exclude = ["row"]
    let result = try Comparison.run(reference: reference, current: current, options: options)
    let want = try GoldenFiles.json("expected/datetimes.json")["stats"]?["scipy (finite values only)"]?["ks_2samp(method=auto)"]
    let column = try #require(result["value"])
    #expect(column.type == .datetime)
    #expect(isClose(column.statistic, want?["statistic"]?.double))
    #expect(column.json["reference"]?["min"]?.string?.hasPrefix("2024-01-0") == true)
  }
}
