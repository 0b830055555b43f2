internal import EventLog
public import PostgreSQL

/// The read models as a whole.
public enum ReadModels {
  /// Among how many of the newest events one that is not sealed is looked for.
  private static let recent = 1000

  /// Whether they show everything that was in the log when this was asked.
  ///
  /// A follower writes its checkpoint down lazily while events pass that do not concern it: what counts is whether any does.
  public static func areCaughtUp(_ database: any Queryable) async throws -> Bool {
    let unsealed = try await database.query(
      """
      select 1 from (select number from kedge.event order by number desc limit \(Int64(recent))) e
      where not exists (select from kedge.log_order o where o.event = e.number) limit 1
      """)
    guard unsealed.isEmpty else { return false }
    let head = try await EventStore(database).head()
    return try await position(of: allProjections, database) >= head
  }

  /// The position up to which all of these show the log; they may show more.
  public static func position(of projections: [any Projection.Type], _ database: any Queryable) async throws -> Int64 {
    var position = try await EventStore(database).head()
    for projection in projections {
      let prefixes = projection.categories.map { $0 + "/" }
      let missing = try await database.query(
        """
        select o.position from kedge.log_order o join kedge.event e on e.number = o.event
        where o.position > coalesce((select f.position from kedge.follower f where f.name = \(projection.name)), 0)
          and o.position <= \(position) and e.stream ^@ any(\(prefixes)) order by o.position limit 1
        """
      ).first?.decode(Int64.self)
      if let missing { position = missing - 1 }
    }
    return position
  }
}
