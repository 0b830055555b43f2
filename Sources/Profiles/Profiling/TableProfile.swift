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

  /// Profiles a table at hand.
  public init(_ table: DataTable) {
    let columns = Parallel.map(table.columns) { column in
      switch column.values {
      case .numbers(let numbers):
        // Declared categories stay categories.
        var profile = ColumnProfile(name: column.name, storage: .numbers, declared: nil)
        profile.add(numbers: numbers, isWhole: column.isInteger, strays: column.stray?.count ?? 0)
        return profile
      case .strings(let strings):
        var profile = ColumnProfile(name: column.name, storage: .strings, declared: nil)
        profile.add(strings: strings.codes, strings.dictionary)
        return profile
      case .times(let times):
        var profile = ColumnProfile(name: column.name, storage: .times, declared: nil)
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

  /// Whether a file's first bytes look like a profile and not like data.
  public static func isProfile(path: String) -> Bool { path.lowercased().hasSuffix(".json") }
}

extension TableReader {
  /// Profiles a file in one pass and bounded memory, however long it is; a column that turns out not to be numbers takes a second pass.
  /// - Throws: `TableError`, which names file, line and column.
  public func profile(path: String) throws(TableError) -> TableProfile {
    let reading = try reading(path: path)
    let begun = try reading.begin()
    var planned = reading.plan(begun)
    var columns: [ColumnProfile?] = Array(repeating: nil, count: begun.names.count)
    var rows = 0
    for _ in 0..<2 {
      let plan = planned
      let names = begun.names
      let types = options.types
      var parts: [ColumnProfile?] = Array(repeating: nil, count: plan.count)
      rows = try reading.pass(begun, plan.map(\.kind)) { block in
        block.enumerated().map { index, column in TableReader.profile(names[index], plan[index], types[names[index]], column) }
      } joining: { made, _, _ in
        for (index, part) in made.enumerated() {
          guard let part else { continue }
          // Blocks of one column are of one kind, so merging them cannot fail.
          do throws(NotComputable) {
            if parts[index] == nil { parts[index] = part } else { try parts[index]?.merge(part) }
          } catch { continue }
        }
      }
      for (index, part) in parts.enumerated() where planned[index].kind != .skip {
        let profile = part ?? ColumnProfile(name: begun.names[index], storage: .numbers, declared: options.types[begun.names[index]])
        let tooMany = Double(profile.strays) > Double(profile.count + profile.strays) * ColumnBuilder.strayShare
        if tooMany, options.types[profile.name] != .numeric {
          planned[index] = RecordReading.Planned(kind: .string)
        } else {
          columns[index] = profile
          planned[index] = RecordReading.Planned(kind: .skip)
        }
      }
      if planned.allSatisfy({ $0.kind == .skip }) { break }
    }
    return TableProfile(source: path == "-" ? "standard input" : path, rows: rows, columns: columns.compactMap { $0 })
  }

  private static func profile(_ name: String, _ plan: RecordReading.Planned, _ declared: ColumnType?, _ block: BlockColumn) -> ColumnProfile? {
    switch block {
    case .skipped: return nil
    case .numbers(let values, let isWhole, _, let strays, _):
      var profile = ColumnProfile(name: name, storage: .numbers, declared: declared)
      profile.add(numbers: values, isWhole: isWhole, strays: strays)
      return profile
    case .strings(let codes, let pool):
      var profile = ColumnProfile(name: name, storage: plan.areTimes ? .times : .strings, declared: declared)
      if plan.areTimes { profile.add(times: codes, pool.strings) } else { profile.add(strings: codes, pool.strings) }
      return profile
    }
  }
}
