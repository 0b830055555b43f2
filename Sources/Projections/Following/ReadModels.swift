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
    let head = try await database.query("select coalesce(max(position), 0) from kedge.log_order").first?.decode(Int64.self) ?? 0
    for projection in allProjections {
      let prefixes = projection.categories.map { $0 + "/" }
      let behind = try await database.query(
        """
        select 1 from kedge.log_order o join kedge.event e on e.number = o.event
        where o.position > coalesce((select f.position from kedge.follower f where f.name = \(projection.name)), 0)
          and o.position <= \(head) and e.stream ^@ any(\(prefixes)) limit 1
        """)
      if !behind.isEmpty { return false }
    }
    return true
  }
}
