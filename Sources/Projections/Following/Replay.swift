public import EventLog
public import PostgreSQL
internal import Lifecycle
internal import Values

/// Replays the log into a projection's tables beside the live ones.
///
/// All of it is one transaction with temporary tables: nothing is left behind when it is killed. It reads on until it has caught up,
/// then holds the follower at its checkpoint while it compares or swaps, so that readers see the old rows until they see the new.
public struct Replay: Sendable {
  private let client: PostgresClient
  private let type: any Projection.Type

  /// What differs between the live tables and the replay.
  public struct Difference: Equatable, Sendable {
    /// Its name, without the schema.
    public let table: String
    /// Rows that only the live table has, as JSON text; at most ten.
    public let onlyLive: [String]
    /// Rows that only the replay has; at most ten.
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
  }

  /// - Parameter name: of a projection.
  /// - Returns: nil when there is none of that name.
  public init?(_ name: String, _ client: PostgresClient) {
    guard let type = allProjections.first(where: { $0.name == name }) else { return nil }
    self.type = type
    self.client = client
  }

  /// Proves that a replay equals what is stored, row for row.
  /// - Parameter progress: is told how many events of how many have been read.
  public func verify(progress: @Sendable (Int64, Int64) -> Void = { _, _ in }) async throws -> Report {
    try await run(swapping: false, progress)
  }

  /// Replaces the live rows by the replayed ones.
  public func rebuild(progress: @Sendable (Int64, Int64) -> Void = { _, _ in }) async throws -> Report {
    try await run(swapping: true, progress)
  }

  private func run(swapping: Bool, _ progress: @Sendable (Int64, Int64) -> Void) async throws -> Report {
    try await client.withTransaction(retries: 0) { transaction in
      let type = type
      for table in type.tables {
        try await transaction.query("create temporary table \(unsafeSQL: table) (like kedge.\(unsafeSQL: table) including all) on commit drop")
      }
      let replay = makeRun(type, schema: "pg_temp")
      let prefixes = type.categories.map { $0 + "/" }
      var position: Int64 = 0
      var lastRelevant: Int64 = 0
      var events = 0
      let head = try await transaction.query("select coalesce(max(position), 0) from kedge.log_order").first!.decode(Int64.self)

      // Beside the transaction: what is sealed never changes.
      var pages = SealedPages(EventStore(client), streamPrefixes: prefixes)
      func read(upTo end: Int64) async throws {
        while position < end {
          let page = try await pages.page(after: position)
          guard page.end > position else { break }
          let batch = page.events.filter { $0.position! <= end }
          if let last = batch.last?.position {
            try await replay.replay(batch, in: transaction)
            events += batch.count
            lastRelevant = last
          }
          position = min(page.end, end)
          progress(position, end)
        }
        position = end
      }
      try await read(upTo: head)
      let checkpoint = try await hold(transaction, at: swapping ? 0 : lastRelevant)
      try await read(upTo: checkpoint)

      var differences: [Difference] = []
      var rows = 0
      for table in type.tables {
        rows += try await transaction.query("select count(*)::int8 from pg_temp.\(unsafeSQL: table)").first!.decode(Int.self)
        func only(_ one: String, _ other: String) async throws -> [String] {
          try await transaction.query(
            """
            select to_jsonb(x)::text from (select * from \(unsafeSQL: one).\(unsafeSQL: table) except all
            select * from \(unsafeSQL: other).\(unsafeSQL: table)) x limit 10
            """
          ).map { try $0.decode(String.self) }
        }
        let (live, replayed) = (try await only("kedge", "pg_temp"), try await only("pg_temp", "kedge"))
        if !live.isEmpty || !replayed.isEmpty { differences.append(Difference(table: table, onlyLive: live, onlyReplayed: replayed)) }
      }
      if swapping { try await swap(try await replay.replayedMemory(), max(head, checkpoint), transaction) }
      return Report(projection: type.name, position: max(checkpoint, head), events: events, rows: rows, differences: differences)
    }
  }

  /// Waits for the follower to have got there, and holds it where it is.
  /// - Returns: its checkpoint. It lies before events that do not concern it, which it has seen and not yet written down.
  private func hold(_ transaction: Transaction, at position: Int64) async throws -> Int64 {
    let deadline = ContinuousClock.now + Replay.patience
    while true {
      let now = try await transaction.query("select position from kedge.follower where name = \(type.name)").first.map { try $0.decode(Int64.self) } ?? 0
      guard now < position else { break }
      guard ContinuousClock.now < deadline else { throw ReplayError.behind(projection: type.name, checkpoint: now, head: position) }
      try await transaction.query("select pg_sleep(0.05)")
    }
    return try await transaction.query("select position from kedge.follower where name = \(type.name) for update").first
      .map { try $0.decode(Int64.self) } ?? 0
  }

  /// How long a follower may be behind before the comparison is given up.
  private static let patience = Duration.seconds(10)

  private func swap(_ memory: [String: JSON], _ position: Int64, _ transaction: Transaction) async throws {
    for table in type.tables {
      try await transaction.query("delete from kedge.\(unsafeSQL: table)")
      try await transaction.query("insert into kedge.\(unsafeSQL: table) select * from pg_temp.\(unsafeSQL: table)")
    }
    let entries = JSON.array(memory.sorted { $0.key < $1.key }.map { ["key": .string($0.key), "state": $0.value] })
    let name = type.name
    // A new generation: whoever drives the follower reads all of its memory anew.
    try await transaction.query("delete from kedge.follower_state where follower = \(name) and key not like '#%'")
    try await transaction.query(
      """
      insert into kedge.follower_state (follower, key, state)
      select \(name), n.key, n.state from jsonb_to_recordset(\(entries)) n (key text, state jsonb)
      """)
    try await transaction.query(
      "update kedge.follower_state set state = to_jsonb((state #>> '{}')::int8 + 1) where follower = \(name) and key = '#generation'")
    try await transaction.query(
      """
      insert into kedge.follower (name, position) values (\(name), \(position))
      on conflict (name) do update set position = excluded.position
      """)
  }
}

/// Why a replay could not be compared.
public enum ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
  case behind(projection: String, checkpoint: Int64, head: Int64)

  /// How far it is, and what to do.
  public var description: String {
    switch self {
    case .behind(let projection, let checkpoint, let head):
      "\(projection) is at position \(checkpoint) of \(head): it can be compared once it has caught up; run a projector"
    }
  }
}
