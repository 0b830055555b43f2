import Foundation
import Testing
import Values

/// What needs no database.
@Suite struct DataTests {
  @Test func `a comparison has the documented shape`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write("a.csv", (["x,name"] + (0..<200).map { "\($0 % 50),\($0 % 3 == 0 ? "a" : "b")" }).joined(separator: "\n"))
    try folder.write("b.csv", (["x,name"] + (0..<200).map { "\($0 % 50 + 40),\($0 % 3 == 0 ? "a" : "b")" }).joined(separator: "\n"))
    let program = Program(directory: folder.path)
    let document = try await program.run("compare", "--reference", "a.csv", "--current", "b.csv", "-o", "json").json
    #expect(document["rows"] == ["reference": 200, "current": 200])
    #expect(document["drift"]?["detected"] == true)
    #expect(document["drift"]?["drifted_columns"] == ["x"])
    #expect(document["schema"] == ["missing": [], "new": [], "type_changed": []])
    let column = try #require(document["columns"]?[0])
    #expect(column["name"] == "x")
    #expect(column["test"] == "ks")
    #expect(column["verdict"] == "drifted")
    for key in ["type", "statistic", "p_value", "score", "p_adjusted", "effect", "threshold", "drifted", "reference", "current"] {
      #expect(column[key] != nil, "\(key)")
    }
    let psi = try await program.run("compare", "--reference", "a.csv", "--current", "b.csv", "--column-test", "x=psi:0.2", "-o", "json").json
    #expect(psi["columns"]?[0]?["test"] == "psi")
    #expect(psi["columns"]?[0]?["threshold"] == 0.2)
    let wrong = try await program.run("compare", "--reference", "a.csv", "--current", "b.csv", "--test", "magic")
    #expect(wrong.status == 2)
    #expect(wrong.talk.hasPrefix("kedge: --test magic: there is no such test; expected auto, evidently, ks, "))
    let excluded = try await program.run("compare", "--reference", "a.csv", "--current", "b.csv", "--exclude", "x", "--fail-on-drift")
    #expect(excluded.status == 0)
    #expect(excluded.output.contains("no drift: 0 of 1 columns drifted, 200 rows against 200"))
  }

  @Test func `a comparison writes its report as a page and as data, and shows histograms where there is room`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    func rows(_ shift: Int) -> String { (["x,y,p"] + (0..<200).map { "\($0 * 7 % 50 + shift),\($0 % 3),\($0 % 4)" }).joined(separator: "\n") }
    try folder.write("a.csv", rows(0))
    try folder.write("b.csv", rows(40))
    let window: JSON = ["end_at": "2026-05-01T00:00:00Z"]
    let measured: JSON = ["name": "x", "effect": 0.03, "verdict": "stable"]
    let item: JSON = ["window": window, "part": "input", "drift": ["detected": false, "share": 0], "columns": [measured], "superseded": false]
    try folder.write("history.json", JSON(dictionaryLiteral: ("items", [item])).description)
    let program = Program(directory: folder.path)
    let arguments = ["compare", "--reference", "a.csv", "--current", "b.csv", "--prediction", "p", "--label", "y", "--history", "history.json"]
    let answer = try await program.run(arguments + ["--report", "r.html", "--report", "r.json", "-o", "json"])
    #expect(answer.status == 0)
    #expect(answer.talk == "report: r.html\nreport: r.json\n")
    let page = try folder.read("r.html")
    #expect(page.contains("Drift: 1 of 2 columns drifted") && page.contains("What the monitor recorded") && page.contains("Accuracy with its 95 % interval"))
    let data = try JSON(parsing: try folder.read("r.json"))
    #expect(data["drift"] == (try answer.json)["drift"])
    #expect(data["columns"]?[0]?["distribution"]?["histogram"] != nil && data["columns"]?[0]?["history"]?[0]?["effect"] == 0.03)

    let wide = try await program.run("compare", "--reference", "a.csv", "--current", "b.csv", "-o", "wide")
    #expect(wide.output.contains("BEFORE") && wide.output.contains("█"))
    #expect(!(try await program.run("compare", "--reference", "a.csv", "--current", "b.csv")).output.contains("█"))
    let named = try await program.run("compare", "--reference", "a.csv", "--current", "b.csv", "--report", "r.pdf")
    #expect(named.status == 2 && named.talk.hasPrefix("kedge: --report r.pdf: expected a name that ends in .html or .json"))
    try folder.write("history.json", "{}")
    let refused = try await program.run(arguments + ["--report", "r.html"])
    #expect(refused.status == 2)
    #expect(refused.talk == "kedge: history.json: this is no list of measurements; make one with: kedge get measurements MONITOR -o json\n")
    let nowhere = try await program.run("compare", "--reference", "a.csv", "--current", "b.csv", "--report", "no/such/r.html")
    #expect(nowhere.status == 1 && nowhere.talk.contains("no/such/r.html: the report cannot be written"))
  }

  @Test func `a profile takes the place of its file, and profiles merge in any order`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    func rows(_ shift: Int) -> String { (["x,name"] + (0..<200).map { "\($0 % 50 + shift),\($0 % 3 == 0 ? "a" : "b")" }).joined(separator: "\n") }
    try folder.write("a.csv", rows(0))
    try folder.write("b.csv", rows(40))
    let program = Program(directory: folder.path)
    for name in ["a", "b"] { try folder.write("\(name).json", try await program.run("profile", "\(name).csv", "-o", "json").output) }
    let byFile = try await program.run("compare", "--reference", "a.csv", "--current", "b.csv", "-o", "json").json
    let byProfile = try await program.run("compare", "--reference", "a.json", "--current", "b.csv", "-o", "json").json
    #expect(byProfile["drift"] == byFile["drift"])
    #expect(byProfile["columns"]?[0]?["reference"]?["mean"] == byFile["columns"]?[0]?["reference"]?["mean"])
    let one = try await program.run("profile", "merge", "a.json", "b.json", "-o", "json").json
    let other = try await program.run("profile", "merge", "b.json", "a.json", "-o", "json").json
    #expect(one["rows"] == 400)
    #expect(one["columns"]?[0]?["summary"]?["max"] == other["columns"]?[0]?["summary"]?["max"])
    let wrong = try await program.run("profile", "merge", "a.csv")
    #expect(wrong.status == 2)
  }

  @Test func `a detector prints where it raised drift`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write("s.csv", (["v"] + (0..<2000).map { $0 < 1000 ? "\($0 % 10)" : "\($0 % 10 + 30)" }).joined(separator: "\n"))
    let program = Program(directory: folder.path)
    let document = try await program.run("detect", "--detector", "adwin", "--column", "v", "s.csv", "-o", "json").json
    #expect(document["detector"] == "adwin")
    #expect(document["rows"] == 2000)
    let first = try #require(document["drift"]?[0]?.integer)
    #expect((1000..<1100).contains(first))
    let errors = try await program.run("detect", "--detector", "ddm", "--column", "v", "s.csv")
    #expect(errors.status == 2)
    #expect(errors.talk == "kedge: s.csv: row 2: column \"v\": ddm counts errors; expected 0 or 1\n")
  }

  @Test func `an evaluation has intervals, and differences against another model`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    func rows(_ wrong: Int) -> String {
      (["id,y,p,site"] + (0..<400).map { "\($0),\($0 % 2 == 0 ? "yes" : "no"),\(($0 % 2 == 0) == ($0 % wrong != 0) ? "yes" : "no"),\($0 % 3 == 0 ? "a" : "b")" })
        .joined(separator: "\n")
    }
    try folder.write("one.csv", rows(10))
    try folder.write("two.csv", rows(4))
    let program = Program(directory: folder.path)
    let document = try await program.run(
      "evaluate", "one.csv", "--label", "y", "--prediction", "p", "--group", "site", "--against", "two.csv", "--id", "id", "-o", "json"
    ).json
    #expect(document["rows"] == 400)
    let accuracy = try #require(document["metrics"]?["accuracy"])
    #expect(accuracy["value"] == 0.9)
    #expect((accuracy["low"]?.double ?? 1) < 0.9)
    #expect((accuracy["high"]?.double ?? 0) > 0.9)
    #expect(document["fairness"]?["demographic_parity_difference"] != nil)
    #expect(abs((document["against"]?["difference"]?["accuracy"]?["value"]?.double ?? 0) - 0.15) < 1e-9)
    #expect((document["against"]?["mcnemar_p"]?.double ?? 1) < 0.05)
    #expect(try await program.run("evaluate", "one.csv", "--label", "nope", "--prediction", "p").status == 2)
  }
}
