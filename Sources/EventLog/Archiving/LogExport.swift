public import PostgreSQL
internal import Values

/// Sealed events as JSON Lines, with all that is hashed of them: enough to verify them without a database.
///
/// The first line is `{"format": "kedge-events-1", "after": {"position", "hash"}}`: what comes before the first event. Every other line is an
/// event, with its fields under the names of LOG.md, in positions without gaps. `data` is a string, character for character what was hashed;
/// `occurred_at`, `recorded_at` and `sealed_at` are microseconds since 1970-01-01 UTC; `hash` is hexadecimal.
public struct LogExport: Sendable {
  static let format = "kedge-events-1"
  private static let atOnce: Int64 = 2000

  private let database: any Queryable

  /// Reads no more than `audit.event`, `audit.head` and `kedge.log_order`: an auditor may export.
  public init(_ database: any Queryable) { self.database = database }

  /// Writes a file, beside its place first: when this throws there is none, or the one that was there. Packed when its name ends in `.gz`.
  /// - Parameters:
  ///   - from: the first position.
  ///   - to: the last position; nil is the head.
  /// - Returns: how many events it holds and the position and hash at which it ends.
  /// - Throws: `LineFileError`; `PostgresError` and what else `Queryable.query` throws.
  @discardableResult
  public func write(to path: String, from: Int64 = 1, upTo to: Int64? = nil) async throws -> Verification {
    var file = try LineWriter(path)
    var end: [UInt8]?
    var last = from - 1
    try await each(from: from, upTo: to) { line, position, hash in
      try file.write(line: line)
      if let position { (last, end) = (position, hash) }
    }
    try file.finish()
    return Verification(events: Int(last - from + 1), head: end.map { Verification.Head(position: last, hash: $0) }, firstBad: nil)
  }

  /// Hands out the lines in order: the first has no position.
  public func each(
    from: Int64 = 1, upTo to: Int64? = nil, _ body: (_ line: String, _ position: Int64?, _ hash: [UInt8]?) throws -> Void
  ) async throws {
    let head = try await ChainHead.read(from: database)
    let end = min(to ?? head.position, head.position)
    var before = ChainHash.beginning
    if from > 1 {
      guard let hash = try await database.query("select hash from kedge.log_order where position = \(from - 1)", as: [UInt8].self).first else {
        throw LogExportError(missing: from - 1)
      }
      before = hash
    }
    let after: JSON = ["position": .integer(from - 1), "hash": .string(ChainHash.text(before))]
    try body((["format": .string(LogExport.format), "after": after] as JSON).description, nil, nil)
    var position = from - 1
    while position < end {
      let rows = try await database.query(
        Query(
          """
          select e.position, e.hash, row_to_json(l)::text
          from audit.event e cross join lateral (select e.position, e.epoch, e.id, e.stream, e.version, e.type, e.schema, e.data::text as data,
            e.actor, e.principal, e.correlation_id, e.causation_id, e.idempotency_key, (extract(epoch from e.occurred_at) * 1000000)::bigint as occurred_at,
            (extract(epoch from e.recorded_at) * 1000000)::bigint as recorded_at, (extract(epoch from e.sealed_at) * 1000000)::bigint as sealed_at,
            encode(e.hash, 'hex') as hash) l
          where e.position > \(position) and e.position <= \(min(end, position + LogExport.atOnce)) order by e.position
          """
        ).named("export events"), as: Int64.self, [UInt8].self, String.self)
      guard !rows.isEmpty else { throw LogExportError(missing: position + 1) }
      for (number, hash, line) in rows {
        guard number == position + 1 else { throw LogExportError(missing: position + 1) }
        try body(line, number, hash)
        position = number
      }
    }
  }
}

/// The log has a gap: it cannot be exported as a chain.
public struct LogExportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The position that is not there.
  public let missing: Int64

  /// Takes the value as it is.
  public init(missing: Int64) { self.missing = missing }

  /// For people, and what to do.
  public var description: String { "position \(missing) is missing from the log; `kedge audit verify` says more" }
}
