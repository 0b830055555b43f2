internal import Statistics

extension TableReader {
  /// Profiles what lies at `path` in one pass and bounded memory, however long it is; a column that turns out not to be numbers takes a second pass.
  /// - Throws: `TableError`, which names file, line and column.
  public func profile(path: String) throws(TableError) -> TableProfile {
    let open = try open(path: path)
    var planned = try open.plan()
    var columns: [ColumnProfile?] = Array(repeating: nil, count: planned.count)
    var rows = 0
    for _ in 0..<2 {
      let profiles: [ColumnProfile]
      (rows, profiles) = try gathered(open, planned)
      for (index, profile) in profiles.enumerated() where planned[index].kind != .skip {
        let tooMany = Double(profile.strays) > Double(profile.count + profile.strays) * ColumnBuilder.strayShare
        if tooMany, options.types[profile.name] != .numeric, planned[index].kind == .number || planned[index].areTimes {
          planned[index] = PlannedColumn(kind: .string)
        } else {
          columns[index] = profile
          planned[index] = PlannedColumn(kind: .skip)
        }
      }
      if planned.allSatisfy({ $0.kind == .skip }) { break }
    }
    return TableProfile(source: open.source, rows: rows, columns: columns.compactMap { $0 })
  }

  private func gathered(_ open: some OpenTable, _ plan: [PlannedColumn]) throws(TableError) -> (Int, [ColumnProfile]) {
    try open.gather(plan.map(\.kind), ProfileGathering(names: open.names, plan: plan, types: options.types))
  }
}

/// Blocks become profiles, which are merged.
private struct ProfileGathering: ColumnGathering {
  let names: [String]
  let plan: [PlannedColumn]
  let types: [String: ColumnType]

  func part(_ column: Int, _ block: BlockColumn) -> ColumnProfile? {
    var profile = whole(column, expectedRows: 0)
    switch block {
    case .skipped: return nil
    case .numbers(let values, let isWhole, _, let strays, _): profile.add(numbers: values, isWhole: isWhole, strays: strays)
    case .times(let times): profile.add(numbers: times.map { $0 == Column.missingTime ? .nan : Double($0) / 1e6 }, isWhole: false, strays: 0)
    case .strings(let codes, let pool):
      if plan[column].areTimes { profile.add(times: codes, pool.strings) } else { profile.add(strings: codes, pool.strings) }
    }
    return profile
  }

  func whole(_ column: Int, expectedRows: Int) -> ColumnProfile {
    ColumnProfile(name: names[column], storage: storage(column), declared: types[names[column]])
  }

  func join(_ part: ColumnProfile?, to whole: inout ColumnProfile) {
    guard let part else { return }
    if whole.rows == 0 {
      whole = part
      return
    }
    // Parts of one column are of one kind, so merging them cannot fail.
    do throws(NotComputable) { try whole.merge(part) } catch { return }
  }

  private func storage(_ column: Int) -> ColumnProfile.Storage {
    switch plan[column].kind {
    case .number, .skip: .numbers
    case .time: .times
    case .string, .raw: plan[column].areTimes ? .times : .strings
    }
  }
}
