public import EventLog
public import Lifecycle
public import PostgreSQL
public import Values

/// Reads all of history and says what would have happened under other declarations, beside what did happen.
///
/// It reads in batches, each in a read-only transaction of its own, up to where the log ended when it began; it appends nothing and asks
/// nobody for anything. What it supposes stands at `Rerun`.
/// - Complexity: reads the events of the domain once, and those of runs twice; remembers what `Rerun` does, and the outcomes.
public struct Backtest: Sendable {
  private let client: PostgresClient
  private let hypothesis: Hypothesis

  /// What came of it.
  public struct Report: Equatable, Sendable {
    /// The position up to which history was read.
    public let position: Int64
    /// How many events.
    public let events: Int
    /// When the first measurement was made; nil when there is none.
    public let measuredSince: Timestamp?
    /// Streams with an event that could not be read: they stand still before it, as they do for the policies.
    public let halted: [StreamName]
    /// What did happen.
    public let happened: Outcomes
    /// What would have happened.
    public let wouldHaveHappened: Outcomes
  }

  /// Nothing is read yet.
  public init(_ hypothesis: Hypothesis, on client: PostgresClient) {
    self.hypothesis = hypothesis
    self.client = client
  }

  /// Events read at once.
  private static let atOnce = 1000

  /// Reads history.
  /// - Parameter observe: is told up to which position of how many it has come; what it throws ends it.
  /// - Throws: `PostgresError`; what `observe` throws.
  public func run(observe: (Int64, Int64) async throws -> Void = { _, _ in }) async throws -> Report {
    let head = try await reading { try await $0.head() }
    var recorded = RecordedRuns()
    _ = try await read(["run"], upTo: head, { _ in }) { record, _ in recorded.take(record) }
    var happened = Outcomes()
    var measuredSince: Timestamp?
    var rerun = Rerun(hypothesis, recorded: recorded)
    let (events, halted) = try await read(Rerun.categories, upTo: head, { try await observe($0, head) }) { record, event in
      if measuredSince == nil, case .measurementRecorded = record.fact { measuredSince = record.at }
      happened.take(record)
      rerun.take(record, recordedAt: event.recordedAt)
    }
    return Report(position: head, events: events, measuredSince: measuredSince, halted: halted, happened: happened, wouldHaveHappened: rerun.outcomes)
  }

  private func read(
    _ categories: [String], upTo head: Int64, _ observe: (Int64) async throws -> Void, _ take: (FactRecord, RecordedEvent) -> Void
  ) async throws -> (events: Int, halted: [StreamName]) {
    let prefixes = categories.map { $0 + "/" }
    var position: Int64 = 0
    var count = 0
    var halted: Set<StreamName> = []
    while position < head {
      let after = position
      let batch = try await reading { try await $0.readSealed(after: after, limit: Backtest.atOnce, streamPrefixes: prefixes) }
        .filter { $0.position ?? 0 <= head }
      for event in batch where !halted.contains(event.stream) {
        do {
          if let record = try FactRecord(event) { take(record, event) }
        } catch {
          halted.insert(event.stream)
        }
      }
      count += batch.count
      position = batch.count < Backtest.atOnce ? head : batch[batch.count - 1].position ?? head
      try await observe(position)
    }
    return (count, halted.sorted { $0.text < $1.text })
  }

  private func reading<Result>(_ body: (EventStore) async throws -> Result) async throws -> Result {
    try await client.withTransaction(isolation: .readOnlySnapshot) { try await body(EventStore($0)) }
  }
}
