import Foundation
import Profiles
import Statistics
import Testing
import Values

@Suite struct ProfileTests {
  private func file(_ text: String) throws -> (path: String, remove: () -> Void) {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("kedge-\(UUID().uuidString).csv")
    try text.write(to: url, atomically: true, encoding: .utf8)
    return (url.path, { try? FileManager.default.removeItem(at: url) })
  }

  private func rows(_ range: Range<Int>, shift: Double = 0, seed: UInt64 = 1) -> String {
    var random = RandomSource(seed: seed)
    return "x,n,c,flag,at,s\n"
      + range.map {
        "\(random.normal() + shift),\($0 % 4),c\($0 % 5),\($0 % 3 == 0),2026-01-01T00:00:\(String(format: "%02d", $0 % 60))Z,word\($0)\n"
      }.joined()
  }

  @Test func `a profile of a file describes it as the table does`() throws {
    let (path, remove) = try file(rows(0..<3000))
    defer { remove() }
    let profile = try TableReader().profile(path: path)
    let table = try TableReader.read(path: path)
    #expect(profile.rows == 3000)
    #expect(profile.columns.map(\.type) == table.columns.map(\.type))
    #expect(profile.columns.map(\.type) == [.numeric, .categorical, .categorical, .boolean, .datetime, .text])
    let x = try #require(profile["x"])
    let sample = Sample(try table.numbers("x"))
    #expect(isClose(x.moments.mean, sample.mean, 1e-9))
    #expect(isClose(x.moments.standardDeviation, sample.standardDeviation(degreesLost: 1), 1e-9))
    #expect(x.moments.min == sample.values.first)
    #expect(abs((x.quantiles.quantile(0.5) ?? 9) - sample.quantile(0.5)) < 0.03)
    #expect(profile["c"]?.frequent?.counts["c3"] == 600)
    #expect(abs(Double(profile["s"]?.distinct ?? 0) - 3000) < 150)
    #expect(TableProfile(table)["n"]?.frequent == profile["n"]?.frequent)
  }

  @Test func `profiles are written, read back and merged in any order`() throws {
    let parts = try [0..<900, 900..<1000, 1000..<4000].map { range -> TableProfile in
      TableProfile(try GoldenFiles.parse(rows(range, seed: UInt64(range.lowerBound + 1))))
    }
    for part in parts { #expect(try TableProfile(json: JSON(parsing: part.json().text(.compact)), source: "p.json") == part) }
    let orders = try [[0, 1, 2], [2, 0, 1], [1, 2, 0]].map { order -> TableProfile in
      var merged = parts[order[0]]
      for index in order.dropFirst() { try merged.merge(parts[index]) }
      return merged
    }
    for merged in orders {
      #expect(merged.rows == 4000)
      #expect(merged["x"]?.distinctValues == orders[0]["x"]?.distinctValues)
      #expect(merged["c"]?.frequent == orders[0]["c"]?.frequent)
      #expect(isClose(merged["x"]?.moments.mean, orders[0]["x"]?.moments.mean, 1e-9))
      for q in [0.05, 0.5, 0.95] {
        #expect(abs((merged["x"]?.quantiles.quantile(q) ?? 9) - (orders[0]["x"]?.quantiles.quantile(q) ?? 0)) < 0.1)
      }
      #expect(merged.columns.map(\.type) == [.numeric, .categorical, .categorical, .boolean, .datetime, .text])
    }
    var merged = parts[0]
    let odd = TableProfile(try GoldenFiles.parse("y\n1\n"))
    #expect(throws: TableError.self) { try merged.merge(odd) }
    #expect(throws: TableError.self) { try TableProfile(json: ["a": 1], source: "x.json") }
  }

  @Test func `a comparison with a profile finds what the data show and states its error`() throws {
    let reference = try GoldenFiles.parse(rows(0..<6000, seed: 3))
    let same = try GoldenFiles.parse(rows(0..<3000, seed: 4))
    let moved = try GoldenFiles.parse(rows(0..<3000, shift: 0.5, seed: 5))
    var options = ComparisonOptions()
    options.exclude = ["s", "at"]
    options.also = [.psi, .wasserstein, .levene]
    let baseline = ComparisonReference(.profile(TableProfile(reference)), options: options)
    let quiet = try Comparison.run(reference: baseline, current: same)
    #expect(!quiet.drift.detected)
    let found = try Comparison.run(reference: baseline, current: moved)
    let exact = try Comparison.run(reference: reference, current: moved, options: options)
    #expect(found.drift.driftedColumns == ["x"])
    #expect(found.rows.reference == 6000)
    let (a, b) = (try #require(found["x"]), try #require(exact["x"]))
    let bound = try #require(a.errorBound)
    #expect(bound > 0 && bound < 0.01)
    #expect(abs((a.statistic ?? 0) - (b.statistic ?? 1)) <= bound * 1.5)
    #expect(abs((a.also[0].statistic ?? 0) - (b.also[0].statistic ?? 9)) < 0.05)
    #expect(a.also[2].reason == "levene needs the data, and a side is a profile")
    #expect(b.errorBound == nil)
    #expect(found["c"]?.pValue == exact["c"]?.pValue)
    #expect(isClose(a.reference?.mean, b.reference?.mean, 1e-9))
    let read: Profiles.ComparisonResult = try JSON(encoding: found).decode()
    #expect(read == found)
  }

  @Test func `all columns can be tested together`() throws {
    var random = RandomSource(seed: 12)
    func text(_ count: Int, _ correlation: Double) -> String {
      "a,b,c\n"
        + (0..<count).map { row in
          let x = random.normal()
          return "\(x),\(correlation * x + 0.3 * random.normal()),v\(row % 3)\n"
        }.joined()
    }
    let (reference, same, turned) = (try GoldenFiles.parse(text(240, 1)), try GoldenFiles.parse(text(240, 1)), try GoldenFiles.parse(text(240, -1)))
    for name in ["pca_reconstruction", "domain_classifier"] {
      let options = ComparisonOptions(choice: try #require(.init(name)))
      let quiet = try Comparison.run(reference: reference, current: same, options: options)
      #expect(quiet.multivariate?.verdict == .stable && !quiet.drift.detected, "\(name)")
      let found = try Comparison.run(reference: reference, current: turned, options: options)
      #expect(found.multivariate?.verdict == .drifted && found.drift.detected, "\(name)")
      #expect(found.multivariate?.columns == ["a", "b", "c"])
      #expect(found["a"]?.skipped == "not computable: \(name) judges the columns together")
      #expect(found.json["multivariate"]?["test"]?.string == name)
    }
  }
}

@Suite struct DetectionTests {
  @Test func `detect gives River's indices in the documented shape`() throws {
    let table = try GoldenFiles.table("stream_errors_step.csv")
    let json = try Detection(table, column: "x", detector: "adwin").json
    #expect(json == ["detector": "adwin", "rows": 2000, "drift": [1151], "warning": []])
    #expect(try Detection(table, column: "x", detector: "ddm").drift == [1101, 1149])
    let unknown = #expect(throws: TableError.self) { try Detection(table, column: "x", detector: "nonsense") }
    #expect(unknown?.description.contains("page_hinkley") == true)
    let real = try GoldenFiles.table("stream_real_nochange.csv")
    #expect(throws: TableError.self) { try Detection(real, column: "x", detector: "ddm") }
  }
}

@Suite struct ImportAndSegmentTests {
  @Test func `an Evidently report is taken over with its verdicts`() throws {
    let report = try GoldenFiles.json("evidently_report_shape_breast.json")
    let result = try EvidentlyReport.comparison(report, source: "report.json")
    #expect(result.columns.count == 30)
    #expect(result.drift.driftedColumns == ["mean radius"] && !result.drift.detected)
    #expect(isClose(result.drift.share, 1.0 / 30))
    #expect(result["mean radius"]?.test == "evidently/ks" && result["mean radius"]?.pValue == 8.114129962716335e-08)
    let ours = try Comparison.run(
      reference: GoldenFiles.table("breast_reference.csv"), current: GoldenFiles.table("breast_current.csv"), options: ComparisonOptions(choice: .evidently))
    for column in result.columns { #expect(isClose(column.score, ours[column.name]?.score, 1e-8), "\(column.name)") }
    #expect(throws: TableError.self) { try EvidentlyReport.comparison(["a": 1], source: "x") }
  }

  @Test func `groups are compared on their own and the small ones not at all`() throws {
    func text(_ shift: Double, _ seed: UInt64) -> String {
      var random = RandomSource(seed: seed)
      return "x,site\n" + (0..<405).map { "\(random.normal() + ($0 % 2 == 0 ? shift : 0)),\($0 < 400 ? ($0 % 2 == 0 ? "a" : "b") : "c")\n" }.joined()
    }
    let result = try Segments.compare(reference: GoldenFiles.parse(text(0, 1)), current: GoldenFiles.parse(text(1, 2)), by: "site")
    guard case .measured(let a)? = result["a"], case .measured(let b)? = result["b"], case .tooSmall(5)? = result["c"] else {
      Issue.record("\(result.keys)")
      return
    }
    #expect(a.drift.detected && !b.drift.detected)
  }

  @Test func `declared categories keep their zeros when a side is read`() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("kedge-\(UUID().uuidString).csv")
    try "zip\n01234\n99999\n".write(to: url, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: url) }
    var options = ComparisonOptions()
    options.categorical = ["zip"]
    guard case .table(let table) = try ComparisonSide.read(path: url.path, options: options) else { return }
    #expect(table["zip"]?.string(at: 0) == "01234")
    let profile = TableProfile(table)
    let saved = url.path + ".json"
    try Data(try profile.json().text(.compact).utf8).write(to: URL(fileURLWithPath: saved))
    defer { try? FileManager.default.removeItem(atPath: saved) }
    guard case .profile(let read) = try ComparisonSide.read(path: saved, options: options) else { return }
    #expect(read == profile)
  }
}

@Suite struct DistributionTests {
  @Test func `distributions add up, for numbers, times and categories, from data and from profiles`() throws {
    let text =
      "x,c,at,t\n" + (0..<500).map { "\(Double($0 * $0 % 997) / 7),k\($0 % 30),2026-01-\(String(format: "%02d", $0 % 28 + 1)),free text \($0)\n" }.joined()
    let table = try GoldenFiles.parse(text)
    for side in [ComparisonSide.table(table), .profile(TableProfile(table))] {
      let (result, all) = try Comparison.runWithDistributions(reference: .table(table), current: side)
      #expect(try result == Comparison.run(reference: .table(table), current: side))
      let x = try #require(all.first { $0.name == "x" })
      #expect(x.edges.count == 41 && x.reference.count == 40 && x.quantiles.count == 99)
      #expect(abs(x.reference.reduce(x.beyondReference, +) - 1) < 1e-9 && abs(x.current.reduce(x.beyondCurrent, +) - 1) < 1e-9)
      #expect(x.beyondReference <= 0.0121)
      #expect(x.referenceDensity.count == ColumnDistribution.densityPoints)
      let c = try #require(all.first { $0.name == "c" })
      #expect(c.categories.count == 20)
      #expect(abs(c.categories.reduce(0) { $0 + $1.current } + c.otherCurrent - 1) < 1e-9)
      #expect(all.first { $0.name == "at" }?.json["histogram"]?["edges"]?.array?.count == 41)
    }
  }

  @Test func `few whole numbers have a bin each, and constants and tiny spreads have a picture`() throws {
    let text = "n,many,one,tiny\n" + (0..<200).map { "\($0 % 13),\(18 + $0 % 50),7,\(1e15 + Double($0 % 50))\n" }.joined()
    let table = try GoldenFiles.parse(text)
    let all = try Comparison.runWithDistributions(reference: .table(table), current: .table(table)).distributions
    let n = try #require(all.first { $0.name == "n" })
    #expect(n.edges == (0...13).map { Double($0) - 0.5 })
    #expect(n.referenceDensity.isEmpty && n.beyondReference == 0)
    let many = try #require(all.first { $0.name == "many" })
    #expect(many.edges.first == 17.5 && many.edges[1] == 19.5 && many.edges.last == 67.5)
    #expect(many.reference.allSatisfy { abs($0 - 0.04) < 1e-9 } && many.referenceDensity.count == ColumnDistribution.densityPoints)
    #expect(all.map(\.name) == ["n", "many", "one", "tiny"])
    for each in all where !each.edges.isEmpty { #expect(zip(each.edges, each.edges.dropFirst()).allSatisfy(<)) }
  }
}
