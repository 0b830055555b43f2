import Foundation
import Testing
import Values

/// Data as they come, through the front door: each fault has its answer, and one bad column never costs the others their verdict.
@Suite struct BadDataTests {
  private static let rows = 120

  /// `good` drifts, `calm` does not; `cells` gives the others, by name.
  private static func text(shifted: Bool, _ cells: [(name: String, cell: (Int) -> String)]) -> String {
    let header = (["good", "calm"] + cells.map(\.name)).joined(separator: ",")
    let lines = (0..<rows).map { row in
      (["\(Double(row % 17) + (shifted ? 40 : 0))", "\(row % 13).5"] + cells.map { $0.cell(row) }).joined(separator: ",")
    }
    return ([header] + lines).joined(separator: "\n") + "\n"
  }

  private func verdicts(_ folder: Folder, _ arguments: String...) async throws -> (status: Int32, talk: String, columns: [String: JSON]) {
    let answer = try await Program(directory: folder.path).run(["compare"] + arguments + ["-o", "json"])
    let columns = (try? answer.json["columns"]?.array) ?? []
    return (answer.status, answer.talk, Dictionary(columns.map { ($0["name"]?.string ?? "", $0) }) { first, _ in first })
  }

  private func compare(
    _ reference: [(name: String, cell: (Int) -> String)], _ current: [(name: String, cell: (Int) -> String)]
  ) async throws -> (status: Int32, talk: String, columns: [String: JSON]) {
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write("a.csv", Self.text(shifted: false, reference))
    try folder.write("b.csv", Self.text(shifted: true, current))
    let found = try await verdicts(folder, "--reference", "a.csv", "--current", "b.csv")
    #expect(found.columns["good"]?["verdict"] == "drifted", "\(found.talk)")
    #expect(found.columns["calm"]?["verdict"] == "stable", "\(found.talk)")
    return found
  }

  @Test func `values that are missing, constant, infinite, huge or tiny have an answer each, all in one file`() async throws {
    let cells: [(name: String, cell: (Int) -> String)] = [
      ("missing", { _ in "" }), ("constant", { _ in "5" }), ("infinite", { $0 % 2 == 0 ? "inf" : "-inf" }),
      ("some infinite", { $0 % 5 == 0 ? "inf" : "\($0).5" }),
      ("huge", { $0 % 2 == 0 ? "1.7976931348623157e308" : "-1.7e308" }), ("beyond", { _ in "1e999" }), ("tiny", { "\($0)e-320" }),
      ("word", { ["a", "b"][$0 % 2] }),
    ]
    let found = try await compare(cells, cells)
    #expect(found.status == 0, "\(found.talk)")
    #expect(found.columns.count == 10)
    #expect(found.columns["missing"]?["verdict"] == "skipped" && found.columns["missing"]?["skipped"]?.string?.contains("no values") == true)
    for name in ["constant", "infinite", "some infinite", "huge", "beyond", "tiny", "word"] {
      #expect(["stable", "skipped"].contains(found.columns[name]?["verdict"]?.string ?? ""), "\(name): \(found.columns[name]?["verdict"] ?? .null)")
    }
    #expect(found.columns["constant"]?["verdict"] == "stable")
  }

  @Test func `a cell that is no number is named with its line, and the other columns are printed all the same`() async throws {
    let found = try await compare([("bad", { "\($0).25" })], [("bad", { $0 == 7 ? "\"12,5\"" : "\($0).25" })])
    #expect(found.status == 2)
    #expect(found.talk.hasPrefix("kedge: b.csv:9: column \"bad\": \"12,5\" is not a number; "), "\(found.talk)")
    #expect(found.columns["bad"]?["verdict"] == "skipped")
    let mixed = try await compare([("bad", { "\($0).25" })], [("bad", { $0 % 2 == 0 ? "word\($0 % 3)" : "\($0).25" })])
    #expect(mixed.columns["bad"]?["verdict"] == "skipped")
  }

  @Test func `categories never seen, columns that are missing or new, and columns of one name are named`() async throws {
    let found = try await compare(
      [("kind", { ["a", "b"][$0 % 2] }), ("gone", { "\($0)" })], [("kind", { ["a", "b", "new"][$0 % 3] }), ("new", { "\($0)" })])
    #expect(found.status == 0)
    #expect(found.columns["kind"]?["quality"]?["new_categories"] == ["new"])
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write("a.csv", Self.text(shifted: false, [("gone", { "\($0)" }), ("x", { "\($0)" }), ("x", { "\(-$0)" })]))
    try folder.write("b.csv", Self.text(shifted: true, [("new", { "\($0)" }), ("x", { "\($0)" }), ("x", { "\(-$0)" })]))
    let document = try await Program(directory: folder.path).run("compare", "--reference", "a.csv", "--current", "b.csv", "-o", "json").json
    #expect(document["schema"]?["missing"] == ["gone"] && document["schema"]?["new"] == ["new"])
    #expect(document["columns"]?.array?.compactMap { $0["name"]?.string }.filter { $0.hasPrefix("x") } == ["x", "x.1"])
  }

  @Test func `one row is too few for a verdict; no row and no byte are said`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write("many.csv", Self.text(shifted: false, []))
    try folder.write("one.csv", "good,calm\n1,2\n")
    try folder.write("header.csv", "good,calm\n")
    try folder.write("empty.csv", "")
    for name in ["one.csv", "header.csv"] {
      let found = try await verdicts(folder, "--reference", "many.csv", "--current", name)
      #expect(found.status == 0, "\(found.talk)")
      #expect(found.columns.count == 2 && found.columns.values.allSatisfy { ["inconclusive", "skipped"].contains($0["verdict"]?.string ?? "") }, "\(name)")
    }
    let empty = try await verdicts(folder, "--reference", "many.csv", "--current", "empty.csv")
    #expect(empty.status == 2 && empty.talk.hasPrefix("kedge: empty.csv: "), "\(empty.talk)")
  }

  @Test func `times of three kinds are times, those of other countries are text, and Latin-1 is read as it is`() async throws {
    let forms: [(Int) -> String] = [{ "2026-01-0\($0 % 9 + 1)" }, { _ in "2026-01-05 06:07:08" }, { _ in "2026-01-05T06:07:08.5+01:00" }]
    let mixed: (Int) -> String = { forms[$0 % 3]($0) }
    let found = try await compare([("at", mixed), ("day", { "\($0 % 28 + 1).1.2026" })], [("at", mixed), ("day", { "\($0 % 28 + 1).1.2026" })])
    #expect(found.status == 0)
    #expect(found.columns["at"]?["type"] == "datetime" && found.columns["at"]?["verdict"] == "stable")
    #expect(found.columns["day"]?["type"] == "categorical")
    let folder = try Folder()
    defer { folder.remove() }
    let text = Self.text(shifted: false, [("größe", { ["café", "thé"][$0 % 2] })])
    try folder.write("a.csv", text)
    try Data(text.unicodeScalars.map { UInt8($0.value) }).write(to: URL(fileURLWithPath: folder.path + "/latin.csv"))
    let latin = try await verdicts(folder, "--reference", "a.csv", "--current", "latin.csv")
    #expect(latin.status == 0 && latin.columns["größe"]?["verdict"] == "stable", "\(latin.talk)")
  }

  @Test func `five thousand columns are compared`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    func text(_ shift: Int) -> String {
      let header = (0..<5000).map { "c\($0)" }.joined(separator: ",")
      let lines = (0..<40).map { row in (0..<5000).map { "\((row * 7 + $0) % 31 + ($0 == 4999 ? shift : 0))" }.joined(separator: ",") }
      return ([header] + lines).joined(separator: "\n") + "\n"
    }
    try folder.write("a.csv", text(0))
    try folder.write("b.csv", text(100))
    let answer = try await Program(directory: folder.path).run("compare", "--reference", "a.csv", "--current", "b.csv", "-o", "name")
    #expect(answer.status == 0 && answer.output == "c4999\n", "\(answer.talk)")
  }

  @Test func `a line of a gigabyte is refused where it is too long, and never held`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    // Members of a gzip file follow one another: a gigabyte of one line in a megabyte.
    let made = Process()
    made.executableURL = URL(fileURLWithPath: "/bin/sh")
    made.arguments = [
      "-c", "head -c 1048576 /dev/zero | tr '\\0' a | gzip -9 > m; (printf 'x\\n' | gzip; for i in $(seq 1024); do cat m; done) > x.csv.gz; rm m",
    ]
    made.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    try made.run()
    made.waitUntilExit()
    let program = Program(directory: folder.path)
    let file = try await program.run("profile", "x.csv.gz", "-o", "json")
    #expect(file.status == 2)
    #expect(file.talk.hasPrefix("kedge: x.csv.gz: has a record longer than 64 MB; "), "\(file.talk)")
    #expect(file.output.isEmpty)
  }

  @Test func `gzip and Parquet that were cut off are errors that say so`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write("a.csv", Self.text(shifted: false, []))
    let made = Process()
    made.executableURL = URL(fileURLWithPath: "/bin/sh")
    made.arguments = ["-c", "gzip -k a.csv; head -c 200 a.csv.gz > cut.csv.gz; (printf PAR1; head -c 400 a.csv) > cut.parquet"]
    made.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    try made.run()
    made.waitUntilExit()
    let gzip = try await verdicts(folder, "--reference", "a.csv.gz", "--current", "cut.csv.gz")
    #expect(gzip.status == 2 && gzip.talk.hasPrefix("kedge: cut.csv.gz: ends in the middle of the gzip data; "), "\(gzip.talk)")
    let parquet = try await verdicts(folder, "--reference", "a.csv", "--current", "cut.parquet")
    #expect(
      parquet.status == 2 && parquet.talk.hasPrefix("kedge: cut.parquet: does not end with PAR1: it is no Parquet file, or was cut off"), "\(parquet.talk)")
  }
}
