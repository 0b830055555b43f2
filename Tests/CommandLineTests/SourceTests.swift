import PostgreSQL
import Foundation
import TestSupport
import Testing
import Values

/// Where commands read their data from.
@Suite struct SourceTests {
  private static let parquet = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("ParquetTests/Files").path

  private func rows(_ shift: Int) -> String { (["x,name"] + (0..<200).map { "\($0 % 50 + shift),\($0 % 3 == 0 ? "a" : "b")" }).joined(separator: "\n") }

  @Test func `standard input, directories and Parquet are read like files`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write("a.csv", rows(0))
    let program = Program(directory: folder.path)
    let piped = try await program.run(["compare", "--reference", "a.csv", "--current", "-", "-o", "json"], input: rows(40)).json
    #expect(piped["drift"]?["drifted_columns"] == ["x"])
    let lines = (0..<200).map { "{\"x\": \($0 % 50), \"name\": \"\($0 % 3 == 0 ? "a" : "b")\"}" }.joined(separator: "\n")
    let json = try await program.run(["compare", "--reference", "a.csv", "--current", "-", "-o", "json"], input: lines).json
    #expect(json["drift"]?["detected"] == false)
    let profile = try await program.run("profile", Self.parquet + "/arrow300--zstd-pages2.parquet", "-o", "json").json
    #expect(profile["rows"] == 300)
    let all = try await program.run("profile", Self.parquet + "/polars--*.parquet", "-o", "json").json
    #expect(all["rows"] == 1000)
    let nested = try await program.run("compare", "--reference", Self.parquet + "/nested.parquet", "--current", Self.parquet + "/nested.parquet")
    #expect(nested.status == 2)
    #expect(nested.talk.contains("column \"list\": is nested"))
    let flat = try await program.run(
      "compare", "--reference", Self.parquet + "/nested.parquet", "--current", Self.parquet + "/nested.parquet", "--exclude", "list", "--exclude", "struct",
      "--exclude", "map", "-o", "name")
    #expect(flat.status == 0, "\(flat.talk)")
  }

  @Test func `a cell that is no number costs its column the verdict, and the command its success`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    let program = Program(directory: folder.path)
    try folder.write("a.csv", "bad," + rows(0).replacingOccurrences(of: "\n", with: "\n1.5,"))
    try folder.write("b.csv", "bad," + rows(40).replacingOccurrences(of: "\n", with: "\n1.5,").replacingOccurrences(of: "\n1.5,45,b", with: "\nodd,45,b"))
    let answer = try await program.run("compare", "--reference", "a.csv", "--current", "b.csv", "-o", "json")
    #expect(answer.status == 2)
    #expect(answer.talk.contains("b.csv:"))
    #expect(answer.talk.contains("column \"bad\": \"odd\" is not a number"), "\(answer.talk)")
    let document = try answer.json
    #expect(document["drift"]?["drifted_columns"] == ["x"])
    #expect(document["columns"]?[0]?["verdict"] == "skipped")
  }

  @Test func `a declared type wins over what a column looks like`() async throws {
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write("a.csv", rows(0))
    let program = Program(directory: folder.path)
    let typed = try await program.run("profile", "a.csv", "--column-type", "x=categorical", "-o", "json").json
    #expect(typed["columns"]?[0]?["type"] == "categorical")
    let wrong = try await program.run("profile", "a.csv", "--column-type", "x=number")
    #expect(wrong.status == 2)
    #expect(wrong.talk.contains("--column-type x=number: expected COLUMN=TYPE"))
  }

  @Test func `a query is compared like a file, for the window that is asked for`() async throws {
    try await withTestDatabase(.empty) { database in
      try await database.client.execute(
        unsafeScript: """
          create table t as select timestamptz '2026-01-01' + n * interval '1 hour' as at, (n % 50) + case when n >= 240 then 40 else 0 end as x
          from generate_series(0, 479) n
          """, name: "t")
      let program = Program(directory: NSTemporaryDirectory())
      let query = "select x from t where at >= :from and at < :to"
      let answer = try await program.run(
        "compare", "--reference", database.url, "--current", database.url, "--query", query, "--window", "2026-01-11/2026-01-21",
        "--reference-window", "2026-01-01/2026-01-11", "-o", "json")
      #expect(answer.status == 0, "\(answer.talk)")
      #expect(try answer.json["rows"] == ["reference": 240, "current": 240])
      #expect(try answer.json["drift"]?["drifted_columns"] == ["x"])
      let profile = try await program.run("profile", database.url, "--query", "select * from t", "-o", "json").json
      #expect(profile["rows"] == 480)
      let none = try await program.run("profile", database.url)
      #expect(none.status == 2)
      #expect(none.talk.contains("is a database, and there is no query; say with --query what is read of it"), "\(none.talk)")
    }
  }
}
