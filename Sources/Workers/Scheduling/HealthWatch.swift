internal import EventLog
internal import Foundation
internal import Lifecycle
internal import PostgreSQL
internal import Projections
internal import Telemetry
internal import Values

/// Measures Kedge itself once a minute, as windows of the monitor `kedge`, for as long as the lease is held and a rule asks for it.
struct HealthWatch: Sendable {
  let context: WorkContext
  let work: Work
  let drain: Drain

  /// A window is a minute by the clock.
  private static let length: Int64 = 60_000_000
  /// How often is looked whether one is over.
  private static let every = Duration.seconds(1)
  private static let namespace = UUID(uuidString: "1f0b5a0e-53c0-4b0b-9a0c-7d1f4a2b9e55")!

  func run() async throws {
    var last: Int64 = 0
    while !drain.hasBegun {
      try Task.checkCancellation()
      let minute = Timestamp.now().microseconds / HealthWatch.length
      if minute > last, try await isWanted() {
        try await measure(Timestamp(microseconds: minute * HealthWatch.length))
        last = minute
      }
      await drain.sleep(HealthWatch.every)
    }
  }

  private func isWanted() async throws -> Bool {
    try await !context.database.query("select 1 from kedge.rule where monitor = \(MonitorSpecification.kedge) limit 1").isEmpty
  }

  private func measure(_ end: Timestamp) async throws {
    let found = try await OwnHealth.read(context.database)
    let window = WindowReference(
      id: WindowID(UUID(namespace: HealthWatch.namespace, name: "\(end)")), startAt: end - .microseconds(HealthWatch.length), endAt: end, source: "kedge")
    let fact = Fact.measurementRecorded(
      MeasurementRecorded(
        window: window, part: .input, rows: 0, drift: nil, columns: [],
        metrics: Dictionary(uniqueKeysWithValues: found.map { ($0.key.rawValue, $0.value) }), late: false, inconclusive: false))
    // Whoever was here in this minute before has measured it.
    let key = "health/\(end)"
    let earlier = try await context.database.query("select 1 from kedge.idempotency_key where stream = \(WorkProjection.health) and key = \(key)")
    guard earlier.isEmpty else { return }
    try await context.database.withTransaction { transaction in
      let event = NewEvent(type: fact.type, schema: fact.schema, data: try fact.data(), idempotencyKey: key)
      _ = try await EventStore(transaction).append(
        [Append(stream: StreamName(WorkProjection.health), expected: .any, events: [event])],
        by: Attribution(actor: "kedge/scheduler", principal: nil, correlation: UUID(), causation: nil), lease: work.lease)
    }
  }
}
