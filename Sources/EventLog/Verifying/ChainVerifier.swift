internal import Foundation
public import PostgreSQL
internal import Values

/// What became of a verification.
public struct Verification: Hashable, Sendable {
  /// The end of what was verified.
  public struct Head: Hashable, Sendable {
    /// Of the last event that was verified.
    public let position: Int64
    /// SHA-256, 32 bytes.
    public let hash: [UInt8]

    /// Lower-case hexadecimal.
    public var hexadecimal: String { ChainHash.text(hash) }
  }

  /// The first event that does not fit.
  public struct Break: Hashable, Sendable {
    /// Of the event.
    public let position: Int64
    /// What does not fit.
    public let reason: String
  }

  /// Events whose hashes were recomputed.
  public let events: Int
  /// Nil when there is no event.
  public let head: Head?
  /// Nil when all fits.
  public let firstBad: Break?

  /// Whether nothing was found, which is also so of an empty log.
  public var isVerified: Bool { firstBad == nil }
}

/// Recomputes the chain of hashes.
public struct ChainVerifier: Sendable {
  let database: any Queryable

  /// - Parameter database: for one view of the log under traffic, a transaction with one snapshot.
  public init(_ database: any Queryable) { self.database = database }

  /// By `audit.verify()`: the server does all of it.
  public func verifyInDatabase(from: Int64 = 1, to: Int64? = nil) async throws -> Verification {
    let row = try await database.query(
      Query("select verified, events, head_position, head_hash, first_bad_position, reason from audit.verify(\(from), \(to))").named("verify")
    )[0]
    let (verified, events, position, hash, bad, reason) = try row.decode(
      Bool.self, Int.self, Int64?.self, [UInt8]?.self, Int64?.self, String?.self)
    return Verification(
      events: events, head: position.flatMap { position in hash.map { Verification.Head(position: position, hash: $0) } },
      firstBad: verified ? nil : Verification.Break(position: bad ?? from, reason: reason ?? "the chain does not fit"))
  }

  /// By a second implementation, of the encoding and of the hashes, which reads `audit.event`, `audit.head`, and what the seals say.
  /// - Parameters:
  ///   - from: the first position; what comes before it is taken as given.
  ///   - to: the last position; nil is the head.
  ///   - progress: is told the position that was reached.
  /// - Throws: `PostgresError` and what else `Queryable.query` throws; a broken chain is a result.
  public func verify(from: Int64 = 1, to: Int64? = nil, progress: @Sendable (Int64) -> Void = { _ in }) async throws -> Verification {
    let from = max(1, from)
    let end: Int64
    if let to { end = to } else { end = try await database.query("select position from audit.head", as: Int64.self).first ?? 0 }
    let contradiction = try await firstContradiction(from: from, to: to)
    var hash = ChainHash.beginning
    var position = from - 1
    func broken(_ at: Int64, _ reason: String) -> Verification {
      Verification(
        events: Int(position - from + 1), head: position < from ? nil : Verification.Head(position: position, hash: hash),
        firstBad: Verification.Break(position: at, reason: reason))
    }
    if from > 1, end >= from {
      guard let before = try await database.query("select hash from kedge.log_order where position = \(position)", as: [UInt8].self).first else {
        return broken(from, "position \(position), from whose hash the chain goes on, is missing")
      }
      hash = before
    }
    while position < end {
      let rows = try await database.query(
        Query(
          """
          select position, epoch, id, stream, version, type, schema, data::text, actor, principal, correlation_id, causation_id, idempotency_key,
            occurred_at, recorded_at, sealed_at, hash
          from audit.event where position > \(position) and position <= \(min(end, position + 1000)) order by position
          """
        ).named("read chain"))
      guard !rows.isEmpty else { return broken(position + 1, "position \(position + 1) is missing") }
      for row in rows {
        let stored = try row.decode(Int64.self, at: 0)
        guard stored == position + 1 else { return broken(position + 1, "position \(position + 1) is missing") }
        let computed = ChainHash.next(after: hash, try ChainVerifier.fields(row))
        guard try row.decode([UInt8].self, at: 16) == computed else {
          return broken(stored, "the hash at position \(stored) does not fit: the event, its place, its hash or the hash before it was changed")
        }
        (position, hash) = (stored, computed)
        if position == contradiction { break }
      }
      if position == contradiction { break }
      progress(position)
    }
    if to == nil, contradiction == nil || contradiction! > position,
      let beyond = try await database.query(
        // In one statement: more may have been sealed since the head was read.
        "select min(position) from kedge.log_order where position > greatest(\(position), coalesce((select position from audit.head), 0))",
        as: Int64?.self
      ).first ?? nil
    {
      return broken(beyond, "no seal says that there is a position \(beyond)")
    }
    if let contradiction { return broken(contradiction, "a seal says another hash for position \(contradiction)") }
    return Verification(
      events: Int(max(0, position - from + 1)), head: position < from ? nil : Verification.Head(position: position, hash: hash), firstBad: nil)
  }

  /// The first position of which a seal says another hash than the order, also one that was made of nothing, or of which there is no more.
  private func firstContradiction(from: Int64, to: Int64?) async throws -> Int64? {
    try await database.query(
      """
      select min(greatest(s.last_position, 1)) from kedge.log_seal s left join kedge.log_order o on o.position = s.last_position
      where (s.last_position >= \(from) or \(from) = 1) and s.last_position <= \(to ?? Int64.max)
        and s.hash <> case s.last_position when 0 then decode(repeat('00', 32), 'hex') else coalesce(o.hash, '') end
      """, as: Int64?.self
    ).first ?? nil
  }

  /// What is hashed of an event, in the order of LOG.md.
  private static func fields(_ row: Row) throws -> [String?] {
    func number(_ column: Int) throws -> String { String(try row.decode(Int64.self, at: column)) }
    func text(_ column: Int) throws -> String? { try row.decode(String?.self, at: column) }
    func uuid(_ column: Int) throws -> String? { try row.decode(UUID?.self, at: column)?.lowercased }
    func time(_ column: Int) throws -> String { String(try row.decode(Timestamp.self, at: column).microseconds) }
    return [
      "kedge1", try number(1), try number(0), try uuid(2), try text(3), try number(4), try text(5), try number(6), try text(7), try text(8), try text(9),
      try uuid(10), try uuid(11), try text(12), try time(13), try time(14), try time(15),
    ]
  }
}
