internal import PostgreSQL
internal import Values

/// Which windows hold a row id, and which files of labels: kept in memory, and caught up with what other processes have found before each look.
///
/// Looking up takes time that grows with the ids looked up and not with the windows there are.
actor JoinIndex {
  /// What holds the rows: windows, or files of labels.
  enum Side: String, Sendable { case window, labels }

  /// Of a window its `WindowReference`; of a file of labels its path.
  struct Holder: Sendable {
    let owner: String
    let about: JSON
  }

  struct Found: Sendable {
    /// In the order in which they came.
    let holders: [Holder]
    /// How many of the keys some holder has.
    let matched: Int
    /// Everything up to this number was looked at.
    let seen: Int64
  }

  private struct Name: Hashable {
    let monitor: String
    let side: Side
  }

  private struct Index {
    var holders: [Holder] = []
    /// The holder of a key, as a position; further holders of the same key in `more`.
    var first: [UInt64: Int32] = [:]
    var more: [UInt64: [Int32]] = [:]
    /// The newest number taken in.
    var newest: Int64 = 0
    /// Older ones than this are not in memory.
    var oldest: Int64 = 0

    mutating func take(_ holder: Holder, _ keys: RowKeys) {
      let position = Int32(holders.count)
      holders.append(holder)
      for key in keys.hashes {
        if first[key] == nil { first[key] = position } else { more[key, default: []].append(position) }
      }
    }
  }

  private let database: PostgresClient
  private let mostKeys: Int
  private var indices: [Name: Index] = [:]

  /// - Parameter mostKeys: of each monitor and side, about as many of the newest are in memory, at some 20 bytes each.
  init(_ database: PostgresClient, mostKeys: Int = 4_000_000) {
    self.database = database
    self.mostKeys = mostKeys
  }

  /// Who holds any of the keys. Ids that none in memory has are looked for in the older ones.
  func holders(of keys: RowKeys, _ monitor: String, _ side: Side) async throws -> Found {
    let name = Name(monitor: monitor, side: side)
    try await catchUp(name)
    let index = indices[name] ?? Index()
    var positions: Set<Int32> = []
    var missing: [UInt64] = []
    for key in keys.hashes {
      guard let position = index.first[key] else {
        missing.append(key)
        continue
      }
      positions.insert(position)
      if let more = index.more[key] { positions.formUnion(more) }
    }
    var holders = positions.sorted().map { index.holders[Int($0)] }
    var matched = keys.hashes.count - missing.count
    if !missing.isEmpty, index.oldest > 1 {
      let (older, found) = try await olderHolders(of: missing, name, before: index.oldest)
      holders = older + holders
      matched += found
    }
    return Found(holders: holders, matched: matched, seen: index.newest)
  }

  private func catchUp(_ name: Name) async throws {
    if indices[name] == nil || (indices[name]?.first.count ?? 0) > 2 * mostKeys {
      let row = try await database.query(
        """
        select coalesce(min(number), 0) from (
          select number, sum(octet_length(keys)) over (order by number desc) / 8 as total from kedge.join_key
          where monitor = \(name.monitor) and side = \(name.side.rawValue)) k where total <= \(Int64(mostKeys))
        """
      ).first
      let oldest = try row?.decode(Int64.self, at: 0) ?? 0
      indices[name] = Index(newest: max(0, oldest - 1), oldest: oldest)
    }
    while true {
      let after = indices[name]?.newest ?? 0
      let rows = try await database.query(
        """
        select number, owner, about, keys from kedge.join_key
        where monitor = \(name.monitor) and side = \(name.side.rawValue) and number > \(after) order by number limit \(JoinIndex.page)
        """, as: Int64.self, String.self, JSON.self, [UInt8].self)
      for (number, owner, about, bytes) in rows {
        // Another look may have been faster.
        guard number > indices[name]?.newest ?? 0 else { continue }
        if let keys = RowKeys(bytes: bytes) { indices[name]?.take(Holder(owner: owner, about: about), keys) }
        indices[name]?.newest = number
      }
      if rows.count < JoinIndex.page { return }
    }
  }

  private static let page = 50

  private func olderHolders(of keys: [UInt64], _ name: Name, before number: Int64) async throws -> ([Holder], matched: Int) {
    var (holders, found): ([Holder], Set<UInt64>) = ([], [])
    var before = number
    while true {
      let rows = try await database.query(
        """
        select number, owner, about, keys from kedge.join_key
        where monitor = \(name.monitor) and side = \(name.side.rawValue) and number < \(before) order by number desc limit 1
        """, as: Int64.self, String.self, JSON.self, [UInt8].self)
      guard let (number, owner, about, bytes) = rows.first else { return (holders.reversed(), found.count) }
      let own = Set(RowKeys(bytes: bytes)?.hashes ?? [])
      let shared = keys.filter(own.contains)
      if !shared.isEmpty { holders.append(Holder(owner: owner, about: about)) }
      found.formUnion(shared)
      before = number
    }
  }

  // MARK: writing

  /// Keeps others from adding to either side until the transaction ends, and says how far it has come.
  static func lock(_ monitor: String, _ side: Side, _ database: any Queryable) async throws -> Int64 {
    try await database.query("select pg_advisory_xact_lock(hashtextextended(\("join/\(monitor)"), 0))")
    return try await database.query(
      "select coalesce(max(number), 0) from kedge.join_key where monitor = \(monitor) and side = \(side.rawValue)"
    ).first?.decode(Int64.self, at: 0) ?? 0
  }

  /// Adds a holder; one that is there stays as it is.
  static func add(_ keys: RowKeys, of holder: Holder, _ monitor: String, _ side: Side, _ database: any Queryable) async throws {
    try await database.query(
      """
      insert into kedge.join_key (monitor, side, owner, about, keys)
      values (\(monitor), \(side.rawValue), \(holder.owner), \(holder.about), \(keys.bytes)) on conflict (monitor, side, owner) do nothing
      """)
  }
}
