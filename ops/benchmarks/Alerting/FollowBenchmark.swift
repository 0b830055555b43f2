internal import AlertWorkload
internal import EventLog
internal import Foundation
internal import Lifecycle
internal import Logging
internal import Migrations
internal import PostgreSQL
internal import Projections
internal import Values

/// Ten thousand monitors for thirty simulated minutes through the database: measurements are appended as measurers do, sealed, and read by every
/// projection and policy.
struct FollowBenchmark: Sendable {
  let arguments: Bench.Arguments
  let client: PostgresClient

  /// Streams that one append writes to.
  private static let batch = 500

  /// - Throws: `LogBenchmark.Failed` when alerts are not those of the reference; `PostgresError`.
  func run(into report: inout Report) async throws {
    let workload = AlertWorkload(monitors: arguments.quick ? 1000 : 10_000, windows: 30, seed: 20_260_106)
    Bench.note("\(workload.monitors) monitors for \(workload.windows) minutes, through the database")
    try await Migrator(client).migrate()
    let monitors = Array(0..<workload.monitors)
    for batch in monitors.chunks(of: FollowBenchmark.batch) {
      try await append(batch.map { ("rule/\(workload.rule($0).name)", .ruleDefined(workload.rule($0)), AlertWorkload.start) })
    }
    let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
    let runner = FollowerRunner(allFollowers(), on: client, holder: "bench", logger: logger)
    try await runner.catchUp()
    var (appending, following, events): ([Double], [Double], Int) = ([], [], 0)
    for index in 0..<workload.windows {
      var began = ContinuousClock.now
      for batch in monitors.chunks(of: FollowBenchmark.batch) {
        let facts = batch.compactMap { monitor in
          workload.measurement(monitor, index).map { ("monitor/\(AlertWorkload.monitor(monitor))", Fact.measurementRecorded($0), $0.window.endAt) }
        }
        events += facts.count
        try await append(facts)
      }
      appending.append((ContinuousClock.now - began).inSeconds)
      began = .now
      try await runner.catchUp()
      following.append((ContinuousClock.now - began).inSeconds)
      if index % 5 == 4 { Bench.note("  minute \(index + 1)") }
    }
    let name = "\(workload.monitors) monitors for \(workload.windows) minutes through the database"
    report.add("\(name): measurements", Double(events), unit: "measurements")
    report.add("  appending a minute's measurements", appending.median, unit: "s")
    report.add("  sealing and reading them by every projection and policy", following.median, unit: "s", goal: .atMost(60))
    let alerts = try await raised()
    report.add("  alerts raised", Double(alerts.values.reduce(0) { $0 + $1.count }), unit: "alerts")
    guard try alerts == workload.fold().alerts else { throw LogBenchmark.Failed(what: "through the database other alerts are raised than in memory") }
    try AlertingBenchmark.compare(workload, alerts, "through the database", into: &report)
  }

  private func append(_ facts: [(stream: String, fact: Fact, at: Timestamp)]) async throws {
    let appends = try facts.map { stream, fact, at in
      Append(
        stream: StreamName(stream), expected: .any, events: [NewEvent(type: fact.type, schema: fact.schema, data: try fact.data(), occurredAt: at)])
    }
    try await EventStore(client).append(appends, by: Attribution(actor: "kedge/measurer"))
  }

  /// The alerts in the log by monitor: from and to the ends of the windows that raised and resolved them.
  private func raised() async throws -> [Int: [AlertWorkload.Alert]] {
    let rows = try await client.query(
      """
      select m.data -> 'window' ->> 'end_at', r.data -> 'window' ->> 'end_at', a.data -> 'subject' ->> 'monitor'
      from kedge.event a join kedge.event m on m.id = a.causation_id
        left join kedge.event e on e.stream = a.stream and e.type = 'alert_resolved' left join kedge.event r on r.id = e.causation_id
      where a.type = 'alert_raised' order by 1
      """, as: String.self, String?.self, String.self)
    var alerts: [Int: [AlertWorkload.Alert]] = [:]
    for (from, to, monitor) in rows {
      guard let number = AlertWorkload.number(ofMonitor: monitor), let raisedAt = Timestamp(from) else { continue }
      alerts[number, default: []].append(AlertWorkload.Alert(raisedAt: raisedAt, resolvedAt: to.flatMap { Timestamp($0) }))
    }
    return alerts
  }
}

extension Array {
  /// The elements in their order, so many at a time.
  fileprivate func chunks(of size: Int) -> [ArraySlice<Element>] { stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] } }
}
