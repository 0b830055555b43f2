import Foundation
import Profiles
import Statistics
import Testing
import Values

@Suite struct ParquetReadingTests {
  private func read(_ name: String, _ options: TableReader.Options = .init()) throws -> DataTable {
    try TableReader.read(path: ParquetFiles.path(name), options: options)
  }

  @Test func `columns get the types that the same data have elsewhere`() throws {
    let table = try read("arrow300--snappy-pages1.parquet")
    let types = Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, $0.type) })
    #expect(
      types == [
        "flag": .boolean, "small": .numeric, "large": .numeric, "steady": .numeric, "float": .numeric, "odd": .numeric, "word": .categorical, "name": .text,
        "day": .datetime, "at": .datetime, "none": .numeric, "same": .categorical,
      ])
    #expect(table.rowCount == 300)
    #expect(table.columns.allSatisfy { $0.count == 300 })
  }

  @Test func `it is the same table whoever wrote it, however it is packed`() throws {
    let one = try read("arrow300--none-pages1.parquet").csv
    for name in ["zstd-pages1", "gzip-pages2", "snappy-pages2", "plain", "split", "old"] {
      #expect(try read("arrow300--\(name).parquet").csv == one, "\(name)")
    }
    #expect(try read("polars--zstd.parquet").csv == read("polars--uncompressed.parquet").csv)
    #expect(try read("duckdb300--zstd-v1.parquet").csv == read("duckdb300--gzip-v1.parquet").csv)
  }

  @Test func `declared types and raw columns win`() throws {
    let name = "arrow300--snappy-pages1.parquet"
    let table = try read(name, .init(types: ["same": .numeric, "small": .categorical, "day": .text], raw: ["large"], skipped: ["name", "at"]))
    #expect(table["same"]?.type == .numeric)
    #expect(table["small"]?.type == .categorical)
    #expect(table["day"]?.type == .text)
    #expect(table["name"] == nil && table["at"] == nil)
    let large = try #require(try table.strings("large").first ?? nil)
    #expect(Int64(large).map { abs($0) > 1 << 53 } == true, "\(large)")
    let plain = try read(name)
    #expect(try table.times("day") == plain.times("day"))
  }

  @Test func `a profile of the file is the profile of its table`() throws {
    let path = ParquetFiles.path("arrow600--groups.parquet")
    let profile = try TableReader().profile(path: path)
    let table = TableProfile(try TableReader.read(path: path))
    #expect(profile.rows == 600)
    for (one, other) in zip(profile.columns, table.columns) {
      #expect(one.name == other.name && one.type == other.type && one.missing == other.missing && one.infinite == other.infinite, "\(one.name)")
      // The largest numbers there are have no mean.
      if one.name != "odd" { #expect(isClose(one.moments.mean, other.moments.mean), "\(one.name)") }
    }
  }

  @Test func `a nested column is refused by name, unless it is left out`() throws {
    #expect(throws: TableError.self) { try read("nested.parquet") }
    do {
      _ = try read("nested.parquet")
    } catch {
      let text = "\(error)"
      #expect(
        text.hasSuffix(
          "nested.parquet: column \"list\": is nested (a list); only flat columns are read; leave the column out with --exclude, or write it in another way"),
        "\(text)")
    }
    let table = try read("nested.parquet", .init(skipped: ["list", "struct", "map"]))
    #expect(table.columns.map(\.name) == ["x", "y"])
  }

  @Test func `a file cut off is an error that says where`() {
    let bytes = ParquetFiles.bytes("arrow600--groups.parquet")
    for count in [0, 3, 100, bytes.count / 2, bytes.count - 1] {
      let error = #expect(throws: TableError.self) { try TableReader().read(bytes: Array(bytes[..<count]), source: "cut.parquet") }
      #expect(error?.source == "cut.parquet" && error?.advice.contains("cut off") == true, "\(error.map { "\($0)" } ?? "")")
    }
    var damaged = bytes
    for index in 100..<140 { damaged[index] ^= 0x55 }
    let error = #expect(throws: TableError.self) { try TableReader().read(bytes: damaged, source: "bad.parquet") }
    #expect(error?.column != nil)
    #expect(error?.problem.contains("row group 1, at byte ") == true)
  }

  @Test func `Latin-1 bytes in a text column are read as Latin-1`() throws {
    #expect(try read("latin1--arrow.parquet").strings("t") == ["café", "naïve", "plain"])
  }

  @Test func `standard formats give the same drift as Parquet`() throws {
    let table = try read("arrow600--delta.parquet", .init(skipped: ["none", "odd", "large"]))
    // Comma-separated text has no empty strings: they are missing there.
    let text = try TableReader().read(bytes: table.csv, source: "same.csv")
    let result = try Comparison.run(reference: table, current: text)
    #expect(result.schema.typeChanged.isEmpty)
    #expect(result.drift.detected == false)
  }
}
