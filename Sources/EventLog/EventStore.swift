internal import Foundation
public import PostgreSQL
internal import Values

/// Appends to the log and reads it: on its own, or as part of a transaction when that is what it is made with.
public struct EventStore: Sendable {
  let database: any Queryable

  /// - Parameter database: a client, a connection, or the transaction of which everything shall be part.
  public init(_ database: any Queryable) { self.database = database }

  /// Appends to streams, all or nothing, in one round trip.
  /// - Parameters:
  ///   - appends: to one stream each.
  ///   - attribution: who appends, and because of what.
  ///   - lease: checked in the same statement.
  ///   - completing: marks the lease's work as done.
  /// - Returns: the events in input order; when all of them were appended before under the same idempotency keys, those.
  /// - Throws: `VersionConflict`, `IdempotencyConflict`, `StaleLease`, `ShapeMismatch`; `PostgresError` and what else `Queryable.query` throws.
  ///   A deadlock (`40P01`) is possible when one transaction appends twice: run it again, as `withTransaction` does.
  @discardableResult
  public func append(
    _ appends: [Append], by attribution: Attribution, lease: LeaseToken? = nil, completing: Bool = false
  ) async throws -> [AppendedEvent] {
    do {
      let lease: JSON? = lease.map { ["work": .string($0.work.lowercased), "token": .integer($0.token), "complete": .bool(completing)] }
      if appends.count == 1, attribution.principal == nil { return try await appendToOne(appends[0], by: attribution, lease: lease) }
      let batch = JSON([
        ("appends", .array(appends.map(\.json))),
        ("actor", .string(attribution.actor)),
        ("principal", attribution.principal.map { .string($0) }),
        ("correlation_id", attribution.correlation.map { .string($0.lowercased) }),
        ("causation_id", attribution.causation.map { .string($0.lowercased) }),
        ("lease", lease),
      ])
      return try await database.query(Query("select id, stream, version from kedge.append(\(batch))").named("append"))
        .map { row in
          let (id, stream, version) = try row.decode(UUID.self, String.self, Int64.self)
          return AppendedEvent(id: id, stream: StreamName(stream), version: version)
        }
    } catch {
      throw logError(error)
    }
  }

  /// By the form for one stream, which is the faster one.
  private func appendToOne(_ append: Append, by attribution: Attribution, lease: JSON?) async throws -> [AppendedEvent] {
    try await database.query(
      Query(
        """
        select id, version from kedge.append(\(append.stream.text), \(append.expected.number), \(JSON.array(append.events.map(\.json))), \(attribution.actor),
          \(attribution.correlation), \(attribution.causation), \(lease))
        """
      ).named("append")
    ).map { row in
      let (id, version) = try row.decode(UUID.self, Int64.self)
      return AppendedEvent(id: id, stream: append.stream, version: version)
    }
  }

  /// Appends to one stream.
  @discardableResult
  public func append(
    _ events: [NewEvent], to stream: StreamName, expecting expected: ExpectedVersion = .any, by attribution: Attribution
  ) async throws -> [AppendedEvent] {
    try await append([Append(stream: stream, expected: expected, events: events)], by: attribution)
  }

  /// The events of a stream in order, sealed or not.
  /// - Parameters:
  ///   - stream: one without events is empty.
  ///   - version: after this one.
  ///   - limit: at most so many.
  ///   - number: no event after the version has a lower insert number, if that is known: older partitions are not looked into.
  public func read(_ stream: StreamName, after version: Int64 = 0, limit: Int = 1000, from number: Int64 = 0) async throws -> [RecordedEvent] {
    try await database.query(
      Query(
        """
        select o.position, \(unsafeSQL: RecordedEvent.columns)
        from kedge.stream_events(\(stream.text), \(version), \(Int64(limit)), \(number)) e left join kedge.log_order o on o.event = e.number
        order by e.version
        """
      ).named("read stream")
    ).map(RecordedEvent.init(row:))
  }

  /// The sealed events in the global order.
  /// - Parameters:
  ///   - position: after this one.
  ///   - limit: at most so many.
  ///   - streamPrefixes: only of streams whose name begins with one of these; nil is every stream.
  public func readSealed(after position: Int64, limit: Int = 1000, streamPrefixes: [String]? = nil) async throws -> [RecordedEvent] {
    var query: Query = """
      select o.position, \(unsafeSQL: RecordedEvent.columns)
      from kedge.log_order o join kedge.event e on e.number = o.event where o.position > \(position)
      """
    if let streamPrefixes { query.append(" and e.stream ^@ any(\(streamPrefixes))") }
    query.append(" order by o.position limit \(limit)")
    return try await database.query(query.named("read sealed")).map(RecordedEvent.init(row:))
  }

  /// The position that was given last; 0 when there is none.
  public func head() async throws -> Int64 {
    try await database.query("select last_position from kedge.log_seal order by number desc limit 1").first?.decode(Int64.self) ?? 0
  }

  /// Tells whoever seals that there is something to seal. A hint: call it after the commit, never inside a transaction, because NOTIFY
  /// makes commits queue.
  public func hintAppended() async throws { try await database.query("select pg_notify(\(LogChannel.appended), '')") }
}

extension Append {
  var json: JSON {
    ["stream": .string(stream.text), "expected": .integer(expected.number), "events": .array(events.map(\.json))]
  }
}

extension NewEvent {
  var json: JSON {
    JSON([
      ("type", .string(type)), ("schema", schema == 1 ? nil : .integer(Int64(schema))), ("data", data), ("id", id.map { .string($0.lowercased) }),
      ("occurred_at", occurredAt.map { .string($0.description) }), ("idempotency_key", idempotencyKey.map { .string($0) }),
    ])
  }
}

extension RecordedEvent {
  /// The columns after the position, of `kedge.event e`.
  static let columns = """
    e.id, e.stream, e.version, e.type, e.schema, e.data, e.actor, e.principal, e.correlation_id, e.causation_id, e.idempotency_key,
    e.occurred_at, e.recorded_at
    """

  init(row: Row) throws {
    let (position, id, stream, version, type, schema, data) = try row.decode(
      Int64?.self, UUID.self, String.self, Int64.self, String.self, Int.self, JSON.self)
    self.init(
      position: position, id: id, stream: StreamName(stream), version: version, type: type, schema: schema, data: data,
      actor: try row.decode(String.self, at: 7), principal: try row.decode(String.self, at: 8), correlationID: try row.decode(UUID?.self, at: 9),
      causationID: try row.decode(UUID?.self, at: 10), idempotencyKey: try row.decode(String?.self, at: 11),
      occurredAt: try row.decode(Timestamp.self, at: 12), recordedAt: try row.decode(Timestamp.self, at: 13))
  }
}

/// Channels of NOTIFY. What is said there is a hint; every wait has a poll behind it.
enum LogChannel {
  /// Events were appended: seal them.
  static let appended = "kedge_appended"
  /// Events were sealed: follow them.
  static let sealed = "kedge_sealed"
}
