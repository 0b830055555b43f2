internal import Foundation
internal import PostgreSQL
internal import Values

/// Empty copies of a projection's tables in a schema of their own, which a replay fills beside the live ones.
///
/// The schema's name is never used twice: a replay that was thought dead finds its tables gone, and can spoil nothing.
struct ShadowTables: Sendable {
  /// Where they lie.
  let schema: String
  private let projection: String
  private let tables: [String]

  init(_ type: any Projection.Type) {
    projection = type.name
    tables = type.tables
    schema = "kedge_replay_" + UUID().uuidString.prefix(13).lowercased().replacing("-", with: "_")
  }

  /// What a follower remembers beside its tables: compared and swapped with them.
  private static let memory = "follower_state"

  /// Locks the name for as long as the transaction, which does nothing else, is open. It takes no snapshot and no transaction id, so
  /// nothing waits for it; when the process dies it is over.
  /// - Throws: `ReplayError.underWay` when only one may go on at a time and another does.
  func lock(_ transaction: Transaction, alone: Bool) async throws {
    try await transaction.query("select set_config('idle_in_transaction_session_timeout', '0', true)")
    try await transaction.query("select pg_advisory_xact_lock(hashtextextended(\(schema), 0))")
    guard alone else { return }
    let key = "kedge rebuild \(projection)"
    let isFree = try await transaction.query("select pg_try_advisory_xact_lock(hashtextextended(\(key), 0))", as: Bool.self).first
    guard isFree != true else { return }
    let holder = try await transaction.query(
      """
      select l.pid::int8 from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.pid <> pg_backend_pid()
        and (l.classid::int8 << 32) | l.objid::int8 = hashtextextended(\(key), 0)
      """, as: Int64.self
    ).first
    throw ReplayError.underWay(projection: projection, process: holder)
  }

  func make(_ database: any Queryable) async throws {
    try await database.query("select kedge.begin_replay(\(schema), \(tables + [ShadowTables.memory]))")
  }

  func drop(_ database: any Queryable) async throws { try await database.query("select kedge.end_replay(\(schema))") }

  func countRows(_ database: any Queryable) async throws -> Int {
    var rows = 0
    for table in tables {
      rows += try await database.query("select count(*)::int8 from \(unsafeSQL: schema).\(unsafeSQL: table)", as: Int.self).first ?? 0
    }
    return rows
  }

  /// Stores what the replay remembers.
  func store(_ memory: [String: JSON], _ transaction: Transaction) async throws {
    let entries = JSON.array(memory.sorted { $0.key < $1.key }.map { ["key": .string($0.key), "state": $0.value] })
    try await transaction.query(
      """
      insert into \(unsafeSQL: schema).follower_state (follower, key, state)
      select \(projection), n.key, n.state from jsonb_to_recordset(\(entries)) n (key text, state jsonb)
      """)
  }

  /// Finds the rows that differ, and keeps their keys until the transaction ends.
  /// - Complexity: one pass over live and replayed rows.
  func compare(_ transaction: Transaction) async throws -> [Replay.Difference] {
    var differences: [Replay.Difference] = []
    for table in tables + [ShadowTables.memory] {
      let key = try await primaryKey(of: table, transaction)
      let keys = key.map { "coalesce(l.\($0), r.\($0)) as \($0)" }.joined(separator: ", ")
      let found = "pg_temp.differing_\(table)"
      try await transaction.query(
        """
        create temporary table \(unsafeSQL: "differing_\(table)") on commit drop as
        select \(unsafeSQL: keys), case when r.\(unsafeSQL: key[0]) is null then 'live' when l.\(unsafeSQL: key[0]) is null then 'replayed' else 'both' end as side
        from \(unsafeSQL: live(table)) l full join \(unsafeSQL: schema).\(unsafeSQL: table) r on \(unsafeSQL: equal(key, "l", "r"))
        where row(l.*) is distinct from row(r.*)
        """)
      let (changed, surplus, missing) = try await transaction.query(
        """
        select count(*) filter (where side = 'both'), count(*) filter (where side = 'live'), count(*) filter (where side = 'replayed')
        from \(unsafeSQL: found)
        """, as: Int.self, Int.self, Int.self
      )[0]
      guard changed + surplus + missing > 0 else { continue }
      let order = key.joined(separator: ", ")
      let sample = try await transaction.query(
        """
        select to_jsonb(l)::text, to_jsonb(r)::text
        from (select * from \(unsafeSQL: found) order by \(unsafeSQL: order) limit \(Int64(Replay.Difference.sampled))) d
        left join \(unsafeSQL: live(table)) l on \(unsafeSQL: equal(key, "l", "d"))
        left join \(unsafeSQL: schema).\(unsafeSQL: table) r on \(unsafeSQL: equal(key, "r", "d")) order by \(unsafeSQL: key.map { "d.\($0)" }.joined(separator: ", "))
        """, as: String?.self, String?.self)
      differences.append(
        Replay.Difference(
          table: table, changed: changed, surplus: surplus, missing: missing, onlyLive: sample.compactMap { $0.0 }, onlyReplayed: sample.compactMap { $0.1 }))
    }
    return differences
  }

  /// Puts the replayed rows in the place of the live ones from which they differ; the others are not touched.
  func swap(_ differences: [Replay.Difference], _ transaction: Transaction) async throws {
    for table in differences.map(\.table) {
      let key = try await primaryKey(of: table, transaction)
      let columns = try await transaction.query(
        """
        select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
        where attrelid = ('kedge.' || \(table))::regclass and attnum > 0 and not attisdropped and attgenerated = ''
        """, as: String.self)[0]
      try await transaction.query(
        """
        delete from kedge.\(unsafeSQL: table) l using pg_temp.\(unsafeSQL: "differing_\(table)") d
        where \(unsafeSQL: equal(key, "l", "d")) and d.side <> 'replayed'
        """)
      try await transaction.query(
        """
        insert into kedge.\(unsafeSQL: table) (\(unsafeSQL: columns))
        select \(unsafeSQL: columns) from \(unsafeSQL: schema).\(unsafeSQL: table) r
        where exists (select from pg_temp.\(unsafeSQL: "differing_\(table)") d where \(unsafeSQL: equal(key, "r", "d")) and d.side <> 'live')
        """)
    }
    if differences.contains(where: { $0.table == ShadowTables.memory }) {
      // A new generation: whoever drives the follower reads all of its memory anew.
      try await transaction.query(
        "update kedge.follower_state set state = to_jsonb((state #>> '{}')::int8 + 1) where follower = \(projection) and key = '#generation'")
    }
  }

  /// The columns of the primary key.
  private func primaryKey(of table: String, _ transaction: Transaction) async throws -> [String] {
    try await transaction.query(
      """
      select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
      where i.indrelid = ('kedge.' || \(table))::regclass and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)
      """, as: String.self)
  }

  /// The live rows of a table that are this projection's.
  private func live(_ table: String) -> String {
    guard table == ShadowTables.memory else { return "kedge.\(table)" }
    return "(select * from kedge.follower_state where follower = '\(projection)' and key not like '#%')"
  }

  private func equal(_ key: [String], _ one: String, _ other: String) -> String {
    key.map { "\(one).\($0) = \(other).\($0)" }.joined(separator: " and ")
  }
}
