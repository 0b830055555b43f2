public import Foundation
public import PostgreSQL
public import Values

/// A stream with an event that a follower cannot digest.
public struct HaltedStream: Hashable, Sendable {
  /// The follower's name.
  public let follower: String
  /// The stream that does not go on for it.
  public let stream: StreamName
  /// Of the event that could not be digested.
  public let position: Int64
  /// The id of the event that could not be digested.
  public let event: UUID
  /// Why, without values of its data.
  public let error: String
  /// How many later events of the stream wait behind it.
  public let parked: Int
  /// When the follower met it.
  public let haltedAt: Timestamp
}

/// The streams that followers halted, and how they are released.
public struct HaltedStreams: Sendable {
  private let database: PostgresClient

  /// Reads and releases through this pool.
  public init(_ database: PostgresClient) { self.database = database }

  /// What becomes of the event that could not be digested.
  public enum Mode: String, Sendable {
    /// It is taken in: whatever stood in its way has been mended.
    case retry
    /// It is passed over, for good: the follower never sees it.
    case passOver = "pass_over"
  }

  /// How a release ended.
  public enum Outcome: Hashable, Sendable {
    /// All that was parked has been taken in.
    case released(events: Int)
    /// Another event, or the same, cannot be digested: the stream is halted there.
    case halted(events: Int, HaltedStream)
  }

  /// All of them, the oldest first.
  public func list(follower: String? = nil) async throws -> [HaltedStream] {
    var query: Query = "select follower, stream, position, event, error, parked, halted_at from kedge.halted_stream"
    if let follower { query.append(" where follower = \(follower)") }
    query.append(" order by halted_at, follower, stream")
    return try await database.query(query).map(HaltedStream.init(row:))
  }

  /// Takes in what was parked, in order, up to where the follower is, and lets the stream go on; recorded as `projection_released` on
  /// `projection/FOLLOWER`, all in one transaction.
  /// - Parameter reason: why, as a person says; it stands in the log for good.
  /// - Throws: `FollowerError.notHalted`; `PostgresError`; what the follower throws that says nothing about its events.
  public func release(
    _ stream: StreamName, of follower: any Follower, _ mode: Mode, by attribution: Attribution, because reason: String? = nil
  ) async throws -> Outcome {
    try await database.withTransaction { transaction in
      // The follower's own batches wait for this row.
      let checkpoints = try await transaction.query(
        "select position from kedge.follower where name = \(follower.name) for update", as: Int64.self)
      let rows = try await transaction.query(
        """
        select follower, stream, position, event, error, parked, halted_at from kedge.halted_stream
        where follower = \(follower.name) and stream = \(stream.text) for update
        """)
      guard let checkpoint = checkpoints.first, let halted = try rows.first.map(HaltedStream.init(row:)) else {
        throw FollowerError.notHalted(follower: follower.name, stream: stream.text)
      }
      try await EventStore(transaction).append(
        [
          NewEvent(
            type: "projection_released",
            data: halted.released(mode, reason))
        ], to: StreamName(category: "projection", name: follower.name),
        by: Attribution(
          actor: attribution.actor, principal: attribution.principal, correlation: attribution.correlation,
          causation: attribution.causation ?? halted.event))
      var position = mode == .retry ? halted.position - 1 : halted.position
      var taken = 0
      while true {
        let events = try await parked(stream, after: position, upTo: checkpoint, transaction)
        guard let last = events.last?.position else { break }
        if let poison = try await apply(events, follower, transaction) {
          let healthy = Array(events.prefix { $0.id != poison.event.id })
          if !healthy.isEmpty { try await follower.apply(healthy, in: transaction) }
          taken += healthy.count
          return .halted(events: taken, try await haltAgain(poison, halted, upTo: checkpoint, transaction))
        }
        taken += events.count
        position = last
      }
      try await transaction.query("delete from kedge.halted_stream where follower = \(follower.name) and stream = \(stream.text)")
      return .released(events: taken)
    }
  }

  /// Takes events in; nothing of them is left when one of them is poison.
  private func apply(_ events: [RecordedEvent], _ follower: any Follower, _ transaction: Transaction) async throws -> PoisonEvent? {
    do {
      try await transaction.withSavepoint { try await follower.apply(events, in: $0) }
      return nil
    } catch let poison as PoisonEvent where events.contains(where: { $0.id == poison.event.id }) {
      return poison
    } catch  where !mayPass(error) {
      guard events.count > 1 else { return PoisonEvent(events[0], reason: "\(error)") }
      // Whose fault it is shows one by one.
      do {
        return try await transaction.withSavepoint { savepoint in
          for event in events {
            if let poison = try await apply([event], follower, savepoint) { throw Found(poison: poison) }
          }
          return nil
        }
      } catch let found as Found {
        return found.poison
      }
    }
  }

  /// Undoes what was tried on the way to it.
  private struct Found: Error { let poison: PoisonEvent }

  private func haltAgain(_ poison: PoisonEvent, _ halted: HaltedStream, upTo checkpoint: Int64, _ transaction: Transaction) async throws -> HaltedStream {
    let position = poison.event.position ?? halted.position
    return try await transaction.query(
      """
      update kedge.halted_stream set position = \(position), event = \(poison.event.id), error = \(poison.reason), parked = (
        select count(*) from kedge.event e join kedge.log_order o on o.event = e.number
        where e.stream = \(halted.stream.text) and o.position > \(position) and o.position <= \(checkpoint))
      where follower = \(halted.follower) and stream = \(halted.stream.text)
      returning follower, stream, position, event, error, parked, halted_at
      """
    ).map(HaltedStream.init(row:))[0]
  }

  private func parked(_ stream: StreamName, after position: Int64, upTo end: Int64, _ transaction: Transaction) async throws -> [RecordedEvent] {
    try await transaction.query(
      """
      select o.position, \(unsafeSQL: RecordedEvent.columns) from kedge.event e join kedge.log_order o on o.event = e.number
      where e.stream = \(stream.text) and o.position > \(position) and o.position <= \(end) order by o.position limit 256
      """
    ).map(RecordedEvent.init(row:))
  }
}

extension HaltedStream {
  /// The data of the event `projection_released` that records its release.
  public func released(_ mode: HaltedStreams.Mode, _ reason: String?) -> JSON {
    JSON([
      ("projection", .string(follower)), ("stream", .string(stream.text)), ("event", .string(event.lowercased)), ("position", .integer(position)),
      ("error", .string(error)), ("mode", .string(mode.rawValue)), ("reason", reason.map { .string($0) }),
    ])
  }

  fileprivate init(row: Row) throws {
    let (follower, stream, position, event, error, parked, haltedAt) = try row.decode(
      String.self, String.self, Int64.self, UUID.self, String.self, Int.self, Timestamp.self)
    self.init(
      follower: follower, stream: StreamName(stream), position: position, event: event, error: error, parked: parked, haltedAt: haltedAt)
  }
}
