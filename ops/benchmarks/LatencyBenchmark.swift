internal import EventLog
internal import Foundation
internal import Logging
internal import PostgreSQL
internal import Synchronization
internal import Values

/// From the answer to an append until another connection sees what a follower has made of it, at 1000 events a second.
struct LatencyBenchmark: Sendable {
  /// Of the server.
  let url: String
  let client: PostgresClient
  let seconds: Int

  private static let writers = 10
  private static let rate = 1000

  func run(into report: inout Report) async throws {
    Bench.note("latency at \(LatencyBenchmark.rate) events/s")
    let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
    let times = Times()
    let signal = LogSignal()
    try await client.query("create table bench.latency (stream text primary key, version bigint)")
    try await client.query("insert into kedge.stream select 'latency/' || n, 0 from generate_series(0, 9) n")
    let runner = FollowerRunner([LatencyFollower()], on: client, holder: "bench", signal: signal, logger: quiet)
    // What lies in the log already is not for it.
    try await runner.catchUp()
    let sealing = Bench.client(url + "&application_name=bench-seal")
    let (rate, share) = await withTaskGroup(of: Void.self) { group in
      group.addTask { await Sealer(sealing, holder: "bench", signal: signal, logger: quiet).run() }
      group.addTask { await runner.run() }
      group.addTask {
        for await notification in client.listen("bench_latency") {
          let now = ContinuousClock.now
          for name in notification.payload.split(separator: " ") { times.seen(String(name), at: now) }
        }
      }
      // Until everybody listens and has their lease.
      try? await Task.sleep(for: .seconds(1))
      let (began, used) = (ContinuousClock.now, await processorTime())
      await withTaskGroup(of: Void.self) { writers in
        for writer in 0..<LatencyBenchmark.writers {
          writers.addTask {
            let pace = Duration.seconds(1) * LatencyBenchmark.writers / LatencyBenchmark.rate
            let store = EventStore(client)
            for turn in 0..<(seconds * LatencyBenchmark.rate / LatencyBenchmark.writers) {
              try? await Task.sleep(until: began + pace * turn + pace * writer / LatencyBenchmark.writers, clock: .continuous)
              guard
                let event = try? await store.append(
                  [NewEvent(type: "note_added", data: ["n": .integer(Int64(turn))])], to: StreamName("latency/\(writer)"), by: Attribution(actor: "bench"))[0]
              else { continue }
              let now = ContinuousClock.now
              times.appended("\(writer):\(event.version)", at: now)
            }
          }
        }
      }
      let took = (ContinuousClock.now - began).inSeconds
      let share = (await processorTime() - used) / took
      try? await Task.sleep(for: .seconds(1))
      group.cancelAll()
      return (Double(seconds * LatencyBenchmark.rate) / took, share)
    }
    await sealing.close()
    let latencies = times.latencies
    guard latencies.count >= seconds * LatencyBenchmark.rate * 9 / 10 else {
      throw LogBenchmark.Failed(what: "only \(latencies.count) of \(seconds * LatencyBenchmark.rate) events came through")
    }
    report.add("events appended for the latency", rate, unit: "/s")
    for (name, share, goal) in [("p50", 0.5, 5.0), ("p99", 0.99, 25.0)] {
      report.add("append to projected, \(name)", latencies.quantile(share), unit: "ms", goal: .atMost(goal))
    }
    report.add("sealing meanwhile, server side", share * 100, unit: "% of a core", goal: .atMost(30))
  }

  /// Seconds that the server processes of the sealer have used.
  private func processorTime() async -> Double {
    let processes = (try? await client.query("select pid from pg_stat_activity where application_name = 'bench-seal'", as: Int32.self)) ?? []
    let ticks = processes.map { process -> Double in
      let fields = ((try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? "").split(separator: ")").last?.split(separator: " ") ?? []
      return fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
    }
    return ticks.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// When each event was answered, and when it was seen.
  private final class Times: Sendable {
    private struct Entry: Sendable {
      var appended: ContinuousClock.Instant?
      var seen: ContinuousClock.Instant?
    }

    private let entries = Mutex<[String: Entry]>([:])

    func appended(_ name: String, at time: ContinuousClock.Instant) { entries.withLock { $0[name, default: Entry()].appended = time } }

    func seen(_ name: String, at time: ContinuousClock.Instant) { entries.withLock { $0[name, default: Entry()].seen = time } }

    /// In milliseconds; what was seen before the answer came took none.
    var latencies: [Double] {
      entries.withLock { entries in
        entries.values.compactMap { entry in
          guard let appended = entry.appended, let seen = entry.seen else { return nil }
          return max(0, (seen - appended).inSeconds * 1000)
        }
      }
    }
  }

  /// Tells, with its commit, what it has taken in.
  private struct LatencyFollower: Follower {
    let name = "latency"
    let streamPrefixes: [String]? = ["latency/"]

    func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws {
      let names = batch.map { "\($0.stream.name):\($0.version)" }
      let (streams, versions) = (Array(Set(batch.map(\.stream.text))), batch.map(\.version).max() ?? 0)
      try await transaction.query(
        """
        insert into bench.latency select s, \(versions) from unnest(\(streams)) s on conflict (stream) do update set version = excluded.version
        """)
      // A payload has at most 8000 bytes.
      for start in stride(from: 0, to: names.count, by: 256) {
        let part = names[start..<min(start + 256, names.count)].joined(separator: " ")
        try await transaction.query("select pg_notify('bench_latency', \(part))")
      }
    }
  }
}
