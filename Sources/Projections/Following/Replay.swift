public import EventLog
public import PostgreSQL
internal import Lifecycle
internal import Values

/// Replays the log into tables beside a projection's live ones, to compare them or to put the one in the place of the other.
///
/// The live projection goes on meanwhile, and readers see its rows until the swap commits. It is held at its checkpoint only for the last
/// comparison and the swap, which are one transaction: readers see all of the old rows, or all of the new. Nothing is appended. Policies
/// cannot be replayed this way, because what they say is done.
///
/// Killed at any moment it leaves the live projection as it was, or swapped; its own tables are removed by the next replay.
public struct Replay: Sendable {
  private let client: PostgresClient
  private let type: any Projection.Type

  /// What differs between the live tables and the replay.
  public struct Difference: Equatable, Sendable {
    /// How many differing rows are shown.
    static let sampled = 10

    /// Its name, without the schema; `follower_state` is what the follower remembers beside its tables.
    public let table: String
    /// Rows that both have, with other content.
    public let changed: Int
    /// Rows that only the live table has.
    public let surplus: Int
    /// Rows that only the replay has.
    public let missing: Int
    /// Of the first ten that differ, the rows of the live table, as JSON text.
    public let onlyLive: [String]
    /// Of the same, the rows of the replay.
    public let onlyReplayed: [String]
  }

  /// What a replay came to.
  public struct Report: Equatable, Sendable {
    /// Its name.
    public let projection: String
    /// The position up to which both were compared.
    public let position: Int64
    /// Events read.
    public let events: Int
    /// Rows in the replayed tables.
    public let rows: Int
    /// Empty when the replay equals what is stored.
    public let differences: [Difference]
    /// Streams that are halted live, and in the replay go on or are halted elsewhere.
    public let freed: [StreamName]
    /// Streams with an event that the replay could not digest either.
    public let halted: [StreamName]
  }

  /// How far a replay is.
  public enum Step: Sendable {
    /// Its tables are there, and empty.
    case begun
    /// It has taken in what lies up to this position; the log ended at the other one when it was asked.
    case read(Int64, of: Int64)
    /// What the swap will change; the live projection is held until it is over.
    case compared(Report)
    /// Readers see the new rows.
    case swapped(Report)
  }

  /// - Parameters:
  ///   - name: of a projection.
  ///   - client: needs two connections at a time.
  /// - Returns: nil when there is none of that name.
  public init?(_ name: String, _ client: PostgresClient) {
    guard let type = allProjections.first(where: { $0.name == name }) else { return nil }
    self.init(type, client)
  }

  /// The same for a type that need not be among Kedge's own, or has another shape than the one that runs live.
  public init(_ type: any Projection.Type, _ client: PostgresClient) {
    self.type = type
    self.client = client
  }

  /// Proves that a replay equals what is stored at the projection's checkpoint, row for row.
  /// - Parameter observe: is told how far it is; what it throws ends the replay.
  /// - Throws: `ReplayError`, `PostgresError`.
  public func verify(observe: @Sendable (Step) async throws -> Void = { _ in }) async throws -> Report {
    try await beside(alone: false) { shadow, life in
      var replayer = Replayer(type, schema: shadow.schema, passingOver: try await Replayer.passedOver(by: type.name, client))
      try await observe(.begun)
      try await catchUp(&replayer, life, observe) { try await checkpoint($0) }
      // One snapshot of checkpoint and rows: nothing is locked.
      return try await client.withTransaction(isolation: .repeatableRead, retries: 0) { transaction in
        let checkpoint = try await checkpoint(transaction)
        guard checkpoint >= replayer.position else { throw ReplayError.movedBack(projection: type.name, checkpoint: checkpoint) }
        try await replayer.read(upTo: checkpoint, in: transaction)
        let report = try await compare(replayer, shadow, transaction)
        try await observe(.compared(report))
        return report
      }
    }
  }

  /// Puts the replayed rows in the place of the live ones.
  /// - Parameter observe: is told how far it is; what it throws before the swap ends the replay, and nothing is swapped.
  /// - Throws: `ReplayError`, `PostgresError`.
  public func rebuild(observe: @Sendable (Step) async throws -> Void = { _ in }) async throws -> Report {
    try await beside(alone: true) { shadow, life in
      let passedOver = try await Replayer.passedOver(by: type.name, client)
      var replayer = Replayer(type, schema: shadow.schema, passingOver: passedOver)
      try await observe(.begun)
      try await catchUp(&replayer, life, observe) { try await EventStore($0).head() }
      let report = try await client.withTransaction(retries: 0) { transaction in
        try await transaction.query("insert into kedge.follower (name) values (\(type.name)) on conflict do nothing")
        // From here to the commit the follower waits; so do releases of halted streams.
        try await transaction.query("select from kedge.follower where name = \(type.name) for update")
        guard try await Replayer.passedOver(by: type.name, transaction) == passedOver else { throw ReplayError.released(projection: type.name) }
        try await replayer.read(upTo: try await checkpoint(transaction), in: transaction)
        let report = try await compare(replayer, shadow, transaction)
        try await observe(.compared(report))
        // Whoever was taken for dead swaps nothing.
        try await life.query("select")
        try await shadow.swap(report.differences, transaction)
        try await moveOn(to: replayer, transaction)
        return report
      }
      try await observe(.swapped(report))
      return report
    }
  }

  /// Runs `body` with tables beside the live ones, which are gone afterwards.
  private func beside(alone: Bool, _ body: (ShadowTables, _ life: Transaction) async throws -> Report) async throws -> Report {
    let shadow = ShadowTables(type)
    // Contrary to the rule, others are awaited in this transaction: it only says that this process lives.
    return try await client.withTransaction(retries: 0) { life in
      try await shadow.lock(life, alone: alone)
      do {
        try await shadow.make(client)
        let report = try await body(shadow, life)
        try await shadow.drop(client)
        return report
      } catch {
        // Not part of a task that was cancelled. What cannot be removed now, the next replay removes.
        let client = client
        _ = await Task { try? await shadow.drop(client) }.value
        throw error
      }
    }
  }

  /// Reads on until little is left, in transactions of its own.
  private func catchUp(
    _ replayer: inout Replayer, _ life: Transaction, _ observe: @Sendable (Step) async throws -> Void, upTo goal: (any Queryable) async throws -> Int64
  ) async throws {
    var before: Int64
    repeat {
      before = replayer.position
      let end = try await goal(client)
      try await replayer.read(upTo: end, client) { position in
        try await life.query("select")
        try await observe(.read(position, of: end))
      }
    } while replayer.position - before > Int64(Replayer.atOnce)
  }

  /// Where the projection is, and never beyond the end of the log: an older copy of the database may have been put back.
  private func checkpoint(_ database: any Queryable) async throws -> Int64 {
    let stored = try await database.query("select position from kedge.follower where name = \(type.name)", as: Int64.self).first ?? 0
    return min(stored, try await EventStore(database).head())
  }

  private func compare(_ replayer: Replayer, _ shadow: ShadowTables, _ transaction: Transaction) async throws -> Report {
    try await shadow.store(try await replayer.memory(), transaction)
    let live = try await transaction.query(
      "select stream, position from kedge.halted_stream where follower = \(type.name)", as: String.self, Int64.self)
    return Report(
      projection: type.name, position: replayer.position, events: replayer.events, rows: try await shadow.countRows(transaction),
      differences: try await shadow.compare(transaction),
      freed: live.filter { replayer.halts[$0.0]?.position != $0.1 }.map { StreamName($0.0) }.sorted { $0.text < $1.text },
      halted: replayer.halts.keys.sorted().map { StreamName($0) })
  }

  /// The checkpoint and the halted streams of the replay are those of the projection from now on.
  private func moveOn(to replayer: Replayer, _ transaction: Transaction) async throws {
    let name = type.name
    try await transaction.query(
      """
      update kedge.follower f set position = n.position, hash = n.hash, epoch = coalesce(n.epoch, f.epoch)
      from (
        select p.position, o.hash, s.epoch from (select \(replayer.position) as position) p
        left join kedge.log_order o on o.position = p.position left join kedge.log_seal s on s.number = o.seal) n
      where f.name = \(name) and (f.position <> n.position or f.hash is distinct from n.hash)
      """)
    let halts = JSON.array(
      replayer.halts.sorted { $0.key < $1.key }.map { stream, halt in
        [
          "stream": .string(stream), "position": .integer(halt.position), "event": .string(halt.event.lowercased), "error": .string(halt.error),
          "parked": JSON(halt.parked),
        ]
      })
    try await transaction.query("delete from kedge.halted_stream where follower = \(name) and stream <> all(\(replayer.halts.keys.sorted()))")
    try await transaction.query(
      """
      insert into kedge.halted_stream as h (follower, stream, position, event, error, parked)
      select \(name), n.stream, n.position, n.event, n.error, n.parked
      from jsonb_to_recordset(\(halts)) n (stream text, position bigint, event uuid, error text, parked bigint)
      on conflict (follower, stream) do update set position = excluded.position, event = excluded.event, error = excluded.error,
        parked = excluded.parked, halted_at = case when h.event = excluded.event then h.halted_at else excluded.halted_at end
      """)
  }
}

/// Why a replay could not be compared or swapped.
public enum ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Another rebuild of the projection goes on; `process` is the one on the server that shows it, if it is known.
  case underWay(projection: String, process: Int64?)
  /// A halted stream was released meanwhile.
  case released(projection: String)
  /// The checkpoint is before what was read.
  case movedBack(projection: String, checkpoint: Int64)

  /// What is in the way, and what to do.
  public var description: String {
    switch self {
    case .underWay(let projection, let process):
      "another rebuild of \(projection) is under way\(process.map { " (server process \($0))" } ?? ""); wait for it, or end it"
    case .released(let projection): "a halted stream of \(projection) was released meanwhile, nothing was swapped; run it again"
    case .movedBack(let projection, let checkpoint): "the checkpoint of \(projection) was moved back to \(checkpoint) meanwhile; run it again"
    }
  }
}
