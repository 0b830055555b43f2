internal import Statistics
public import Values

/// A table described in bounded memory: what a monitor keeps of its baseline, and what files too large to hold are reduced to.
public struct TableProfile: Sendable, Hashable {
  /// Of the JSON form.
  public static let version = 1

  /// Where it came from; of several, the first and how many more.
  public private(set) var source: String
  public private(set) var rows: Int
  /// In the first file's order.
  public private(set) var columns: [ColumnProfile]

  init(source: String, rows: Int, columns: [ColumnProfile]) {
    self.source = source
    self.rows = rows
    self.columns = columns
  }

  /// The column of that name.
  public subscript(name: String) -> ColumnProfile? { columns.first { $0.name == name } }

  /// Of the quantile sketches: ranks are off by 0.44 %.
  public static let usualCapacity = 1024

  /// Profiles a table at hand.
  /// - Parameter capacity: of the quantile sketches; columns of up to so many numbers keep them all.
  public init(_ table: DataTable, capacity: Int = usualCapacity) {
    let columns = Parallel.map(table.columns) { column in
      switch column.values {
      case .numbers(let numbers):
        // Declared categories stay categories.
        var profile = ColumnProfile(name: column.name, storage: .numbers, declared: nil, capacity: capacity)
        profile.add(numbers: numbers, isWhole: column.isInteger, strays: column.stray?.count ?? 0)
        return profile
      case .strings(let strings):
        var profile = ColumnProfile(name: column.name, storage: .strings, declared: nil, capacity: capacity)
        profile.add(strings: strings.codes, strings.dictionary)
        return profile
      case .times(let times):
        var profile = ColumnProfile(name: column.name, storage: .times, declared: nil, capacity: capacity)
        profile.add(numbers: times.map { $0 == Column.missingTime ? .nan : Double($0) / 1e6 }, isWhole: false, strays: 0)
        return profile
      }
    }
    self.init(source: table.source, rows: table.rowCount, columns: columns)
  }

  /// Takes what another profile of the same columns has seen: the union of both.
  /// - Throws: `TableError` when the columns differ or hold different kinds of values.
  public mutating func merge(_ other: TableProfile) throws(TableError) {
    let (mine, theirs) = (Set(columns.map(\.name)), Set(other.columns.map(\.name)))
    if let odd = mine.symmetricDifference(theirs).sorted().first {
      throw TableError(
        source: other.source, column: odd, problem: mine.contains(odd) ? "is missing" : "is not in \(source)", advice: "merge profiles of the same columns")
    }
    for index in columns.indices {
      guard let match = other[columns[index].name] else { continue }
      do throws(NotComputable) { try columns[index].merge(match) } catch {
        throw TableError(source: other.source, problem: "cannot be merged with \(source): \(error.reason)", advice: "profile both with the same types")
      }
    }
    rows += other.rows
    let base = source.split(separator: " (+").first.map(String.init) ?? source
    let more = (source.contains(" (+") ? Int(source.split(separator: "+").last?.dropLast() ?? "") ?? 0 : 0) + 1
    source = "\(base) (+\(more))"
  }

  /// As `kedge profile -o json` prints it; `init(json:)` reads it back.
  /// - Throws: `EncodingError` when a number cannot be written.
  public func json() throws -> JSON {
    [
      "version": .integer(Int64(TableProfile.version)), "source": .string(source), "rows": .integer(Int64(rows)),
      "columns": .array(try columns.map { try $0.json() }),
    ]
  }

  /// Reads what `json()` wrote.
  /// - Throws: `TableError` when it is no profile, or one of a later version.
  public init(json: JSON, source name: String) throws(TableError) {
    guard let version = json["version"]?.integer, let rows = json["rows"]?.integer, let list = json["columns"]?.array else {
      throw TableError(source: name, problem: "is not a profile", advice: "make one with: kedge profile FILE -o json")
    }
    guard version == TableProfile.version else {
      throw TableError(source: name, problem: "is a profile of version \(version), and this is version \(TableProfile.version)", advice: "make it again")
    }
    var columns: [ColumnProfile] = []
    for (position, element) in list.enumerated() {
      guard let column = ColumnProfile(json: element) else {
        throw TableError(source: name, column: element["name"]?.string ?? "number \(position + 1)", problem: "is damaged", advice: "make the profile again")
      }
      columns.append(column)
    }
    self.init(source: json["source"]?.string ?? name, rows: rows, columns: columns)
  }

  /// Whether a file's name is that of a profile and not of data: ours (`.json`, `.json.gz`), or one of whylogs (`.bin`).
  public static func isProfile(path: String) -> Bool { [".json", ".json.gz", ".bin"].contains { path.lowercased().hasSuffix($0) } }
}
