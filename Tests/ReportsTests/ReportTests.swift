import Foundation
import Profiles
import Statistics
import Testing
import Values

@testable import Reports

@Suite struct ReportTests {
  @Test func `what the rows say of the model stands in the page and in the data, word for word the same`() throws {
    let report = try Fixtures.report()
    let drift = try #require(report.json["model_drift"])
    #expect(drift["evidence"]?.array?.map { $0["kind"] } == ["covariate", "prior", "concept"])
    #expect(drift["estimation"]?["method"] == "cbpe" && drift["estimation"]?["metrics"]?["accuracy"]?["realized"]?.double != nil)
    #expect(drift["accuracy_against_uncertainty"]?["verdict"] == "neither")
    for evidence in drift["evidence"]?.array ?? [] {
      let because = try #require(evidence["because"]?.string)
      #expect(report.html.contains(because.replacingOccurrences(of: "'", with: "&#39;")) || report.html.contains(because), "\(because)")
    }
    #expect(report.html.contains("neither moved for the worse") && report.html.contains("by the model"))
  }

  @Test func `the verdict comes first, and the worst columns before the others`() throws {
    let report = Fixtures.standard
    let html = report.html
    let heading = try #require(html.range(of: "<h1 class=\"drifted\">Drift: "))
    let first = try #require(html.range(of: "<section>"))
    #expect(heading.lowerBound < first.lowerBound)
    let verdicts = report.worstFirst.map(\.verdict)
    let order: [ColumnResult.Verdict] = [.drifted, .skipped, .inconclusive, .stable]
    let ranks = verdicts.compactMap { order.firstIndex(of: $0) }
    #expect(ranks == ranks.sorted())
    let effects = report.worstFirst.filter { $0.verdict == .drifted }.compactMap(\.effect)
    #expect(effects == effects.sorted(by: >) && effects.count >= 2)
  }

  @Test func `what comes from the data never becomes markup`() throws {
    let html = Fixtures.standard.html
    // The page's own script is the only one.
    #expect(html.components(separatedBy: "<script").count == 2)
    #expect(html.components(separatedBy: "</script").count == 2)
    #expect(html.components(separatedBy: "</style").count == 2)
    #expect(html.components(separatedBy: "</title><style>").count + html.components(separatedBy: "</title>\n<style>").count == 3)
    for tag in ["<img", "<i>", "reference <b>", "\u{202E}", "\u{0}"] { #expect(!html.contains(tag), "\(tag)") }
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(html.contains("&quot;&gt;&lt;img src=x onerror=alert(2)&gt;"))
    #expect(html.contains("&#39;; alert(3); &#39;"))
    #expect(html.contains("&amp;lt;b&amp;gt;"))
    #expect(html.contains("a\u{FFFD}b\u{FFFD}c"))
    #expect(html.contains("reference &lt;b&gt;.csv"))
  }

  @Test func `elements and attributes are balanced, whatever the names are`() throws {
    let html = Fixtures.standard.html
    // Each tag that is opened is closed, in order: what XML asks for, but for the elements that have no end in HTML.
    let void: Set<Substring> = ["meta", "input", "!doctype"]
    var open: [Substring] = []
    var rest = html[...]
    while let start = rest.firstIndex(of: "<") {
      let tag = rest[start...]
      let end = try #require(tag.firstIndex(of: ">"))
      let inner = tag[tag.index(after: start)..<end]
      #expect(inner.count { $0 == "\"" } % 2 == 0, "\(inner)")
      let name = inner.prefix { !$0.isWhitespace && $0 != "/" || $0 == "/" && inner.first == "/" }
      rest = tag[tag.index(after: end)...]
      if inner.first == "/" {
        #expect(open.popLast() == name.dropFirst())
      } else if !void.contains(name), !inner.hasSuffix("/") {
        open.append(name)
        if name == "script" || name == "style", let close = rest.range(of: "</\(name)") { rest = rest[close.lowerBound...] }
      }
    }
    #expect(open.isEmpty)
  }

  @Test func `the file needs nothing from the network, and lets nothing run but its own script`() throws {
    let html = Fixtures.standard.html
    for text in ["http:", "https:", "src=", "@import", "url(", "<link", "<iframe", "<object"] where text != "src=" {
      #expect(!html.contains(text), "\(text)")
    }
    #expect(html.contains("default-src 'none'; style-src 'sha256-"))
    #expect(html.contains("script-src 'sha256-"))
    #expect(!html.contains("unsafe-inline"))
    #expect(!html.contains(" style=\""))
  }

  @Test func `fifty columns with a year of windows take less than a megabyte`() throws {
    let report = try Fixtures.report(numeric: 50, rows: 1000, windows: 365)
    #expect(report.result.columns.count > 50)
    let size = report.html.utf8.count
    #expect(size < 1_000_000, "\(size)")
  }

  @Test func `the same input gives the same bytes`() throws {
    let (one, other) = (Fixtures.standard, try Fixtures.report())
    #expect(one.html == other.html)
    #expect(one.json.text(.indented) == other.json.text(.indented))
  }

  @Test func `every picture has a title and a description, or is hidden from those who cannot see it`() throws {
    let html = Fixtures.standard.html
    for picture in html.components(separatedBy: "<svg ").dropFirst() {
      let head = picture.prefix { $0 != ">" }
      if head.contains("aria-hidden=\"true\"") { continue }
      #expect(head.contains("role=\"img\"") && head.contains("aria-labelledby="))
      #expect(picture.contains("<title id=") && picture.contains("<desc id=") && !picture.contains("></desc>"))
    }
  }

  @Test func `numbers have histogram, density and quantiles, categories bars, and texts that all differ no picture`() throws {
    let report = Fixtures.standard
    let cards = report.html.components(separatedBy: "<article ").dropFirst().map { $0.components(separatedBy: "</article>")[0] }
    func card(_ name: String) throws -> String { try #require(cards.first { $0.contains("<h3><bdi>\(name)</bdi>") }) }
    let number = try card("score")
    #expect(number.contains("area ref") && number.contains("area cur") && number.contains("curve ref") && number.contains("class=\"dots\""))
    #expect(number.contains("Moved, window by window"))
    let categories = try card("kind")
    #expect(categories.contains("bar ref") && categories.contains("bar cur") && !categories.contains("class=\"dots\""))
    #expect(!(try card("note")).contains("Categories of"))
    #expect(try card("nothing").contains("Not compared: "))
    #expect(try card("gone &lt;i&gt;").contains("Not compared: missing from the current data."))
    #expect(try card("at").contains("2026-01-01"))
  }

  @Test func `predictions have densities of score and confidence, and accuracy window by window`() throws {
    let report = Fixtures.standard
    let quality = try #require(report.model?.quality)
    #expect(quality.metric == .accuracy)
    #expect(quality.windows.count == 6 && quality.windows[0].firstRow == 1 && quality.windows[5].lastRow == 300)
    #expect(quality.windows.allSatisfy { $0.estimate.low < $0.estimate.value && $0.estimate.value < $0.estimate.high })
    #expect(quality.reference != nil)
    let confidence = try #require(report.model?.confidence)
    #expect(confidence.edges.first ?? 0 >= 0.5 && confidence.edges.last ?? 2 <= 1)
    for text in ["Predictions: ", "Probabilities: ", "Confidence: the probability", "Accuracy with its 95 % interval, in the order of the rows"] {
      #expect(report.html.contains(text), "\(text)")
    }
  }

  @Test func `what cannot be measured is said, and costs the rest nothing`() throws {
    let (reference, current) = try Fixtures.tables()
    func section(label: String, current: ComparisonSide) -> DriftReport.ModelSection {
      .init(prediction: "predicted", probability: "score", label: label, reference: .table(reference), current: current)
    }
    let profile = section(label: "truth", current: .profile(TableProfile(current)))
    #expect(profile.quality == nil && profile.remarks == ["The current data are a profile: confidence and accuracy need the rows."])
    let nowhere = section(label: "nowhere", current: .table(current))
    #expect(nowhere.confidence != nil && nowhere.quality == nil && nowhere.remarks.count == 1)
  }

  @Test func `the JSON is what compare prints, and what the pictures show`() throws {
    let report = Fixtures.standard
    let json = report.json
    #expect(json["drift"] == report.result.json["drift"])
    #expect(json["sources"]?["reference"] == "reference <b>.csv")
    let score = try #require(json["columns"]?.array?.first { $0["name"] == "score" })
    #expect(score["test"] == "ks")
    #expect(score["distribution"]?["histogram"]?["reference"]?.array?.count == 40)
    #expect(score["distribution"]?["density"]?["current"]?.array?.count == ColumnDistribution.densityPoints)
    #expect(score["history"]?.array?.count == 12)
    #expect(json["quality"]?["windows"]?.array?.count == 6)
    #expect(json["history"]?["accuracy"]?.array?.count == 12)
    #expect(try JSON(parsing: json.text(.indented))["rows"] == ["reference": 300, "current": 300])
  }

  @Test func `a history that is none is refused, and superseded and failed measurements are left out`() throws {
    #expect(MeasurementHistory(json: ["events": []]) == nil)
    #expect(MeasurementHistory(json: ["items": [["part": "input"]]]) == nil)
    var json = Fixtures.history(of: ["a"], windows: 3)
    var items = try #require(json["items"]?.array)
    items[0]["superseded"] = true
    items[2]["failure"] = "no such file"
    json["items"] = .array(items)
    let history = try #require(MeasurementHistory(json: json))
    #expect(history.inputs.count == 1 && history.qualities.count == 3)
  }

  @Test func `a report of nothing is a report`() throws {
    let empty = DataTable(source: "empty.csv", rowCount: 0, columns: [])
    let result = try Comparison.run(reference: empty, current: empty)
    let html = DriftReport(result: result, distributions: [], options: .init(), sources: ("a", "b")).html
    #expect(html.contains("No verdict: no column could be compared"))
  }

  @Test(arguments: [
    (0.0, "0"), (12, "12"), (1960, "1960"), (12345, "12\u{202F}345"), (0.5261, "0.5261"), (-1.5, "−1.5"), (1234.5678, "1235"), (98765.4, "98\u{202F}765"),
    (5.5e-301, "5.5e−301"), (1e9, "1e9"), (0.00012, "0.00012"),
  ])
  func `numbers are short and plain`(number: Double, text: String) { #expect(NumberText.value(number) == text) }

  @Test func `two numbers have the digits that tell them apart`() {
    #expect(NumberText.pair(1e9, 1e9 + 10) == ("1e9", "1.00000001e9"))
    #expect(NumberText.pair(3.14159, 3.14168) == ("3.142", "3.142") || NumberText.pair(3.14159, 3.14168) == ("3.14159", "3.14168"))
    #expect(NumberText.percent(0.4152) == "41.5\u{202F}%")
    #expect(NumberText.percent(0) == "0\u{202F}%")
    #expect(NumberText.pValue(4.2e-16) == "4.2e−16")
    #expect(NumberText.pValue(0) == "< 1e−300")
  }

  @Test func `a terminal shows both sides on one scale, in ten blocks at most`() throws {
    let report = Fixtures.standard
    for distribution in report.distributions {
      let (before, now) = TerminalHistogram.blocks(distribution)
      #expect(before.count == now.count && before.count <= 10)
      #expect((before + now).allSatisfy { " ▁▂▃▄▅▆▇█".contains($0) })
      if distribution.name == "score" { #expect((before + now).contains("█") && before.count == 10) }
    }
  }
}
