public import EventLog
public import Foundation
public import Lifecycle
public import PostgreSQL
public import Values

/// Reads the states of streams, takes in what is decided on them, and appends it all at the versions that were read:
/// when somebody else was faster, nothing is appended.
public struct DecisionSession {
  /// The transaction in which it reads and appends.
  public let database: any Queryable
  private let store: EventStore
  private var versions: [String: Int64] = [:]
  private var pending: [(stream: String, facts: [Fact])] = []

  /// - Parameter database: the transaction in which to read and append.
  public init(_ database: any Queryable) {
    self.database = database
    store = EventStore(database)
  }

  /// What the facts of a stream add up to.
  ///
  /// Long streams are read from a stored state onwards, which is written here every few hundred events.
  /// - Throws: `PostgresError`; `DecodingError` for an event that does not have the shape of its type.
  public mutating func load<State: StreamState>(_ type: State.Type = State.self, _ stream: String) async throws -> State {
    let kind = "\(State.self)/1"
    var state = State()
    var (version, number): (Int64, Int64) = (0, 0)
    if let row = try await database.query("select version, number, state from kedge.stream_state where stream = \(stream) and kind = \(kind)").first {
      // A state of an older shape is of no use: the stream is read from its beginning.
      let (at, from, json) = try row.decode(Int64.self, Int64.self, JSON.self)
      if let stored = try? json.decode(State.self) { (state, version, number) = (stored, at, from) }
    }
    let start = version
    while true {
      let events = try await store.read(StreamName(stream), after: version, limit: 1000, from: number)
      for event in events {
        if let record = try FactRecord(event) { state.evolve(record) }
        version = event.version
      }
      if events.count < 1000 { break }
    }
    if version - start > DecisionSession.storeEvery {
      try await database.query(
        """
        insert into kedge.stream_state (stream, kind, version, number, state)
        select \(stream), \(kind), e.version, e.number, \(try JSON(encoding: state)) from kedge.stream_events(\(stream), \(version - 1), 1, \(number)) e
        on conflict (stream, kind) do update set version = excluded.version, number = excluded.number, state = excluded.state
          where kedge.stream_state.version < excluded.version
        """)
    }
    versions[stream] = version
    return state
  }

  /// After how many events a state is stored.
  static let storeEvery: Int64 = 250

  /// The version at which a stream was read; 0 for a new one, nil when it was not read.
  public func version(of stream: String) -> Int64? { versions[stream] }

  /// Lets others append to a stream between reading it and appending: what was decided does not depend on what they say.
  public mutating func expectAny(_ stream: String) { versions[stream] = nil }

  /// Takes in what was decided on a stream. Nothing is appended before `append`.
  public mutating func record(_ facts: [Fact], on stream: String) {
    guard !facts.isEmpty else { return }
    if let index = pending.firstIndex(where: { $0.stream == stream }) {
      pending[index].facts += facts
    } else {
      pending.append((stream, facts))
    }
  }

  /// What was taken in and not appended yet, in order.
  public var decided: [(stream: String, fact: Fact)] { pending.flatMap { stream, facts in facts.map { (stream, $0) } } }

  /// Appends what was taken in, all or nothing.
  /// - Parameters:
  ///   - key: idempotency key of the command; its i-th event gets `key/i`.
  ///   - expecting: the version that a stream must have, instead of the one that was read.
  ///   - lease: checked together with the append.
  ///   - completing: marks the lease's work as done.
  /// - Throws: `VersionConflict` when a stream has moved on since it was read, `StaleLease`, `IdempotencyConflict`, `PostgresError`.
  @discardableResult
  public mutating func append(
    by attribution: Attribution, key: String? = nil, expecting: [String: Int64] = [:], lease: LeaseToken? = nil, completing: Bool = false
  ) async throws -> [AppendedEvent] {
    guard !pending.isEmpty else { return [] }
    var index = 0
    var appends: [Append] = []
    for (stream, facts) in pending {
      var events: [NewEvent] = []
      for fact in facts {
        events.append(
          NewEvent(type: fact.type, schema: fact.schema, data: try fact.data(), idempotencyKey: key.map { "\($0)/\(index)" }))
        index += 1
      }
      let version = expecting[stream] ?? versions[stream]
      let expected: ExpectedVersion =
        switch version {
        case nil: .any
        case 0?: .none
        case let version?: .exactly(version)
        }
      appends.append(Append(stream: StreamName(stream), expected: expected, events: events))
    }
    let appended = try await store.append(appends, by: attribution, lease: lease, completing: completing)
    for event in appended { versions[event.stream.text] = event.version }
    pending = []
    return appended
  }
}
