public import PostgreSQL

extension EventStore {
  /// The events of some types in all streams: the sealed ones after a position, then those that are not sealed yet.
  ///
  /// It reads the whole log after the position.
  public func read(types: [String], after position: Int64) async throws -> [RecordedEvent] {
    try await database.query(
      Query(
        """
        with unsealed as materialized (
          select e.number from kedge.event e
          where e.xid >= coalesce((select s.snap_xmax from kedge.log_seal s order by s.number desc limit 1), '0')
          union
          select e.number from kedge.event e
          where e.xid = any(coalesce((select s.snap_xip from kedge.log_seal s order by s.number desc limit 1), '{}'))
        )
        (select o.position, \(unsafeSQL: RecordedEvent.columns)
        from kedge.log_order o join kedge.event e on e.number = o.event
        where o.position > \(position) and e.type = any(\(types)) order by o.position)
        union all
        (select null, \(unsafeSQL: RecordedEvent.columns)
        from unsealed u join kedge.event e on e.number = u.number
        where e.type = any(\(types)) and not exists (select from kedge.log_order o where o.event = e.number) order by e.number)
        """
      ).named("read types")
    ).map(RecordedEvent.init(row:))
  }

  /// The events of some types in these streams, sealed or not, stream by stream in order.
  public func read(types: [String], of streams: [StreamName]) async throws -> [RecordedEvent] {
    try await database.query(
      Query(
        """
        select o.position, \(unsafeSQL: RecordedEvent.columns)
        from kedge.event e left join kedge.log_order o on o.event = e.number
        where e.stream = any(\(Set(streams.map(\.text)).sorted())) and e.type = any(\(types)) order by e.stream, e.version
        """
      ).named("read types of streams")
    ).map(RecordedEvent.init(row:))
  }
}
