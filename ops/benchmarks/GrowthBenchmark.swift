internal import EventLog
internal import Foundation
internal import PostgreSQL
internal import Values

/// Fills the log, sealing as it grows, and appends to it in turns with a log that holds 10 000 events.
struct GrowthBenchmark {
  let arguments: Bench.Arguments
  /// The log that is filled.
  let client: PostgresClient
  /// Another database of the same server, with a small log.
  let small: PostgresClient

  private var events: Int { arguments.large ? 50_000_000 : arguments.quick ? 100_000 : 5_000_000 }
  private static let fewEvents = 10_000
  private static let step = 250_000

  func run(into report: inout Report) async throws {
    Bench.note("filling the log with \(events) events")
    try await AppendBenchmark.prepare(small)
    try await fill(small, GrowthBenchmark.fewEvents)
    var rates: [Double] = []
    while true {
      try await fill(client, GrowthBenchmark.step)
      let began = ContinuousClock.now
      let sealed = try await Sealer.seal(client)
      rates.append(Double(sealed) / (ContinuousClock.now - began).inSeconds)
      if try await EventStore(client).head() >= events { break }
    }
    report.add(
      "sealing backlogs of \(GrowthBenchmark.step)", rates.median, unit: "events/s", goal: .atLeast(80_000))
    for statement in ["VACUUM ANALYZE kedge.event", "VACUUM ANALYZE kedge.log_order", "CHECKPOINT"] {
      try await client.query(Query(unsafeSQL: statement))
    }
    var few = AppendBenchmark.append(1)
    few.client = small
    few.database = "small"
    let outcome = try await Duel(arguments: arguments, client: client)
      .run(AppendBenchmark.append(1), few, writers: 8, turns: arguments.quick ? 3 : 20)
    report.add(
      "appends with \(Report.digits(Double(events))) events in the log, 8 writers", outcome.ours.median, unit: "/s", peer: outcome.peer.median,
      ratio: outcome.ratio, beside: "with 10 000 events in the log", goal: .ratioAtLeast(1 / 1.2))
  }

  /// By one statement: what append would have written.
  private func fill(_ database: PostgresClient, _ count: Int) async throws {
    try await database.query("select kedge.extend_log()")
    try await database.query(
      """
      with heads as (
        update kedge.stream set version = version + \(count / 10_000 + 1) where name like 'run/%' returning name, version - \(count / 10_000 + 1) as base)
      insert into kedge.event (stream, version, type, schema, data, actor, principal, occurred_at, recorded_at)
      select h.name, h.base + n, 'note_added', 1, '{"a": 1, "text": "hello world this is a note", "values": [1, 2, 3, 4]}', 'me', session_user,
        clock_timestamp(), clock_timestamp()
      from generate_series(1, \(count / 10_000 + 1)) n cross join heads h limit \(count)
      """)
  }
}
