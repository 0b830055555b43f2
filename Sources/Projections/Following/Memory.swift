internal import Foundation
internal import PostgreSQL
internal import Values

/// What a follower remembers between batches, beside the tables that it writes.
///
/// It lives in the process and, entry by entry, in `kedge.follower_state`, both written by the follower's transaction. A generation
/// tells whether the two still agree: after a batch that failed, or when another process took over, all is read anew.
struct Memory<Content: Sendable>: Sendable {
  private(set) var content: Content
  private var generation: Int64?
  private let empty: Content

  init(_ empty: Content) {
    content = empty
    self.empty = empty
  }

  private static var generationKey: String { "#generation" }

  /// Lets `body` change the content, and stores the entries that it says have changed.
  mutating func update(
    follower: String, in database: any Queryable, restore: (inout Content, String, JSON) throws -> Void,
    _ body: (inout Content) async throws -> [String: JSON]
  ) async throws {
    let key = Memory.generationKey
    let row = try await database.query("select (state #>> '{}')::int8 from kedge.follower_state where follower = \(follower) and key = \(key)").first
    let stored: Int64 = try row?.decode(Int64.self) ?? 0
    if generation != stored {
      content = empty
      // Page by page: reading back thousands takes longer than a transaction may be idle.
      var last = ""
      while true {
        let rows = try await database.query(
          """
          select key, state from kedge.follower_state where follower = \(follower) and key > \(last) and key <> \(key) order by key limit 500
          """, as: String.self, JSON.self)
        for (name, entry) in rows { try restore(&content, name, entry) }
        guard let end = rows.last?.0 else { break }
        last = end
      }
    }
    let changes = try await body(&content)
    let gone = changes.filter { $0.value.isNull }.keys.sorted()
    let kept = JSON.array(
      changes.filter { !$0.value.isNull }.sorted { $0.key < $1.key }.map { ["key": .string($0.key), "state": $0.value] }
        + [["key": .string(key), "state": .integer(stored + 1)]])
    _ = try await database.pipeline([
      """
      insert into kedge.follower_state (follower, key, state)
      select \(follower), n.key, n.state from jsonb_to_recordset(\(kept)) n (key text, state jsonb)
      on conflict (follower, key) do update set state = excluded.state
      """,
      "delete from kedge.follower_state where follower = \(follower) and key = any(\(gone))",
    ])
    generation = stored + 1
  }
}
