internal import EventLog
internal import Foundation
internal import PostgreSQL
internal import Values

/// Fills the log, sealing as it grows, and appends to it in turns with a log that holds 10 000 events; then gives that one many partitions, and
/// appends, seals and reads in turns with the log that has few.
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
    try await widen(small)
    try await comparePartitions(into: &report)
  }

  /// Full partitions that the small log is given.
  private static let fullPartitions: Int64 = 50
  /// Insert numbers of a partition.
  private static let partition: Int64 = 10_000_000

  /// Lets the events of a log lie in many partitions, as 500 million would.
  private func widen(_ database: PostgresClient) async throws {
    Bench.note("filling \(GrowthBenchmark.fullPartitions) partitions")
    for partition in 1...GrowthBenchmark.fullPartitions {
      try await database.query("select setval('kedge.event_number', \(partition * GrowthBenchmark.partition))")
      try await fill(database, GrowthBenchmark.fewEvents)
      try await Sealer.seal(database)
    }
    // As the projector on duty does, until those who wrote before have ended.
    while try await database.query("select kedge.raise_floor()", as: Bool.self).first != true { try await Task.sleep(for: .milliseconds(10)) }
  }

  private func comparePartitions(into report: inout Report) async throws {
    let logs = [small, client]
    var names: [String] = []
    for log in logs {
      for statement in ["VACUUM ANALYZE kedge.event", "VACUUM ANALYZE kedge.log_order", "VACUUM ANALYZE kedge.stream"] {
        try await log.query(Query(unsafeSQL: statement))
      }
      for stream in 0..<100 {
        let events = Array(repeating: NewEvent(type: "note_added", data: ["a": 1]), count: 20)
        try await EventStore(log).append(events, to: StreamName("late/\(stream)"), by: Attribution(actor: "me"))
      }
      try await Sealer.seal(log)
      let count = try await log.query("select count(*) from pg_inherits where inhparent = 'kedge.event'::regclass", as: Int.self)[0]
      names.append("\(count) partitions")
    }
    let measured: [(String, (PostgresClient) async throws -> Void)] = [
      ("streams read, of 20 events", { try await $0.read() }), ("seals when there is nothing to seal", { try await Sealer.seal($0) }),
    ]
    for (what, act) in measured {
      var rates: [[Double]] = [[], []]
      for _ in 0..<(arguments.quick ? 6 : 40) {
        for (index, log) in logs.enumerated() {
          let began = ContinuousClock.now
          for _ in 0..<50 { try await act(log) }
          rates[index].append(50 / (ContinuousClock.now - began).inSeconds)
        }
      }
      report.add(
        "\(what), with \(names[0])", rates[0].median, unit: "/s", peer: rates[1].median, ratio: zip(rates[0], rates[1]).map { $0 / $1 }.median,
        beside: "with \(names[1])", goal: .ratioAtLeast(1 / 1.2))
    }
    var many = AppendBenchmark.append(1)
    many.client = small
    many.database = "small"
    let outcome = try await Duel(arguments: arguments, client: client).run(many, AppendBenchmark.append(1), writers: 8, turns: arguments.quick ? 3 : 20)
    report.add(
      "appends with \(names[0]), 8 writers", outcome.ours.median, unit: "/s", peer: outcome.peer.median, ratio: outcome.ratio,
      beside: "with \(names[1])", goal: .ratioAtLeast(1 / 1.2))
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

extension PostgresClient {
  /// Reads one of the streams that began last.
  fileprivate func read() async throws {
    let events = try await EventStore(self).read(StreamName("late/\(Int.random(in: 0..<100))"))
    guard events.count == 20 else { throw LogBenchmark.Failed(what: "a stream of 20 events has \(events.count)") }
  }
}
