import Foundation
import Profiles
import Testing
import Values

@Suite struct TableReaderTests {
  private func read(_ text: String, _ options: TableReader.Options = .init()) throws -> DataTable { try GoldenFiles.parse(text, options: options) }

  private func failure(_ text: String) -> String? {
    do {
      _ = try read(text)
      return nil
    } catch { return "\(error)" }
  }

  @Test func `types are inferred as Evidently infers them, and times and booleans besides`() throws {
    let rows = (0..<40).map { "\($0).5,\($0 % 3),\($0),w\($0),c\($0 % 4),\($0 % 2 == 0 ? "true" : "False"),2026-01-\(String(format: "%02d", $0 % 28 + 1))," }
    let table = try read("x,few,many,text,cat,flag,at,none\n" + rows.joined(separator: "\n"))
    #expect(table.rowCount == 40)
    #expect(table.columns.map(\.type) == [.numeric, .categorical, .numeric, .text, .categorical, .boolean, .datetime, .numeric])
    #expect(table["few"]?.string(at: 4) == "1")
    #expect(try table.times("at")[0] == Timestamp("2026-01-01"))
    #expect(table["none"]?.string(at: 0) == nil)
  }

  @Test func `a byte order mark, CRLF, quoted line ends and doubled quotes are read`() throws {
    let table = try read("\u{feff}a,\"b \"\"x\"\"\",c\r\n1,\"two\r\nlines, \"\"quoted\"\"\",3\r\n\r\n4,,5\r\n")
    #expect(table.columns.map(\.name) == ["a", "b \"x\"", "c"])
    #expect(table.rowCount == 2)
    #expect(table.columns[1].string(at: 0) == "two\r\nlines, \"quoted\"")
    #expect(table.columns[1].string(at: 1) == nil)
    #expect(try table.numbers("c") == [3, 5])
  }

  @Test func `numbers are read to the last bit`() throws {
    let texts = [
      "0.1", "-2.5", "1e3", "1.7976931348623157e308", "5e-324", "123456789012345678", "0.30000000000000004", "-0", "3.141592653589793238462643", "+7", ".5",
      "6.",
      " 8 ", "inf", "-Infinity", "9007199254740993", "12345678.12345678", "0.00000000000000000000001",
    ]
    let table = try read("i,x\n" + texts.map { "1,\($0)\n" }.joined())
    let numbers = try table.numbers("x")
    for (text, number) in zip(texts, numbers) {
      let trimmed = text.trimmingCharacters(in: .whitespaces)
      let wanted =
        trimmed == "-Infinity" ? -Double.infinity : Double(trimmed.hasPrefix(".") ? "0" + trimmed : trimmed.hasSuffix(".") ? trimmed + "0" : trimmed)!
      #expect(number == wanted, "\(text)")
    }
  }

  @Test func `what pandas takes for missing is missing`() throws {
    let table = try read("x,s\n1,a\nNA,N/A\nnull,\n,None\nNaN,b\n2,<NA>\n")
    #expect(try table.numbers("x").map(\.isNaN) == [false, true, true, true, true, false])
    #expect(try table.strings("s") == ["a", nil, nil, nil, "b", nil])
  }

  @Test(arguments: [2, 254, 255, 256, 257, 70_000])
  func `texts come back, however many different ones there are`(distinct: Int) throws {
    let texts = (0..<distinct * 2).map { $0 % 5 == 3 ? nil : "t\($0 * 7 % distinct)" } + [nil, "last"]
    let table = try read("i,s\n" + texts.map { "1,\($0 ?? "")\n" }.joined())
    #expect(try table.strings("s") == texts)
  }

  @Test func `raw columns stay as they stand`() throws {
    var options = TableReader.Options()
    options.raw = ["id"]
    let table = try read("id,x\n007,1\nNA,2\n,3\n", options)
    #expect(try table.strings("id") == ["007", "NA", nil])
  }

  @Test func `a declared type wins`() throws {
    var options = TableReader.Options()
    options.types = ["zip": .categorical, "n": .numeric]
    let table = try read("zip,n\n01234,1\n99999,x\n", options)
    #expect(table["zip"]?.type == .categorical)
    #expect(table["zip"]?.string(at: 0) == "01234")
    #expect(table["n"]?.stray?.line == 3)
  }

  @Test func `broken files are refused with their place`() throws {
    #expect(failure("") == "test.csv: is empty; it needs a header line with the columns' names")
    #expect(failure("a,b\n1,2\n3\n") == "test.csv:3: has 1 field, and the header has 2; complete the line; the first missing column is \"b\"")
    #expect(failure("a,b\n1,2,3\n") == "test.csv:2: has 3 fields, and the header has 2; quote cells that contain \",\"")
    #expect(failure("a,b\n1,\"2\n") == "test.csv:2: column \"b\": has a quote that is never closed; close the quote")
    #expect(failure("a,b\n1,\"2\"x\n") == "test.csv:2: column \"b\": has text behind a closing quote; double the quotes inside a quoted cell")
    #expect(throws: TableError.self) { try TableReader.read(path: "/nonexistent/file.csv") }
  }

  @Test func `a file without rows is a table without rows`() throws {
    let table = try read("a,b\n")
    #expect(table.rowCount == 0)
    #expect(table.columns.count == 2)
  }

  @Test func `a few broken cells leave a column of numbers, many make it text`() throws {
    let few = try read("x\n" + (0..<100).map { $0 == 50 ? "12;5\n" : "\($0).5\n" }.joined())
    #expect(few["x"]?.type == .numeric)
    #expect(few["x"]?.stray?.line == 52)
    #expect(few["x"]?.stray?.text == "12;5")
    let many = try read("x,y\n" + (0..<100).map { $0 % 2 == 0 ? "a\($0 % 10),1\n" : "\($0 % 5),1\n" }.joined())
    #expect(many["x"]?.type == .categorical)
  }

  @Test func `a column that turns to text late is read again`() throws {
    let text = "x,y\n" + (0..<60_000).map { $0 < 50_000 ? "\($0 % 100),\($0)\n" : "late\($0 % 5),\($0)\n" }.joined()
    let table = try read(text)
    #expect(table["x"]?.type == .categorical)
    #expect(table["x"]?.string(at: 3) == "3")
    #expect(table["x"]?.string(at: 59_999) == "late4")
    #expect(try table.numbers("y")[59_999] == 59_999)
  }

  @Test func `many blocks read as one, with their lines`() throws {
    // Over 4 MB, so that several blocks are cut, with a quoted line end now and then.
    var text = "id,x,s\n"
    for i in 0..<150_000 { text += "\(i),\(i).125,\(i % 1000 == 0 ? "\"a\nb,\"\"\(i % 7)\"\"\"" : "plain\(i % 50)") and so on\n" }
    text = text.replacingOccurrences(of: "\" and so on", with: "\"")
    let table = try read(text)
    #expect(table.rowCount == 150_000)
    #expect(try table.numbers("x")[149_999] == 149_999.125)
    #expect(table["s"]?.string(at: 77_000) == "a\nb,\"0\"")
    let broken = failure(text + "1,2\n")
    #expect(broken?.hasPrefix("test.csv:150152: has 2 fields") == true, "\(broken ?? "")")
  }

  @Test func `gzip is unpacked, and a cut-off one refused`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kedge-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // "a,b\n1,2\n" as gzip makes it.
    let packed = folder.appendingPathComponent("x.csv.gz").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "(printf 'a,b\\n1,2\\n' | gzip -c; printf '3,4\\n' | gzip -c) > '\(packed)'; head -c 20 '\(packed)' > '\(packed).cut.gz'"]
    try process.run()
    process.waitUntilExit()
    let table = try TableReader.read(path: packed)
    #expect(try table.numbers("b") == [2, 4])
    #expect(throws: TableError.self) { try TableReader.read(path: packed + ".cut.gz") }
  }

  @Test func `tabs and semicolons part cells where no comma does`() throws {
    #expect(try read("a;b\n1;2\n").columns.count == 2)
    #expect(try read("a\tb\n1\t2\n").columns.count == 2)
  }

  @Test func `five thousand columns are read`() throws {
    let header = (0..<5000).map { "c\($0)" }.joined(separator: ",")
    let row = (0..<5000).map { "\($0)" }.joined(separator: ",")
    let table = try read("\(header)\n\(row)\n\(row)\n")
    #expect(table.columns.count == 5000)
    #expect(table["c4999"]?.string(at: 1) == "4999")
  }
}

@Suite struct JSONLinesTests {
  private func read(_ text: String) throws -> DataTable { try TableReader().read(bytes: Array(text.utf8), source: "test.jsonl") }

  private func failure(_ text: String) -> String? {
    do {
      _ = try read(text)
      return nil
    } catch { return "\(error)" }
  }

  @Test func `objects become rows and their members columns`() throws {
    let table = try read(
      """
      {"id": "007", "x": 1.5, "flag": true, "note": "a \\"b\\"\\n\\u00e9\\ud83d\\ude00"}
      {"x": -2e3, "id": "8", "late": 3, "flag": false, "note": null}

      {"id": "9", "x": null, "flag": true, "note": "c"}
      """)
    #expect(table.columns.map(\.name) == ["id", "x", "flag", "note", "late"])
    #expect(table.rowCount == 3)
    #expect(try table.strings("id") == ["007", "8", "9"])
    #expect(try table.numbers("x").map { $0.isNaN ? nil : $0 } == [1.5, -2000, nil])
    #expect(table["flag"]?.type == .boolean)
    #expect(try table.strings("note") == ["a \"b\"\né😀", nil, "c"])
    #expect(try table.strings("late") == [nil, "3", nil])
  }

  @Test func `what is no object of plain values is refused with its line`() {
    #expect(failure("") == "test.jsonl: is empty; it needs a JSON object a line")
    #expect(failure("{\"a\": 1}\n[1]\n") == "test.jsonl:2: is no JSON object; write one JSON object of plain values a line")
    #expect(failure("{\"a\": {\"b\": 1}}\n")?.hasPrefix("test.jsonl:1: column \"a\": holds an object or a list") == true)
    #expect(failure("{\"a\": nope}\n")?.hasPrefix("test.jsonl:1: column \"a\": has a value that is not JSON") == true)
    #expect(failure("{\"a\": 1, \"a\": 2}\n")?.hasPrefix("test.jsonl:1: column \"a\": appears twice in the object") == true)
    #expect(failure("{\"a\": \"x\n")?.contains("not closed") == true)
  }

  @Test func `JSON Lines and comma-separated text give the same table`() throws {
    let rows = (0..<60_000).map { ($0, Double($0) / 8, "w\($0 % 9)") }
    let json = try read(rows.map { "{\"i\":\($0.0),\"x\":\($0.1),\"s\":\"\($0.2)\"}\n" }.joined())
    let csv = try GoldenFiles.parse("i,x,s\n" + rows.map { "\($0.0),\($0.1),\($0.2)\n" }.joined())
    #expect(json.csv == csv.csv)
    #expect(json.columns.map(\.type) == csv.columns.map(\.type))
  }
}
