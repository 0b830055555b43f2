public import PostgreSQL
internal import Lifecycle
internal import Values

/// Writes changes of read models, as few round trips as there are batches.
struct RowWriter {
  /// Where the tables lie: `kedge`, or `pg_temp` for a rebuild.
  let schema: String

  func write(_ changes: [RowChange], in database: any Queryable) async throws {
    let queries = merged(changes).map(query)
    for start in stride(from: 0, to: queries.count, by: RowWriter.atOnce) {
      _ = try await database.pipeline(Array(queries[start..<min(start + RowWriter.atOnce, queries.count)]))
    }
  }

  /// Statements of one pipeline.
  static let atOnce = 256

  /// What is to be done to a table: rows that are put with the same columns, all in one statement, or one other change.
  private enum Step {
    case put(Put)
    case other(RowChange)
  }

  private struct Put {
    let table: String
    let key: [String]
    let columns: [String]
    private(set) var rows: [JSON] = []
    private var places: [[JSON]: Int] = [:]

    init(_ table: String, _ key: [String], _ columns: [String]) { (self.table, self.key, self.columns) = (table, key, columns) }

    /// One statement cannot write a row twice: the later one replaces the earlier, whose columns are the same.
    mutating func add(_ row: JSON) {
      let identity = key.map { row[$0] ?? .null }
      if let place = places[identity] {
        rows[place] = row
      } else {
        places[identity] = rows.count
        rows.append(row)
      }
    }
  }

  /// Changes to one table stay in order; tables do not depend on each other.
  private func merged(_ changes: [RowChange]) -> [Step] {
    var steps: [Step] = []
    /// The step that changed a table last.
    var newest: [String: Int] = [:]
    for change in changes {
      guard case .put(let table, let key, let row) = change else {
        newest[change.table] = steps.count
        steps.append(.other(change))
        continue
      }
      let columns = names(row)
      if let place = newest[table], case .put(var put) = steps[place], put.key == key, put.columns == columns {
        // Not copied while it grows.
        steps[place] = .other(change)
        put.add(row)
        steps[place] = .put(put)
      } else {
        var put = Put(table, key, columns)
        put.add(row)
        newest[table] = steps.count
        steps.append(.put(put))
      }
    }
    return steps
  }

  private func query(_ step: Step) -> Query {
    switch step {
    case .put(let put): query(put)
    case .other(let change): query(change)
    }
  }

  /// Tables and columns are constants of this program; what comes from outside is a parameter.
  private func query(_ put: Put) -> Query {
    let list = put.columns.joined(separator: ", ")
    let rest = put.columns.filter { !put.key.contains($0) }
    let update = rest.isEmpty ? "nothing" : "update set " + rest.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    return """
      insert into \(unsafeSQL: schema).\(unsafeSQL: put.table) (\(unsafeSQL: list))
      select \(unsafeSQL: list) from jsonb_populate_recordset(null::kedge.\(unsafeSQL: put.table), \(JSON.array(put.rows)))
      on conflict (\(unsafeSQL: put.key.joined(separator: ", "))) do \(unsafeSQL: update)
      """
  }

  private func query(_ change: RowChange) -> Query {
    switch change {
    case .put(let table, let key, let row):
      var put = Put(table, key, names(row))
      put.add(row)
      return query(put)
    case .update(let table, let condition, let row):
      let set = names(row).map { "\($0) = n.\($0)" }.joined(separator: ", ")
      return """
        update \(unsafeSQL: schema).\(unsafeSQL: table) t set \(unsafeSQL: set)
        from jsonb_populate_record(null::kedge.\(unsafeSQL: table), \(row)) n, jsonb_populate_record(null::kedge.\(unsafeSQL: table), \(condition)) k
        where \(unsafeSQL: matches(condition))
        """
    case .delete(let table, let condition):
      return """
        delete from \(unsafeSQL: schema).\(unsafeSQL: table) t
        using jsonb_populate_record(null::kedge.\(unsafeSQL: table), \(condition)) k where \(unsafeSQL: matches(condition))
        """
    }
  }

  private func names(_ row: JSON) -> [String] { row.object?.members.map(\.key) ?? [] }

  private func matches(_ condition: JSON) -> String { names(condition).map { "t.\($0) = k.\($0)" }.joined(separator: " and ") }
}
