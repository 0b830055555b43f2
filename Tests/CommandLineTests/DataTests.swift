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
