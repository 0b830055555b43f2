internal import EventLog
internal import Foundation
internal import Logging
internal import Migrations
internal import PostgreSQL
internal import Values

/// Appends beside a bare INSERT of the same columns into a table with the same indexes, both by pgbench with prepared statements and
/// everything that an application would send as parameters.
struct AppendBenchmark {
  let arguments: Bench.Arguments
  let client: PostgresClient

  private var turns: Int { arguments.quick ? 3 : 20 }
  private static let data = #"{"a": 1, "text": "hello world this is a note", "values": [1, 2, 3, 4]}"#
  /// Streams that are appended to.
  private static let streams = 10_000

  func run(into report: inout Report) async throws {
    try await AppendBenchmark.prepare(client)
    let duel = Duel(arguments: arguments, client: client)
    for (writers, goal) in [(1, nil), (8, 0.75), (32, 0.75)] as [(Int, Double?)] {
      let outcome = try await duel.run(AppendBenchmark.append(1), insert(1), writers: writers, turns: turns)
      report.add(
        "appends, \(writers) writer\(writers == 1 ? "" : "s")", outcome.ours.median, unit: "/s", peer: outcome.peer.median, ratio: outcome.ratio,
        beside: "bare INSERT, same indexes, pgbench", goal: goal.map { .ratioAtLeast($0) })
      let least = try await duel.run(AppendBenchmark.unchecked, insert(1), writers: writers, turns: turns)
      report.add(
        "  the log's two tables alone, one statement, no function", least.ours.median, unit: "/s", peer: least.peer.median, ratio: least.ratio,
        beside: "bare INSERT, same indexes, pgbench")
    }
    for writers in [1, 8] {
      let outcome = try await duel.run(AppendBenchmark.append(100), insert(100), writers: writers, turns: turns)
      let name = "events in batches of 100, \(writers) writer\(writers == 1 ? "" : "s")"
      report.add(
        name, outcome.ours.median, unit: "/s", peer: outcome.peer.median, ratio: outcome.ratio, beside: "bare INSERT of a list, same indexes, pgbench",
        goal: .ratioAtLeast(0.95))
      if writers == 8 { report.add(name, outcome.ours.median, unit: "/s", goal: .atLeast(50_000)) }
    }
  }

  /// Heads of streams, and the table to compare with.
  static func prepare(_ client: PostgresClient) async throws {
    Bench.note("preparing")
    try await Migrator(client).migrate()
    try await client.execute(
      unsafeScript: """
        CREATE SCHEMA bench;
        CREATE SEQUENCE bench.number;
        CREATE TABLE bench.bare (
          number bigint PRIMARY KEY DEFAULT nextval('bench.number'), xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
          id uuid NOT NULL DEFAULT gen_random_uuid(), stream text COLLATE "C" NOT NULL, version bigint NOT NULL, type text COLLATE "C" NOT NULL,
          schema integer NOT NULL, data jsonb NOT NULL, actor text NOT NULL, principal text NOT NULL, correlation_id uuid, causation_id uuid,
          idempotency_key text, occurred_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL);
        CREATE INDEX ON bench.bare (xid);
        CREATE UNIQUE INDEX ON bench.bare (id);
        CREATE UNIQUE INDEX ON bench.bare (stream, version);
        INSERT INTO kedge.stream SELECT 'run/' || n, 0 FROM generate_series(1, \(streams)) n;
        SELECT kedge.seal();
        """, name: "prepare")
    for statement in ["VACUUM ANALYZE kedge.stream", "CHECKPOINT"] { try await client.query(Query(unsafeSQL: statement)) }
  }

  static func append(_ count: Int) -> Duel.Side {
    let event = #"{"type": "note_added", "data": \#(data)}"#
    return Duel.Side(
      script: """
        \\set s random(1, \(streams))
        SELECT id, version FROM kedge.append('run/' || :s::bigint, -1, :events, :actor);
        """,
      variables: ["events": "[\(Array(repeating: event, count: count).joined(separator: ", "))]", "actor": "me"], sequence: "kedge.event_number")
  }

  /// What an append writes, without what it checks: the least that a log with streams and partitions costs here.
  private static let unchecked = Duel.Side(
    script: """
      \\set s random(1, \(streams))
      WITH head AS (UPDATE kedge.stream SET version = version + 1 WHERE name = 'run/' || :s::bigint RETURNING name, version)
      INSERT INTO kedge.event (stream, version, type, schema, data, actor, principal, occurred_at, recorded_at)
      SELECT name, version, :type, 1, :data, :actor, session_user, clock_timestamp(), clock_timestamp() FROM head RETURNING id, version;
      """,
    variables: ["type": "note_added", "actor": "me", "data": data], sequence: "kedge.event_number")

  private func insert(_ count: Int) -> Duel.Side {
    let columns = "stream, version, type, schema, data, actor, principal, occurred_at, recorded_at"
    let rest = ":actor, session_user, clock_timestamp(), clock_timestamp()"
    let quoted = AppendBenchmark.data.replacing("\"", with: "\\\"")
    return Duel.Side(
      script: """
        \\set s random(1, \(AppendBenchmark.streams))
        \\set v random(1, 1000000000000000)
        INSERT INTO bench.bare (\(columns))
        \(count == 1
          ? "VALUES ('run/' || :s::bigint, :v, :type, 1, :data, \(rest));"
          : "SELECT 'run/' || :s::bigint, :v + n, :type, 1, d, \(rest) FROM unnest(:data::jsonb[]) WITH ORDINALITY u (d, n);")
        """,
      variables: [
        "type": "note_added", "actor": "me",
        "data": count == 1 ? AppendBenchmark.data : "{\(Array(repeating: "\"\(quoted)\"", count: count).joined(separator: ","))}",
      ], sequence: "bench.number")
  }
}
