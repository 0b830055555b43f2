public import EventLog
internal import Lifecycle
public import PostgreSQL
internal import Values

/// Runs a projection behind the log.
public actor ProjectionFollower: Follower {
  private let run: any ProjectionRun
  public nonisolated let name: String
  public nonisolated let streamPrefixes: [String]?

  /// Fills the tables of the schema `kedge`.
  public init(_ type: any Projection.Type) {
    name = type.name
    streamPrefixes = type.categories.map { $0 + "/" }
    run = makeRun(type, schema: "kedge")
  }

  /// Changes the tables in the transaction; see `Follower`.
  public func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws {
    try await run.apply(batch, in: transaction)
  }
}

/// A projection and its memory, whatever its type.
protocol ProjectionRun: Sendable {
  func apply(_ batch: [RecordedEvent], in database: any Queryable) async throws
  /// The same without stored memory: for a rebuild, which begins with the first event. Nothing of a batch that fails is remembered.
  func replay(_ batch: [RecordedEvent], in database: any Queryable) async throws
  /// All that the projection remembers after a replay.
  func replayedMemory() async throws -> [String: JSON]
}

func makeRun(_ type: any Projection.Type, schema: String) -> any ProjectionRun {
  func open<P: Projection>(_ type: P.Type) -> any ProjectionRun { TypedRun<P>(schema: schema) }
  return open(type)
}

private actor TypedRun<P: Projection>: ProjectionRun {
  private var memory = Memory(P())
  private var replayed = P()
  private var remembered: [String: JSON] = [:]
  private let writer: RowWriter

  init(schema: String) { writer = RowWriter(schema: schema) }

  func apply(_ batch: [RecordedEvent], in database: any Queryable) async throws {
    let writer = writer
    var next = memory
    try await next.update(follower: P.name, in: database, restore: { try $0.restore(key: $1, entry: $2) }) { projection in
      try await writer.write(try digest(batch, &projection), in: database)
      return try projection.takeMemory()
    }
    memory = next
  }

  func replay(_ batch: [RecordedEvent], in database: any Queryable) async throws {
    var next = replayed
    try await writer.write(try digest(batch, &next), in: database)
    remembered.merge(try next.takeMemory()) { $1 }
    replayed = next
  }

  func replayedMemory() -> [String: JSON] { remembered.filter { !$0.value.isNull } }
}

private func digest<P: Projection>(_ batch: [RecordedEvent], _ projection: inout P) throws -> [RowChange] {
  try batch.flatMap { event in
    do {
      return try FactRecord(event).map { try projection.changes(for: $0) } ?? []
    } catch {
      throw PoisonEvent(event, reason: describe(error))
    }
  }
}

/// What could not be read of an event, on one line.
func describe(_ error: any Error) -> String { (error as? DecodingError)?.summary ?? "\(error)" }
