import EventLog
import Foundation
import Logging
import Migrations
import PostgreSQL
import Synchronization
import TestSupport
import Values

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
let me = Attribution(actor: "tester")

extension NewEvent {
  /// A type that Kedge does not know.
  static func note(_ number: Int = 0, key: String? = nil) -> NewEvent {
    NewEvent(type: "note_added", data: ["n": .integer(Int64(number))], idempotencyKey: key)
  }
}

extension TestDatabase {
  var store: EventStore { EventStore(client) }

  @discardableResult
  func append(_ stream: String, _ events: NewEvent..., expecting: ExpectedVersion = .any) async throws -> [AppendedEvent] {
    try await store.append(events, to: StreamName(stream), expecting: expecting, by: me)
  }

  @discardableResult
  func seal() async throws -> Int64 { try await Sealer.seal(client) }

  /// Positions, streams and versions of all that is sealed.
  func sealed() async throws -> [RecordedEvent] { try await store.readSealed(after: 0, limit: 1_000_000) }

  func value<Value: PostgresDecodable>(_ query: Query, as type: Value.Type = Value.self) async throws -> Value {
    try await client.query(query, as: type)[0]
  }

  /// Changes what triggers guard, as a superuser who disables them would.
  func tamper(_ script: String) async throws {
    try await client.execute(
      unsafeScript: "BEGIN; \(try await guards("DISABLE")) \(script); \(try await guards("ENABLE ALWAYS")) COMMIT", name: "tamper")
  }

  /// The SQL that enables or disables the triggers that guard the log.
  func guards(_ verb: String) async throws -> String {
    try await client.query(
      """
      select tgrelid::regclass::text, tgname::text from pg_trigger
      where tgfoid = 'kedge.refuse_change'::regproc order by tgrelid::regclass::text, tgname
      """, as: String.self, String.self
    ).map { "ALTER TABLE \($0.0) \(verb) TRIGGER \($0.1);" }.joined()
  }
}

/// The SQLSTATE of what an operation throws; nil when it throws nothing.
func sqlState(_ body: () async throws -> Void) async -> SQLState? {
  do {
    try await body()
    return nil
  } catch let error as PostgresError {
    return error.sqlState
  } catch {
    return SQLState(rawValue: "\(error)")
  }
}

/// Collects what it is given, in a table of its own, and can be told what to choke on.
final class Collector: Follower {
  let name: String
  let streamPrefixes: [String]?
  private let poison: Mutex<@Sendable (RecordedEvent) -> String?>
  /// Called before each batch.
  private let before: @Sendable ([RecordedEvent]) throws -> Void

  init(
    _ name: String, prefixes: [String]? = nil, before: @escaping @Sendable ([RecordedEvent]) throws -> Void = { _ in },
    poison: @escaping @Sendable (RecordedEvent) -> String? = { _ in nil }
  ) {
    self.name = name
    streamPrefixes = prefixes
    self.before = before
    self.poison = Mutex(poison)
  }

  func choke(on poison: @escaping @Sendable (RecordedEvent) -> String?) { self.poison.withLock { $0 = poison } }

  func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws {
    try before(batch)
    for event in batch {
      if let reason = poison.withLock({ $0 })(event) { throw PoisonEvent(event, reason: reason) }
    }
    let (positions, streams, versions) = (batch.map { $0.position ?? 0 }, batch.map(\.stream.text), batch.map(\.version))
    try await transaction.query(
      """
      insert into collected (follower, position, stream, version)
      select \(name), p, s, v from unnest(\(positions)::bigint[], \(streams)::text[], \(versions)::bigint[]) n (p, s, v)
      """)
  }

  static func prepare(_ client: PostgresClient) async throws {
    try await client.execute(
      unsafeScript: """
        CREATE TABLE collected (follower text, number bigserial, position bigint, stream text, version bigint);
        CREATE INDEX ON collected (follower, number)
        """, name: "collected")
  }

  /// What it has taken in, in the order in which it came.
  func collected(_ client: PostgresClient) async throws -> [Int64] {
    try await client.query("select position from collected where follower = \(name) order by number", as: Int64.self)
  }
}

/// Runs the migrations once more, so that new tables get their rights.
func migrateAgain(_ client: PostgresClient) async throws { try await Migrator(client).migrate() }
