internal import Declarations
internal import Lifecycle
internal import Parquet
internal import Profiles
internal import Values

/// A parser that must answer whatever bytes it is given: with a value or an error, without a crash, and in time.
enum FuzzTarget: String, CaseIterable {
  case csv, jsonlines, parquet, gzip, json, profile, cron, yaml, query, timestamp

  /// Set once, before the first input.
  nonisolated(unsafe) static var chosen = FuzzTarget.csv

  /// Traps where what was read contradicts itself.
  func run(_ bytes: [UInt8]) {
    switch self {
    case .csv: table(bytes, "x.csv")
    case .jsonlines: table(bytes, "x.jsonl")
    case .gzip: table(bytes, "x.csv.gz")
    case .parquet: parquet(bytes)
    case .json: json(bytes)
    case .profile: profile(bytes)
    case .cron: _ = try? CronExpression(String(decoding: bytes, as: UTF8.self))
    case .yaml: _ = try? DeclarationFile.parse(DeclarationSource(file: "f.yaml", directory: "/d", bytes: bytes))
    case .query: _ = DataQuery.ends(in: String(decoding: bytes, as: UTF8.self))
    case .timestamp:
      guard let time = Timestamp(utf8: bytes) else { return }
      precondition(Timestamp(time.description) == time, "a time is another one when it is read back")
    }
  }

  private func table(_ bytes: [UInt8], _ name: String) {
    guard let table = try? TableReader().read(bytes: bytes, source: name) else { return }
    precondition(table.columns.allSatisfy { $0.count == table.rowCount }, "a column has not as many cells as there are rows")
    precondition(Set(table.columns.map(\.name)).count == table.columns.count, "two columns have one name")
    // All columns as they stand.
    let raw = try? TableReader(options: .init(raw: Set(table.columns.map(\.name)))).read(bytes: bytes, source: name)
    precondition(raw?.rowCount == table.rowCount, "read again, there are other rows")
  }

  private func parquet(_ bytes: [UInt8]) {
    // Rows cost nothing to promise: a file of nulls may have any number.
    guard let file = try? ParquetFile(ParquetBytes(bytes)), file.rowCount < 200_000, file.columns.count < 200 else { return }
    guard let table = try? TableReader().read(bytes: bytes, source: "x.parquet") else { return }
    precondition(table.rowCount == file.rowCount, "the table has other rows than the file")
    precondition(table.columns.allSatisfy { $0.count == table.rowCount }, "a column has not as many cells as there are rows")
    _ = try? TableReader(options: .init(raw: Set(table.columns.map(\.name)))).read(bytes: bytes, source: "x.parquet")
  }

  private func json(_ bytes: [UInt8]) {
    guard let value = try? JSON(parsing: bytes) else { return }
    // By their texts: 1.0 is a number, and is written as the integer 1.
    let text = value.text(.compact)
    let again = try? JSON(parsing: Array(text.utf8))
    precondition(again?.text(.compact) == text, "a value is another one when it is read back")
  }

  private func profile(_ bytes: [UInt8]) {
    guard let json = try? JSON(parsing: bytes), let profile = try? TableProfile(json: json, source: "p.json") else { return }
    var sum = profile
    try? sum.merge(profile)
    _ = try? Comparison.run(reference: .profile(profile), current: .profile(sum))
  }
}
