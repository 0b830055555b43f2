internal import EventLog
internal import Foundation
internal import Logging
internal import Migrations
internal import PostgreSQL
internal import Values

/// The log: appends beside a bare INSERT with the same indexes, both by pgbench, in turns; then what happens to what was appended.
struct LogBenchmark: Sendable {
  let arguments: Bench.Arguments
  let client: PostgresClient

  /// Seconds of one run of pgbench, and runs of each kind.
  private var seconds: Int { arguments.quick ? 1 : 3 }
  private var rounds: Int { arguments.quick ? 2 : 5 }
  /// Streams that are appended to.
  private static let streams = 10_000

  private static let data = #"{"a": 1, "text": "hello world this is a note", "values": [1, 2, 3, 4]}"#

  func run(into report: inout Report) async throws {
    try await prepare()
    for writers in [1, 8, 32] {
      try await compare(
        "appends, \(writers) writer\(writers == 1 ? "" : "s")", writers, "/s", ours: appendScript(1), peer: insertScript(1), each: 1, into: &report)
    }
    for writers in [1, 8] {
      try await compare(
        "events in batches of 100, \(writers) writer\(writers == 1 ? "" : "s")", writers, "/s", ours: appendScript(100), peer: insertScript(100),
        each: 100, into: &report)
    }
    try await seal(into: &report)
    try await read(into: &report)
    try await LatencyBenchmark(client: client, seconds: arguments.quick ? 3 : 15).run(into: &report)
  }

  private func prepare() async throws {
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
        INSERT INTO kedge.stream SELECT 'run/' || n, 0 FROM generate_series(1, \(LogBenchmark.streams)) n;
        SELECT kedge.seal();
        """, name: "prepare")
    for statement in ["VACUUM ANALYZE kedge.stream", "CHECKPOINT"] { try await client.query(Query(unsafeSQL: statement)) }
  }

  private func appendScript(_ count: Int) -> String {
    let event = #"{"type": "note_added", "data": \#(LogBenchmark.data)}"#
    return """
      \\set s random(1, \(LogBenchmark.streams))
      SELECT * FROM kedge.append('run/' || :s::bigint, -1, '[\(Array(repeating: event, count: count).joined(separator: ", "))]'::jsonb, 'me');
      """
  }

  private func insertScript(_ count: Int) -> String {
    let rest = "'note_added', 1, '\(LogBenchmark.data)', 'me', 'you', clock_timestamp(), clock_timestamp()"
    return """
      \\set s random(1, 1000000000000000)
      INSERT INTO bench.bare (stream, version, type, schema, data, actor, principal, occurred_at, recorded_at)
      \(count == 1 ? "VALUES ('run/' || :s::bigint, 1, \(rest))" : "SELECT 'run/' || :s::bigint, n, \(rest) FROM generate_series(1, \(count)) n");
      """
  }

  /// Both in turns, so that what else happens on the machine meets both.
  private func compare(
    _ name: String, _ writers: Int, _ unit: String, ours: String, peer: String, each: Double, into report: inout Report
  ) async throws {
    Bench.note(name)
    var (mine, theirs): ([Double], [Double]) = ([], [])
    for round in 0..<rounds {
      if round % 2 == 0 { theirs.append(try pgbench(peer, writers) * each) }
      mine.append(try pgbench(ours, writers) * each)
      if round % 2 == 1 { theirs.append(try pgbench(peer, writers) * each) }
    }
    let ratios = zip(mine, theirs).map { $0 / $1 }
    report.add(name, mine.median, unit: unit, peer: theirs.median, ratio: ratios.median, beside: "bare INSERT, same indexes, pgbench")
  }

  /// Transactions per second.
  private func pgbench(_ script: String, _ writers: Int) throws -> Double {
    let file = arguments.scratch + "/script.sql"
    try script.write(toFile: file, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments.pgbench)
    process.arguments = [
      "-h", arguments.socket, "-U", "kedge_owner", "-n", "-M", "prepared", "-c", "\(writers)", "-j", "\(min(2, writers))", "-T", "\(seconds)", "-f", file,
      "postgres",
    ]
    let output = Pipe()
    process.standardOutput = output
    let errors = Pipe()
    process.standardError = errors
    try LogBenchmark.withSignals { try process.run() }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0, let match = text.firstMatch(of: /tps = ([0-9.]+)/), let rate = Double(match.1) else {
      throw Failed(what: "pgbench: \(complaints.suffix(400))")
    }
    return rate
  }

  /// Threads of the pool block every signal, and a child inherits that: pgbench would never hear its alarm clock.
  private static func withSignals(_ body: () throws -> Void) rethrows {
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  struct Failed: Error, CustomStringConvertible {
    let what: String
    var description: String { what }
  }

  /// What the runs before have left unsealed is the backlog.
  private func seal(into report: inout Report) async throws {
    Bench.note("sealing the backlog")
    let began = ContinuousClock.now
    let sealed = try await Sealer.seal(client)
    report.add("sealing a backlog of \(sealed)", Double(sealed) / (ContinuousClock.now - began).inSeconds, unit: "events/s")
    var probes: [Double] = []
    for _ in 0..<200 {
      let began = ContinuousClock.now
      try await Sealer.seal(client)
      probes.append((ContinuousClock.now - began).inSeconds * 1e6)
    }
    report.add("an empty probe, round trip", probes.median, unit: "µs")
  }

  private func read(into report: inout Report) async throws {
    Bench.note("reading")
    for statement in ["VACUUM ANALYZE kedge.event", "VACUUM ANALYZE kedge.log_order"] { try await client.query(Query(unsafeSQL: statement)) }
    let count = Double(try await EventStore(client).head())
    var began = ContinuousClock.now
    let copy: Query = """
      COPY (
        SELECT o.position, e.id, e.stream, e.version, e.type, e.schema, e.data, e.actor, e.principal, e.correlation_id, e.causation_id,
          e.idempotency_key, e.occurred_at, e.recorded_at
        FROM kedge.log_order o JOIN kedge.event e ON e.number = o.event ORDER BY o.position) TO STDOUT
      """
    try await client.withConnection { connection in
      for try await _ in connection.copyOut(copy) {}
    }
    let copying = count / (ContinuousClock.now - began).inSeconds
    let follower = HeadsFollower()
    try await HeadsFollower.prepare(client)
    let runner = FollowerRunner([follower], on: client, holder: "bench", logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
    began = ContinuousClock.now
    try await runner.catchUp()
    report.add(
      "a follower's catch-up", count / (ContinuousClock.now - began).inSeconds, unit: "events/s", peer: copying,
      beside: "COPY reading the same events")
    began = ContinuousClock.now
    let there = try await ChainVerifier(client).verifyInDatabase()
    report.add("audit.verify()", Double(there.events) / (ContinuousClock.now - began).inSeconds, unit: "events/s")
    began = ContinuousClock.now
    let here = try await ChainVerifier(client).verify()
    report.add("verifying a second way", Double(here.events) / (ContinuousClock.now - began).inSeconds, unit: "events/s")
    guard there.isVerified, here == there else { throw Failed(what: "the chain does not verify: \(there) \(here)") }
  }
}

/// A projection as others are: a row for each stream.
struct HeadsFollower: Follower {
  let name = "heads"
  let streamPrefixes: [String]? = nil

  static func prepare(_ client: PostgresClient) async throws {
    try await client.query("create table bench.head (stream text primary key, version bigint, type text, position bigint)")
  }

  func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws {
    var heads: [StreamName: RecordedEvent] = [:]
    for event in batch { heads[event.stream] = event }
    let events = Array(heads.values)
    let (streams, versions, types, positions) = (events.map(\.stream.text), events.map(\.version), events.map(\.type), events.map { $0.position ?? 0 })
    try await transaction.query(
      """
      insert into bench.head select * from unnest(\(streams), \(versions), \(types), \(positions))
      on conflict (stream) do update set version = excluded.version, type = excluded.type, position = excluded.position
      """)
  }
}
