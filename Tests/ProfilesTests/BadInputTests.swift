import Foundation
import Statistics
import Testing
import Values

@testable import Profiles

/// Data as they come: whatever is wrong with a column, the others have their verdict.
@Suite struct BadInputTests {
  private static let rows = 80

  /// A table with a column `good` that drifts, one that does not, and `bad`, whose cells `cell` gives.
  private func table(_ source: String, shifted: Bool, _ cell: (Int) -> String) throws -> DataTable {
    let lines = (0..<Self.rows).map { row in "\(Double(row % 17) + (shifted ? 40 : 0)),\(row % 13).5,\(cell(row))\n" }
    return try TableReader().read(bytes: Array(("good,calm,bad\n" + lines.joined()).utf8), source: source)
  }

  private func compare(_ reference: (Int) -> String, _ current: (Int) -> String, _ preset: ComparisonOptions.Choice = .auto) throws -> Profiles.ComparisonResult
  {
    var options = ComparisonOptions(choice: preset)
    options.damagedColumns = .setAside
    let result = try Comparison.run(
      reference: try table("reference.csv", shifted: false, reference), current: try table("current.csv", shifted: true, current), options: options)
    #expect(result["good"]?.verdict == .drifted)
    #expect(result["calm"]?.verdict == .stable)
    #expect(result["bad"] != nil)
    // Whatever is in it, it can be written as JSON and read back.
    #expect(try JSON(parsing: Array(result.json.text(.compact).utf8))["columns"]?.array?.count == 3)
    return result
  }

  private func number(_ row: Int) -> String { "\(row % 11).25" }

  @Test(arguments: [ComparisonOptions.Choice.auto, .evidently])
  func `a column without a value has no verdict, and says so`(preset: ComparisonOptions.Choice) throws {
    let gone = try compare(number, { _ in "" }, preset)
    #expect(gone["bad"]?.verdict == .skipped)
    #expect(gone["bad"]?.skipped?.contains("no values") == true)
    #expect(gone["bad"]?.quality.findings.contains(.missingRateChanged) == true)
    #expect(try compare({ _ in "NA" }, number, preset)["bad"]?.verdict == .skipped)
    #expect(try compare({ _ in "" }, { _ in "" }, preset)["bad"]?.verdict == .skipped)
  }

  @Test(arguments: [ComparisonOptions.Choice.auto, .evidently])
  func `constant, infinite, huge and tiny numbers have a verdict that can be written`(preset: ComparisonOptions.Choice) throws {
    let cells: [(Int) -> String] = [
      { _ in "5" }, { _ in "inf" }, { $0 % 2 == 0 ? "-inf" : "inf" }, { $0 % 5 == 0 ? "inf" : "\($0).5" },
      { $0 % 2 == 0 ? "1.7976931348623157e308" : "-1.7e308" },
      { _ in "5e-324" }, { "\($0)e-320" }, { "\($0 % 7)e300" }, { _ in "-0.0" }, { _ in "9007199254740993" },
    ]
    // Each against itself, and against two others.
    for (index, one) in cells.enumerated() {
      for step in [0, 1, 3] { #expect(try compare(one, cells[(index + step) % cells.count], preset)["bad"]?.name == "bad") }
    }
    let constant = try compare(cells[0], cells[0])
    #expect(constant["bad"]?.verdict == .stable)
    #expect(try compare({ "\($0).5" }, { $0 % 5 == 0 ? "inf" : "\($0).5" })["bad"]?.quality.infiniteCurrent == 16)
  }

  @Test func `a cell that is no number costs its own column the verdict, and no other`() throws {
    let result = try compare(number, { $0 == 7 ? "\"12,5\"" : number($0) })
    #expect(result["bad"]?.verdict == .skipped)
    #expect(result["bad"]?.skipped == "current.csv:9: column \"bad\": a cell is not a number")
    #expect(result.damaged.map(\.description).first?.hasPrefix("current.csv:9: column \"bad\": \"12,5\" is not a number; ") == true)
    // Half of them: the column is another thing.
    let mixed = try compare(number, { $0 % 2 == 0 ? "word\($0 % 3)" : number($0) })
    #expect(mixed["bad"]?.verdict == .skipped)
  }

  @Test func `a category never seen is named`() throws {
    let result = try compare({ ["a", "b"][$0 % 2] }, { ["a", "b", "new"][$0 % 3] })
    #expect(result["bad"]?.quality.newCategories == ["new"])
    #expect(result["bad"]?.verdict == .drifted)
    let text = try compare({ ["a", "b"][$0 % 2] }, { _ in "1" })
    #expect(text["bad"]?.verdict == .skipped)
  }

  @Test func `times in three forms are times, in forms of other countries they are text`() throws {
    let forms: [(Int) -> String] = [
      { "2026-01-\($0 % 28 < 9 ? "0" : "")\($0 % 28 + 1)" }, { _ in "2026-01-05 06:07:08" }, { _ in "2026-01-05T06:07:08.5+01:00" },
    ]
    let mixed = try table("t.csv", shifted: false) { forms[$0 % 3]($0) }
    #expect(mixed["bad"]?.type == .datetime)
    let foreign: [(Int) -> String] = [
      { "\($0 % 28 + 1)/01/2026" }, { "\($0 % 28 + 1).1.2026" }, { _ in "Jan 5, 2026".replacingOccurrences(of: ",", with: "") },
    ]
    for form in foreign { #expect(try table("t.csv", shifted: false, form)["bad"]?.type == .categorical) }
    let both = try compare({ forms[$0 % 3]($0) }, { $0 % 2 == 0 ? forms[0]($0) : foreign[0]($0) })
    #expect(both["bad"]?.skipped?.hasPrefix("type changed from datetime to") == true)
  }

  @Test func `one row is too few for a verdict, and none is no error`() throws {
    let one = try GoldenFiles.parse("a,b\n1,x\n")
    let none = try GoldenFiles.parse("a,b\n")
    let many = try GoldenFiles.parse("a,b\n" + (0..<50).map { "\($0),x\n" }.joined())
    for (reference, current) in [(one, one), (many, one), (one, many), (none, none), (many, none), (none, many)] {
      for preset in [ComparisonOptions.Choice.auto, .evidently] {
        let result = try Comparison.run(reference: reference, current: current, options: ComparisonOptions(choice: preset))
        #expect(result.columns.count == 2)
        if preset == .auto { #expect(result.columns.allSatisfy { $0.verdict == .inconclusive || $0.verdict == .skipped }) }
      }
    }
  }

  @Test func `columns that are missing or new are named, and the others compared`() throws {
    let reference = try GoldenFiles.parse("a,gone\n" + (0..<50).map { "\($0),x\n" }.joined())
    let current = try GoldenFiles.parse("new,a\n" + (0..<50).map { "1,\($0)\n" }.joined())
    let result = try Comparison.run(reference: reference, current: current)
    #expect(result.schema.missing == ["gone"])
    #expect(result.schema.new == ["new"])
    #expect(result["a"]?.verdict == .stable)
  }

  @Test func `columns of one name are told apart, as pandas does`() throws {
    let table = try GoldenFiles.parse("a,a,b,a,a.1\n1,2,3,4,5\n")
    #expect(table.columns.map(\.name) == ["a", "a.2", "b", "a.3", "a.1"])
    #expect(try table.numbers("a.2") == [2])
  }

  @Test func `text in Latin-1 is read as Latin-1, cell by cell`() throws {
    let bytes = Array("na\u{ef}me,x\n".unicodeScalars.map { UInt8($0.value) }) + [0x63, 0x61, 0x66, 0xe9] + Array(",1\ncafé,2\n".utf8)
    let table = try TableReader().read(bytes: bytes, source: "latin.csv")
    #expect(table.columns.map(\.name) == ["naïme", "x"])
    #expect(try table.strings("naïme") == ["café", "café"])
    // They are one category, though their bytes differ; so is é of one code point and of two.
    let same = try GoldenFiles.parse("w\n" + (0..<60).map { $0 % 2 == 0 ? "caf\u{e9}\n" : "cafe\u{301}\n" }.joined())
    let result = try Comparison.run(reference: same, current: same)
    #expect(result["w"]?.current?.distinct == 1)
    let lines = Array("{\"w\":\"".utf8) + [0xe9] + Array("\"}\n".utf8)
    #expect(try TableReader().read(bytes: lines, source: "l.jsonl").strings("w") == ["é"])
  }

  @Test func `five thousand columns are compared`() throws {
    let header = (0..<5000).map { "c\($0)" }.joined(separator: ",")
    func text(_ shift: Int) -> String {
      header + "\n" + (0..<40).map { row in (0..<5000).map { "\((row * 7 + $0) % 31 + ($0 == 4999 ? shift : 0))" }.joined(separator: ",") + "\n" }.joined()
    }
    let result = try Comparison.run(reference: try GoldenFiles.parse(text(0)), current: try GoldenFiles.parse(text(100)))
    #expect(result.columns.count == 5000)
    #expect(result.drift.driftedColumns == ["c4999"])
  }

  /// A gzip file whose content is `text`, so many times: each time a member of its own, which costs a few bytes.
  private func repeated(_ text: String, _ times: Int, in folder: ScratchFolder, _ name: String, begins: String) throws -> String {
    let path = folder.path + "/\(name)"
    try folder.write("begin", begins)
    try folder.write("member", text)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let members = "gzip -9 < member > m; for i in $(seq 16); do cat m; done > m16; for i in $(seq \(times / 16)); do cat m16; done"
    process.arguments = ["-c", "(gzip < begin; \(members)) > '\(path)'"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    try process.run()
    process.waitUntilExit()
    return path
  }

  @Test(arguments: ["x.csv.gz", "x.jsonl.gz"])
  func `a line of a gigabyte is refused by a limit, and never held`(name: String) throws {
    let folder = try ScratchFolder()
    let isJSON = name.hasPrefix("x.jsonl")
    let path = try repeated(String(repeating: "a", count: 1 << 20), 1024, in: folder, name, begins: isJSON ? "{\"x\": \"" : "x\n")
    var options = TableReader.Options()
    options.longestRecord = 2 << 20
    let error = #expect(throws: TableError.self) { try TableReader.read(path: path, options: options) }
    #expect(error?.problem == "has a record longer than 2 MB")
    let header = try repeated(String(repeating: "a", count: 1 << 20), 1024, in: folder, "h.csv.gz", begins: "x")
    #expect(throws: TableError.self) { try TableReader.read(path: header, options: options) }
  }

  @Test func `a zip bomb of many lines is profiled in bounded memory`() throws {
    let folder = try ScratchFolder()
    let path = try repeated(String(repeating: "1\n", count: 1 << 15), 32, in: folder, "x.csv.gz", begins: "x\n")
    #expect(try TableReader().profile(path: path).rows == 32 << 15)
  }

  @Test func `a truncated gzip file is an error that says so`() throws {
    let folder = try ScratchFolder()
    let whole = try repeated((0..<2000).map { "\($0),\($0 * 7)\n" }.joined(), 16, in: folder, "x.csv.gz", begins: "x,y\n")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: whole)))
    for count in [1, 10, 17, bytes.count / 2, bytes.count - 1] {
      let cut = try folder.write("cut.csv.gz", Array(bytes[..<count]))
      let error = #expect(throws: TableError.self) { try TableReader.read(path: cut) }
      #expect(error?.problem == "ends in the middle of the gzip data", "\(count)")
    }
    let damaged = try folder.write("bad.csv.gz", bytes[..<200] + [0xff, 0xff, 0xff, 0xff] + bytes[300...])
    #expect(throws: TableError.self) { try TableReader.read(path: damaged) }
  }
}
