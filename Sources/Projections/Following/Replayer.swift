internal import EventLog
internal import Foundation
internal import PostgreSQL
internal import Values

/// Takes the events of the log in, as a projection's follower would have from the first one on.
///
/// As live, an event that cannot be digested halts its stream and the others go on, and what was passed over stays passed over.
struct Replayer {
  /// A stream that does not go on.
  struct Halt: Equatable {
    var position: Int64
    var event: UUID
    var error: String
    /// Later events of it.
    var parked = 0
  }

  private let run: any ProjectionRun
  private let prefixes: [String]
  private let passedOver: Set<UUID>
  /// Everything up to here has been taken in.
  private(set) var position: Int64 = 0
  private(set) var events = 0
  private(set) var halts: [String: Halt] = [:]

  /// Events read at once as part of a transaction.
  static let atOnce = 1000

  init(_ type: any Projection.Type, schema: String, passingOver passedOver: Set<UUID>) {
    run = makeRun(type, schema: schema)
    prefixes = type.categories.map { $0 + "/" }
    self.passedOver = passedOver
  }

  /// The events that people let a follower pass over, for good.
  /// - Parameter end: what they decided later does not count.
  static func passedOver(by follower: String, upTo end: Int64 = .max, _ database: any Queryable) async throws -> Set<UUID> {
    let store = EventStore(database)
    var passed: Set<UUID> = []
    var version: Int64 = 0
    while true {
      let events = try await store.read(StreamName(category: "projection", name: follower), after: version, limit: atOnce)
      for event in events {
        version = event.version
        guard event.position ?? .max <= end else { return passed }
        guard event.type == "projection_released", event.data["mode"]?.string == HaltedStreams.Mode.passOver.rawValue else { continue }
        if let id = event.data["event"]?.string.flatMap(UUID.init(uuidString:)) { passed.insert(id) }
      }
      if events.count < atOnce { return passed }
    }
  }

  func memory() async throws -> [String: JSON] { try await run.replayedMemory() }

  /// Takes in what lies up to a position, each batch in a transaction of its own.
  mutating func read(upTo end: Int64, _ client: PostgresClient, _ observe: (Int64) async throws -> Void) async throws {
    var pages = SealedPages(EventStore(client), streamPrefixes: prefixes)
    while position < end {
      let page = try await pages.page(after: position)
      try await take(page.events.filter { $0.position ?? 0 <= end }) { run, events in
        // Not again by itself: what the projection remembers would count the batch twice.
        try await client.withTransaction(retries: 0) { try await run.replay(events, in: $0) }
      }
      position = page.end > position ? min(page.end, end) : end
      try await observe(position)
    }
  }

  /// The same as part of a transaction.
  mutating func read(upTo end: Int64, in transaction: Transaction) async throws {
    while position < end {
      let batch = try await next(upTo: end, transaction)
      try await take(batch) { run, events in try await transaction.withSavepoint { try await run.replay(events, in: $0) } }
      position = batch.count < Replayer.atOnce ? end : batch[batch.count - 1].position ?? end
    }
  }

  private func next(upTo end: Int64, _ database: any Queryable) async throws -> [RecordedEvent] {
    try await EventStore(database).readSealed(after: position, limit: Replayer.atOnce, streamPrefixes: prefixes).filter { $0.position ?? 0 <= end }
  }

  private typealias Apply = (any ProjectionRun, [RecordedEvent]) async throws -> Void

  private mutating func take(_ batch: [RecordedEvent], _ apply: Apply) async throws {
    events += batch.count
    let wanted = batch.filter { !passedOver.contains($0.id) }
    try await digest(wanted, apply)
    for event in batch {
      if let halt = halts[event.stream.text], event.position ?? 0 > halt.position { halts[event.stream.text]?.parked += 1 }
    }
  }

  private mutating func digest(_ batch: [RecordedEvent], _ apply: Apply) async throws {
    while true {
      let healthy = batch.filter { halts[$0.stream.text] == nil || $0.position ?? 0 < halts[$0.stream.text]?.position ?? 0 }
      guard !healthy.isEmpty else { return }
      do {
        return try await apply(run, healthy)
      } catch let poison as PoisonEvent {
        halt(poison.event, poison.reason)
      } catch  where !mayPass(error) {
        guard healthy.count > 1 else { return halt(healthy[0], "\(error)") }
        // Whose fault it is shows one by one.
        for event in healthy { try await digest([event], apply) }
        return
      }
    }
  }

  private mutating func halt(_ event: RecordedEvent, _ reason: String) {
    halts[event.stream.text] = Halt(position: event.position ?? 0, event: event.id, error: reason)
  }
}
