internal import Foundation
internal import PostgreSQL
internal import Projections
internal import Values

/// Reads kinds from the read models.
struct ReadModel {
  let database: any Queryable
  /// Nil: as they are now. Else the database is the transaction in which the tables of that moment were made.
  var moment: AsOf.Moment?

  private func sql(_ kind: Kind) -> String { moment.map { kind.sql(at: $0) } ?? kind.sql }

  /// What a name stands for.
  enum Found {
    case one(JSON)
    /// A group was named, e.g. the monitor of measurements.
    case several([JSON])
  }

  /// All of a kind, the newest last.
  /// - Parameter limit: only the last so many.
  func all(_ kind: Kind, limit: Int? = nil) async throws -> [JSON] {
    try await database.query(
      """
      select * from (select t.*, row_number() over (order by \(unsafeSQL: kind.order)) as "#", count(*) over () as "##"
      from (\(unsafeSQL: sql(kind))) t) t where "#" > "##" - \(Int64(limit ?? Int(Int32.max))) order by "#"
      """
    ).documents().map(ReadModel.withoutNumbers)
  }

  /// Those whose column has a value, the newest last.
  func all(_ kind: Kind, where column: String, is value: String, limit: Int? = nil) async throws -> [JSON] {
    try await database.query(
      """
      select * from (select t.*, row_number() over (order by \(unsafeSQL: kind.order)) as "#", count(*) over () as "##"
      from (\(unsafeSQL: sql(kind))) t where t."\(unsafeSQL: column)"::text = \(value)) t
      where "#" > "##" - \(Int64(limit ?? Int(Int32.max))) order by "#"
      """
    ).documents().map(ReadModel.withoutNumbers)
  }

  /// The thing of that name, or the group.
  /// - Throws: a complaint with exit code 5 when there is neither.
  func find(_ kind: Kind, _ name: String) async throws -> Found {
    let exact = try await all(kind, where: kind.key, is: kind.hasIdentifier ? name.lowercased() : name)
    if let item = exact.first { return .one(item) }
    if kind.hasIdentifier, name.utf8.count >= Lookup.shortestPrefix, name.utf8.allSatisfy({ $0 == 0x2d || Character(Unicode.Scalar($0)).isHexDigit }) {
      let items = try await database.query(
        "select * from (\(unsafeSQL: sql(kind))) t where t.\(unsafeSQL: kind.key)::text like \(name.lowercased() + "%") limit 2"
      ).documents()
      if items.count == 1 { return .one(items[0]) }
      if items.count > 1 {
        throw Complaint(.badUsage, "\"\(name)\" begins more than one \(kind.singular): \(items.map(kind.nameOf).joined(separator: ", ")); give more of it")
      }
    }
    for group in kind.groups {
      let items = try await all(kind, where: group, is: name)
      if !items.isEmpty { return .several(items) }
    }
    throw Complaint(.notFound, "there is no \(kind.singular) \(name); `kedge get \(kind.name)` lists them")
  }

  private static func withoutNumbers(_ item: JSON) -> JSON {
    var item = item
    item["#"] = nil
    item["##"] = nil
    return item
  }
}
