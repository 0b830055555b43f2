internal import EventLog
internal import Foundation
internal import Logging
internal import Migrations
internal import PostgreSQL
internal import Projections
internal import Values

/// The registry projection beside COPY, which reads the same log; every tenth event is of the registry.
struct ReadBenchmark {
  let arguments: Bench.Arguments
  /// A database of its own.
  let client: PostgresClient

  private var events: Int { arguments.quick ? 50_000 : 500_000 }
  private var rounds: Int { arguments.quick ? 1 : 3 }
  private static let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

  func run(into report: inout Report) async throws {
    Bench.note("reading")
    try await Migrator(client).migrate()
    try await fill()
    var (copied, caughtUp, rebuilt): ([Double], [Double], [Double]) = ([], [], [])
    for _ in 0..<rounds {
      copied.append(try await rate { try await copy() })
      try await client.execute(
        unsafeScript: """
          DELETE FROM kedge.follower WHERE name = 'registry'; DELETE FROM kedge.follower_state WHERE follower = 'registry';
          TRUNCATE kedge.model, kedge.model_version, kedge.alias;
          """, name: "begin anew")
      let runner = FollowerRunner(
        [ProjectionFollower(RegistryProjection.self)], on: client, holder: "bench", logger: ReadBenchmark.quiet)
      caughtUp.append(try await rate { try await runner.catchUp() })
      copied.append(try await rate { try await copy() })
      rebuilt.append(
        try await rate {
          guard let replay = Replay("registry", client) else { throw LogBenchmark.Failed(what: "there is no projection called registry") }
          _ = try await replay.rebuild()
        })
    }
    report.add(
      "registry: catch-up", caughtUp.median, unit: "events/s", peer: copied.median,
      ratio: zip(caughtUp, stride(from: 0, to: copied.count, by: 2).map { copied[$0] }).map { $0 / $1 }.median, beside: "COPY reading the same log",
      goal: .ratioAtLeast(0.5))
    report.add(
      "registry: rebuild", rebuilt.median, unit: "events/s", peer: copied.median,
      ratio: zip(rebuilt, stride(from: 1, to: copied.count, by: 2).map { copied[$0] }).map { $0 / $1 }.median, beside: "COPY reading the same log",
      goal: .ratioAtLeast(0.5))
    report.add("registry: catch-up, only its own events counted", caughtUp.median / 10, unit: "events/s")
    var began = ContinuousClock.now
    let there = try await ChainVerifier(client).verifyInDatabase()
    report.add("audit.verify()", Double(there.events) / (ContinuousClock.now - began).inSeconds, unit: "events/s")
    began = ContinuousClock.now
    let here = try await ChainVerifier(client).verify()
    report.add("verifying a second way", Double(here.events) / (ContinuousClock.now - began).inSeconds, unit: "events/s")
    guard there.isVerified, here == there else { throw LogBenchmark.Failed(what: "the chain does not verify: \(there) \(here)") }
  }

  private func rate(_ body: () async throws -> Void) async throws -> Double {
    let began = ContinuousClock.now
    try await body()
    return Double(events) / (ContinuousClock.now - began).inSeconds
  }

  private func copy() async throws {
    let copy: Query = """
      COPY (
        SELECT o.position, e.id, e.stream, e.version, e.type, e.schema, e.data, e.actor, e.principal, e.correlation_id, e.causation_id,
          e.idempotency_key, e.occurred_at, e.recorded_at
        FROM kedge.log_order o JOIN kedge.event e ON e.number = o.event ORDER BY o.position) TO STDOUT
      """
    try await client.withConnection { connection in
      for try await _ in connection.copyOut(copy) {}
    }
  }

  private func fill() async throws {
    try await client.query("select kedge.extend_log()")
    try await client.query(
      """
      insert into kedge.event (stream, version, type, schema, data, actor, principal, occurred_at, recorded_at)
      select case when n % 10 = 0 then 'model/m' || n / 10 % 50 else 'run/' || n % 5000 end, n,
        case when n % 10 = 0 then 'version_registered' else 'note_added' end, 1,
        case when n % 10 = 0 then jsonb_build_object(
            'version', 'm' || n / 10 % 50 || '/' || n, 'artifact', jsonb_build_object('sha256', repeat('ab', 32), 'size', n, 'name', 'model.joblib'),
            'metrics', jsonb_build_object('f1', 0.91, 'recall', 0.87), 'tags', jsonb_build_object('git', 'c0ffee'))
          else '{"a": 1, "text": "hello world this is a note", "values": [1, 2, 3, 4]}' end,
        'me', session_user, clock_timestamp(), clock_timestamp()
      from generate_series(1, \(events)) n
      """)
    try await Sealer.seal(client)
    for statement in ["VACUUM ANALYZE kedge.event", "VACUUM ANALYZE kedge.log_order", "CHECKPOINT"] {
      try await client.query(Query(unsafeSQL: statement))
    }
  }
}
