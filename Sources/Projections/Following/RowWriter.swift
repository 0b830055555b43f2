public import PostgreSQL
internal import Lifecycle
internal import Values

/// Writes changes of read models, as few round trips as there are batches.
struct RowWriter {
  /// Where the tables lie: `kedge`, or `pg_temp` for a rebuild.
  let schema: String

  func write(_ changes: [RowChange], in database: any Queryable) async throws {
    for start in stride(from: 0, to: changes.count, by: RowWriter.atOnce) {
      _ = try await database.pipeline(changes[start..<min(start + RowWriter.atOnce, changes.count)].map(query))
    }
  }

  /// Statements of one pipeline.
  static let atOnce = 256

  /// Tables and columns are constants of this program; what comes from outside is a parameter.
  private func query(_ change: RowChange) -> Query {
    switch change {
    case .put(let table, let key, let row):
      let columns = names(row)
      let list = columns.joined(separator: ", ")
      let rest = columns.filter { !key.contains($0) }
      let update = rest.isEmpty ? "nothing" : "update set " + rest.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
      return """
        insert into \(unsafeSQL: schema).\(unsafeSQL: table) (\(unsafeSQL: list))
        select \(unsafeSQL: list) from jsonb_populate_record(null::kedge.\(unsafeSQL: table), \(row))
        on conflict (\(unsafeSQL: key.joined(separator: ", "))) do \(unsafeSQL: update)
        """
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
