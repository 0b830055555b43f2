/// What one connection knows about the statements that run on it: a statement is prepared when it is run for the second time.
struct StatementCache {
  /// The same text with parameters of other types is another statement.
  struct Key: Hashable {
    var sql: String
    var types: [UInt32]
  }

  /// How to run a statement.
  enum Plan {
    /// Once, unprepared.
    case unnamed
    /// It is prepared under this name.
    case prepared(String)
    /// Prepare it under this name first, and let go of another, if one is named.
    case prepare(String, evicting: String?)
  }

  private struct Entry {
    var name: String
    var lastUse: Int
  }

  private let limit: Int
  private var entries: [Key: Entry] = [:]
  /// Hashes of what ran once. A collision prepares a statement one run early, nothing else.
  private var seen: Set<Int> = []
  private var clock = 0

  /// - Parameter limit: the most statements kept; 0 prepares nothing.
  init(limit: Int) { self.limit = limit }

  /// Decides how to run a statement, and takes note of it.
  mutating func plan(for key: Key) -> Plan {
    guard limit > 0 else { return .unnamed }
    clock += 1
    if let index = entries.index(forKey: key) {
      entries.values[index].lastUse = clock
      return .prepared(entries.values[index].name)
    }
    if seen.insert(key.hashValue).inserted {
      if seen.count > 4096 { seen.removeAll(keepingCapacity: true) }
      return .unnamed
    }
    var evicted: String?
    if entries.count >= limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      evicted = oldest.value.name
      entries[oldest.key] = nil
    }
    let name = "kedge_\(clock)"
    entries[key] = Entry(name: name, lastUse: clock)
    return .prepare(name, evicting: evicted)
  }

  /// The server does not have it: preparing failed, or a plan went stale.
  mutating func forget(_ key: Key) { entries[key] = nil }

  /// The server has none of them any more.
  mutating func forgetAll() { entries.removeAll() }
}
