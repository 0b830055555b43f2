public import Foundation
public import PostgreSQL
public import Values

/// Events as documents for people and scripts, sealed or not.
public struct EventDocuments: Sendable {
  private let database: any Queryable

  /// The type of events that keep the reason somebody gave for a change; Kedge keeps and does not read them.
  public static let note = "note_added"

  /// - Parameter database: where the log is.
  public init(database: any Queryable) { self.database = database }

  /// Which events of the log are wanted.
  public struct Filter: Sendable {
    /// After this position.
    public var after: Int64
    /// Streams of that name; one that ends in `/` stands for all below it.
    public var stream: String?
    /// Any of these types; empty: all.
    public var types: [String]
    /// Recorded then or later.
    public var since: Timestamp?

    /// Takes the values as they are; nothing is checked.
    public init(after: Int64 = 0, stream: String? = nil, types: [String] = [], since: Timestamp? = nil) {
      self.after = after
      self.stream = stream
      self.types = types
      self.since = since
    }
  }

  private static let columns = """
    e.position, e.id, e.stream::text as stream, e.version, e.type::text as type, e.schema, e.data, e.actor::text as actor, e.principal::text as principal,
    e.correlation_id, e.causation_id, e.idempotency_key::text as idempotency_key, e.occurred_at::timestamptz as occurred_at,
    e.recorded_at::timestamptz as recorded_at
    """

  /// Sealed events in their order.
  public func sealed(_ filter: Filter, limit: Int) async throws -> [JSON] {
    try await database.query(
      """
      select \(unsafeSQL: EventDocuments.columns), e.sealed_at, e.epoch, encode(e.hash, 'hex') as hash
      from audit.event e
      where \(conditions(filter)) order by e.position limit \(Int64(limit))
      """
    ).documents()
  }

  /// The newest sealed events, in their order.
  public func newest(_ filter: Filter, limit: Int) async throws -> [JSON] {
    try await database.query(
      """
      select * from (select \(unsafeSQL: EventDocuments.columns), e.sealed_at, e.epoch, encode(e.hash, 'hex') as hash
      from audit.event e where \(conditions(filter)) order by e.position desc limit \(Int64(limit))) e order by e.position
      """
    ).documents()
  }

  private func conditions(_ filter: Filter) -> Query {
    let below = filter.stream.flatMap { $0.hasSuffix("/") ? $0 + "%" : nil }
    let exact = below == nil ? filter.stream : nil
    let types = filter.types.isEmpty ? nil : filter.types
    return """
      e.position > \(filter.after) and (\(exact)::text is null or e.stream = \(exact)) and (\(below)::text is null or e.stream like \(below))
      and (\(types)::text[] is null or e.type = any(\(types)::text[])) and (\(filter.since)::timestamptz is null or e.recorded_at >= \(filter.since))
      """
  }

  /// What audit.timeline says of these positions.
  public func sentences(_ positions: [Int64]) async throws -> [Int64: String] {
    var sentences: [Int64: String] = [:]
    for (position, what) in try await database.query(
      "select position, what from audit.timeline where position = any(\(positions))", as: Int64.self, String.self)
    { sentences[position] = what }
    return sentences
  }

  /// These events, in no order, sealed or not.
  public func events(_ ids: [UUID]) async throws -> [JSON] {
    try await query("e.id = any(\(ids))")
  }

  /// The newest event of a stream, of one of these types if there is one of them.
  public func newest(of stream: String, preferring types: [String] = []) async throws -> JSON? {
    try await query("e.stream = \(stream) and e.type <> \(EventDocuments.note) order by (e.type = any(\(types)::text[])) desc, e.version desc limit 1").first
  }

  /// The newest event of a stream that has one of these types.
  public func newest(of stream: String, among types: [String]) async throws -> JSON? {
    try await query("e.stream = \(stream) and e.type = any(\(types)::text[]) order by e.version desc limit 1").first
  }

  private func query(_ condition: Query) async throws -> [JSON] {
    try await database.query(
      """
      select \(unsafeSQL: EventDocuments.columns) from (select e.*, o.position from kedge.event e left join kedge.log_order o on o.event = e.number) e
      where \(condition)
      """
    ).documents()
  }
}
