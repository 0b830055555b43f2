internal import Crypto
internal import Foundation
public import PostgreSQL
public import Values

/// Moves old partitions of the log to cheap storage: their rows to another tablespace, where they stay what they were for every reader,
/// and their events to packed files that are verified without a database.
///
/// A partition is closed first, so that nothing can be added to it. Then all that changes in the database is one transaction: it is copied
/// beside the live one and takes its place, and the event `log_archived` on `log/archive` says so, with the file's checksum. Killed at any
/// moment it leaves the old state or the new one, and is simply run again. Needs the owner of the tables.
public struct LogArchive: Sendable {
  /// Where it is recorded.
  public static let stream = StreamName("log/archive")
  private let database: PostgresClient

  /// - Parameter database: as the owner of the tables.
  public init(_ database: PostgresClient) { self.database = database }

  /// A partition to which no events will be added any more.
  public struct Partition: Hashable, Sendable {
    /// Of the table in the schema `kedge`.
    public let name: String
    /// Insert numbers from here …
    public let firstNumber: Int64
    /// … up to, not including, this one.
    public let endNumber: Int64
    /// Where its rows are.
    public let tablespace: String
    /// When its newest event was recorded; nil when it has none.
    public let newestAt: Timestamp?
  }

  /// Where partitions go.
  public struct Destination: Hashable, Sendable {
    /// For the rows; nil leaves them where they are.
    public var tablespace: String?
    /// For files; nil writes none.
    public var directory: String?

    /// Takes the values as they are; nothing is checked.
    public init(tablespace: String?, directory: String?) {
      self.tablespace = tablespace
      self.directory = directory
    }
  }

  /// What has been done when it is reported.
  public enum Step: String, CaseIterable, Sendable { case closed, exported, copied, recorded, swapped, committed, frozen }

  /// What was archived: the data of the event that records it.
  public typealias Record = JSON

  /// The full partitions, the oldest first.
  public func partitions() async throws -> [Partition] {
    let rows = try await database.query(
      """
      select c.relname::text, b.first, b.ending, coalesce(t.spcname, d.spcname)::text
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
        cross join lateral (
          select substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\(''(\\d+)''\\)')::bigint as first,
            substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \\(''(\\d+)''\\)')::bigint as ending) b
        left join pg_tablespace t on t.oid = c.reltablespace
        cross join (select s.spcname from pg_database b join pg_tablespace s on s.oid = b.dattablespace where b.datname = current_database()) d
      where i.inhparent = 'kedge.event'::regclass and b.ending <= (select last_value from kedge.event_number) order by b.first
      """, as: String.self, Int64.self, Int64.self, String.self)
    var partitions: [Partition] = []
    for (name, first, end, tablespace) in rows {
      let newest = try await database.query(
        "select recorded_at::timestamptz from kedge.event where number >= \(first) and number < \(end) order by number desc limit 1", as: Timestamp.self
      ).first
      partitions.append(Partition(name: name, firstNumber: first, endNumber: end, tablespace: tablespace, newestAt: newest))
    }
    return partitions
  }

  /// What was archived before, the oldest first.
  public func records() async throws -> [Record] {
    try await EventStore(database).read(LogArchive.stream, limit: .max).filter { $0.type == "log_archived" }.map(\.data)
  }

  /// Archives a partition. What has been done before is not done again.
  /// - Parameter progress: is told what has been done; awaited inside the transaction from `copied` to `swapped`.
  /// - Returns: what was done; nil when there was nothing to do.
  /// - Throws: `LogArchiveError`, `LineFileError`, `LogExportError`; `PostgresError` and what else `Queryable.query` throws.
  public func archive(
    _ partition: Partition, to destination: Destination, by attribution: Attribution, because reason: String? = nil,
    progress: (Step) async throws -> Void = { _ in }
  ) async throws -> Record? {
    let records = try await records()
    let isExported = records.contains { record in
      record["partition"]?.string == partition.name && destination.directory.map { record["file"]?.string?.hasPrefix($0 + "/") == true } ?? true
    }
    let moves = destination.tablespace.map { $0 != partition.tablespace } ?? false
    guard moves || destination.directory != nil && !isExported else { return nil }

    try await LogArchive.patiently { _ = try await database.query("select kedge.close_partition(\(partition.name))") }
    try await progress(.closed)
    try await requireSealed(partition)
    var record = JSON([
      ("partition", .string(partition.name)), ("first_number", .integer(partition.firstNumber)), ("end_number", .integer(partition.endNumber)),
      ("tablespace", .string(moves ? destination.tablespace ?? partition.tablespace : partition.tablespace)), ("reason", reason.map { .string($0) }),
    ])
    if let directory = destination.directory, !isExported {
      for (key, value) in try await export(partition, to: directory, after: records).object?.members ?? [] { record[key] = value }
      try await progress(.exported)
    }
    let complete = record
    try await database.withTransaction(retries: 0, idleTimeout: .seconds(60)) { transaction in
      // One at a time.
      try await transaction.query("select pg_advisory_xact_lock(hashtext('kedge archive'))")
      if moves, let tablespace = destination.tablespace {
        try await transaction.query("select kedge.copy_partition(\(partition.name), \(tablespace))")
        try await progress(.copied)
      }
      try await EventStore(transaction).append([NewEvent(type: "log_archived", data: complete)], to: LogArchive.stream, by: attribution)
      try await progress(.recorded)
      guard moves else { return }
      try await LogArchive.patiently {
        try await transaction.withSavepoint { _ = try await $0.query("select kedge.swap_partition(\(partition.name))") }
      }
      try await progress(.swapped)
    }
    try await progress(.committed)
    if moves {
      // It never changes again: nothing has to be written to it later, to keep transaction ids from wrapping around.
      try await database.query("vacuum (freeze, analyze) kedge.\(unsafeSQL: partition.name)")
      try await progress(.frozen)
    }
    return complete
  }

  /// Tries again while others hold a lock for which no more than two seconds are waited, because writers queue up meanwhile.
  private static func patiently(_ body: () async throws -> Void) async throws {
    // At most 60 times, a second apart.
    for _ in 1..<60 {
      do { return try await body() } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
        try await Task.sleep(for: .seconds(1))
      }
    }
    try await body()
  }

  private func requireSealed(_ partition: Partition) async throws {
    let unsealed = try await database.query(
      """
      select count(*) from kedge.event e where e.number >= \(partition.firstNumber) and e.number < \(partition.endNumber)
        and not exists (select from kedge.log_order o where o.event = e.number)
      """, as: Int.self
    )[0]
    if unsealed > 0 { throw LogArchiveError.unsealed(partition: partition.name, events: unsealed) }
  }

  /// Writes the events from where the last file ends up to the first that lies in a later partition. Files follow each other without gaps,
  /// so that together they are the whole chain: an event that was committed late stands in a later file than its partition's.
  private func export(_ partition: Partition, to directory: String, after records: [Record]) async throws -> JSON {
    let from = (records.filter { $0["file"]?.string?.hasPrefix(directory + "/") == true }.compactMap { $0["to_position"]?.integer }.max() ?? 0) + 1
    let next = try await database.query(
      "select position from kedge.log_order where position >= \(Int64(from)) and event >= \(partition.endNumber) order by position limit 1", as: Int64.self
    ).first
    let end = try await ChainHead.read(from: database).position
    let to = next.map { $0 - 1 } ?? end
    func digits(_ number: Int64) -> String { String(repeating: "0", count: max(0, 12 - "\(number)".count)) + "\(number)" }
    let path = "\(directory)/events-\(digits(Int64(from)))-\(digits(to)).jsonl.gz"
    let written = try await LogExport(database).write(to: path, from: Int64(from), upTo: to)
    // Read again, as whoever needs it will.
    let found = try ExportVerifier([path]).verify().verification
    guard found == written else { throw LineFileError(path: path, problem: "does not hold what was written: \(found.firstBad?.reason ?? "another end")") }
    let (sha256, size) = try LogArchive.digest(path)
    return [
      "file": .string(path), "sha256": .string(sha256), "bytes": JSON(size), "from_position": JSON(from), "to_position": .integer(to),
      "hash": JSON(written.head?.hexadecimal),
    ]
  }

  private static func digest(_ path: String) throws -> (sha256: String, size: Int) {
    guard let file = FileHandle(forReadingAtPath: path) else { throw LineFileError(path: path, problem: "cannot be opened") }
    defer { try? file.close() }
    var (digest, size) = (SHA256(), 0)
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
      digest.update(data: piece)
      size += piece.count
    }
    return (ChainHash.text(Array(digest.finalize())), size)
  }
}

/// Why a partition cannot be archived.
public enum LogArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Some of its events have no position.
  case unsealed(partition: String, events: Int)

  /// For people, and what to do.
  public var description: String {
    switch self {
    case .unsealed(let partition, let events):
      "\(events) events of kedge.\(partition) are not sealed yet; is a projector running? `kedge doctor` looks"
    }
  }
}
