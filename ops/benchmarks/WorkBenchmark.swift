internal import EventLog
internal import Foundation
internal import Migrations
internal import PostgreSQL
internal import Values

/// Claiming and completing work beside two task queues, and appends beside an event store, each on the same server with the same
/// number of workers. What a peer does is one of its tasks that does nothing.
struct WorkBenchmark {
  let arguments: Bench.Arguments
  /// A database of its own.
  let client: PostgresClient
  /// Another, where much of the work is held by somebody who does not come back.
  let stuck: PostgresClient
  /// Makes an empty database and says its URL.
  let database: @Sendable (String) async throws -> String

  private var seconds: Double { arguments.quick ? 1 : 5 }
  private var rounds: Int { arguments.quick ? 1 : 3 }
  private static let workers = 8
  private static let backlog = 200_000
  private static let stuckLeases = 100_000

  func run(into report: inout Report) async throws {
    Bench.note("work")
    for database in [client, stuck] {
      try await Migrator(database).migrate()
      if database === stuck {
        try await offer("bench", WorkBenchmark.stuckLeases, in: stuck)
        try await stuck.query("select count(*) from kedge.claim('{bench}', 'dead', interval '10 hours', \(Int64(WorkBenchmark.stuckLeases)))")
      }
      try await offer("bench", WorkBenchmark.backlog, in: database)
    }
    // In turns with each peer, so that what else happens on the machine meets all.
    var ours: [Double] = []
    var peers: [String: [Double]] = [:]
    for round in 0..<rounds {
      for name in ["procrastinate", "pgqueuer"] {
        ours.append(try await finish(in: client))
        if let rate = try await peer(name, round) { peers[name, default: []].append(rate) }
      }
    }
    for name in ["procrastinate", "pgqueuer"] {
      guard let theirs = peers[name] else { continue }
      report.add(
        "claim and complete, \(WorkBenchmark.workers) workers", ours.median, unit: "/s", peer: theirs.median, beside: name, goal: .ratioAtLeast(5))
    }
    Bench.note("work among stuck leases")
    var (without, among): ([Double], [Double]) = ([], [])
    for _ in 0..<rounds * 2 {
      without.append(try await finish(in: client))
      among.append(try await finish(in: stuck))
    }
    report.add(
      "the same among \(Report.digits(Double(WorkBenchmark.stuckLeases))) stuck leases", among.median, unit: "/s", peer: without.median,
      ratio: zip(among, without).map { $0 / $1 }.median, beside: "without", goal: .ratioAtLeast(0.9))
    let events = try await repeated { try await append() }
    var theirs: [Double] = []
    for round in 0..<rounds { if let rate = try await peer("eventsourcing", round) { theirs.append(rate) } }
    if !theirs.isEmpty {
      report.add("appends by this program, \(WorkBenchmark.workers) writers", events.median, unit: "/s", peer: theirs.median, beside: "eventsourcing (Python)")
    }
  }

  private func repeated(_ body: () async throws -> Double) async throws -> [Double] {
    var rates: [Double] = []
    for _ in 0..<rounds { rates.append(try await body()) }
    return rates
  }

  private func offer(_ kind: String, _ count: Int, in database: PostgresClient) async throws {
    try await database.query(
      """
      insert into kedge.work (id, kind, stream, subject, sequence, position, created_at)
      select gen_random_uuid(), \(kind), 'run/' || n, gen_random_uuid()::text, 0, n, clock_timestamp() from generate_series(1, \(count)) n
      """)
    try await database.query("vacuum analyze kedge.work")
    try await database.query("vacuum analyze kedge.lease")
  }

  /// Work done in a second: claimed ten at a time, each piece completed by an append of its own.
  private func finish(in database: PostgresClient) async throws -> Double {
    try await forAWhile { worker in
      let rows = try await database.query("select id, stream, token from kedge.claim('{bench}', \("worker \(worker)"), interval '30 seconds', 10)")
      for row in rows {
        let (id, stream, token) = try row.decode(UUID.self, String.self, Int64.self)
        try await EventStore(database).append(
          [Append(stream: StreamName(stream), expected: .any, events: [NewEvent(type: "note_added", data: ["worker": .integer(Int64(worker))])])],
          by: Attribution(actor: "bench"), lease: LeaseToken(work: id, token: token), completing: true)
      }
      return rows.count
    }
  }

  private func append() async throws -> Double {
    try await forAWhile { worker in
      let stream = StreamName("run/new-\(UUID().lowercased)")
      for _ in 0..<10 {
        try await EventStore(client).append(
          [NewEvent(type: "note_added", data: ["a": 1, "text": "hello world this is a note", "values": [1, 2, 3, 4]])], to: stream,
          by: Attribution(actor: "me"))
      }
      return 10
    }
  }

  private func forAWhile(_ body: @escaping @Sendable (Int) async throws -> Int) async throws -> Double {
    let began = ContinuousClock.now
    let done = try await withThrowingTaskGroup(of: Int.self) { group in
      for worker in 0..<WorkBenchmark.workers {
        group.addTask {
          var done = 0
          while (ContinuousClock.now - began).inSeconds < seconds { done += try await body(worker) }
          return done
        }
      }
      return try await group.reduce(0, +)
    }
    return Double(done) / (ContinuousClock.now - began).inSeconds
  }

  /// What a peer does in a second; nil without the Python environment.
  private func peer(_ name: String, _ round: Int) async throws -> Double? {
    guard !arguments.python.isEmpty else { return nil }
    let url = try await database("\(name)_\(round)")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments.python)
    process.arguments = [arguments.peers, name, url, "\(seconds)", "\(WorkBenchmark.workers)", "\(arguments.quick ? 2000 : 20_000)"]
    let output = Pipe()
    process.standardOutput = output
    let errors = Pipe()
    process.standardError = errors
    try Bench.withSignals { try process.run() }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard let rate = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw LogBenchmark.Failed(what: "\(name): \(complaints.suffix(600))")
    }
    return rate
  }
}
