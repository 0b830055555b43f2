internal import Logging
internal import PostgreSQL
internal import Values

/// Drives one follower while it is ours: batch after batch, each in one transaction with its checkpoint.
struct FollowerDriver {
  private let follower: any Follower
  private let database: PostgresClient
  private let feed: LogFeed
  private let lease: Duration
  private let logger: Logger
  /// Ours while the table says the same.
  private let term: Int64
  /// How far it has come; ahead of what is stored when nothing lay between that concerned it.
  private(set) var position: Int64
  private var stored: Int64
  private var storedAt = ContinuousClock.now
  /// Failures in a row, at this position, that are the events' own.
  private var failures = 0
  /// Up to here one event at a time, to find the one that fails.
  private var isolatingUpTo: Int64?
  /// For reading while it is far behind; at the end of the log it reads what all read.
  private var pages: SealedPages
  private var isFarBehind = false

  enum Step: Sendable { case worked, atEnd }

  /// What a checkpoint may lag behind what was read, if that did not concern the follower.
  static let storeEvery = Duration.milliseconds(500)
  /// After so many failures at one place the culprit is looked for; after so many with it alone it is poison.
  static let patience = 3

  /// Whether its place is stored.
  var isStored: Bool { position == stored }

  /// Takes the follower when it is free.
  /// - Throws: `FollowerError.held`.
  init(
    taking follower: any Follower, holder: String, database: PostgresClient, feed: LogFeed, lease: Duration, logger: Logger
  ) async throws {
    self.follower = follower
    self.database = database
    self.feed = feed
    pages = SealedPages(EventStore(database), streamPrefixes: follower.streamPrefixes)
    self.lease = lease
    self.logger = logger
    let rows = try await database.pipeline([
      "insert into kedge.follower (name) values (\(follower.name)) on conflict do nothing",
      """
      with free as (
        select name from kedge.follower
        where name = \(follower.name) and (holder is null or holder = \(holder) or expires_at <= (select clock_timestamp()))
        for update skip locked)
      update kedge.follower f set term = f.term + 1, holder = \(holder), expires_at = clock_timestamp() + make_interval(secs => \(lease.inSeconds))
      from free where f.name = free.name returning f.term, f.position
      """,
      FollowerDriver.checkpoint(follower.name),
    ])
    guard let row = rows[1].first else { throw FollowerError.held(follower: follower.name) }
    (term, position) = try row.decode(Int64.self, Int64.self)
    stored = position
    // At once, not with the next event: a log that is shorter than what was read may have none for long.
    guard try rows[2].first?.decode(Bool.self, at: 2) == true else { throw FollowerError.anotherLog(follower: follower.name, position: stored) }
  }

  /// Takes the next events in, if there are any.
  /// - Throws: what may pass, for another try with a new driver: `mayPass` is true of it.
  mutating func step() async throws -> Step {
    let (wanted, last) = try await next()
    guard last > position else {
      if position > stored, ContinuousClock.now - storedAt >= FollowerDriver.storeEvery { try await storePosition() }
      return .atEnd
    }
    guard !wanted.isEmpty else {
      position = last
      if ContinuousClock.now - storedAt >= FollowerDriver.storeEvery { try await storePosition() }
      return .worked
    }
    if let end = isolatingUpTo, position >= end { isolatingUpTo = nil }
    let batch = isolatingUpTo == nil ? wanted : [wanted[0]]
    let target = isolatingUpTo == nil ? last : wanted[0].position ?? last
    do {
      try await commit(batch, upTo: target)
      failures = 0
    } catch let poison as PoisonEvent where batch.contains(where: { $0.id == poison.event.id }) {
      try await halt(poison.event, reason: poison.reason)
    } catch  where !mayPass(error) {
      failures += 1
      logger.warning("\(follower.name): events \(position + 1)...\(target) failed (\(failures)): \(error)")
      if failures >= FollowerDriver.patience {
        failures = 0
        if batch.count == 1 { try await halt(batch[0], reason: "\(error)") } else { isolatingUpTo = target }
      }
    }
    return .worked
  }

  /// The next events that concern it, and up to which position they go; the one where it is at the end of the log.
  private mutating func next() async throws -> (wanted: [RecordedEvent], last: Int64) {
    if isFarBehind {
      let page = try await pages.page(after: position)
      isFarBehind = page.end > position
      return (page.events, page.end)
    }
    let events = try await feed.events(after: position)
    isFarBehind = events.count == LogFeed.atOnce
    return (events.filter { follower.reads($0.stream) }, events.last?.position ?? position)
  }

  /// One batch: the follower's writes, what it appends, and the checkpoint.
  private mutating func commit(_ batch: [RecordedEvent], upTo target: Int64) async throws {
    let (name, term, stored, lease) = (follower.name, term, stored, lease)
    try await database.withTransaction(retries: 0, idleTimeout: lease / 3) { transaction in
      let halted = try await FollowerDriver.guardCheckpoint(name, term: term, stored: stored, transaction)
      let healthy = batch.filter { event in halted[event.stream.text].map { event.position ?? 0 < $0 } ?? true }
      if !healthy.isEmpty { try await follower.apply(healthy, in: transaction) }
      if healthy.count < batch.count {
        let parked = batch.filter { event in halted[event.stream.text].map { $0 < event.position ?? 0 } ?? false }.map(\.stream.text)
        try await transaction.query(
          """
          update kedge.halted_stream h set parked = h.parked + n.count
          from (select s, count(*) from unnest(\(parked)) s group by s) n where h.follower = \(name) and h.stream = n.s
          """)
      }
      try await FollowerDriver.store(target, name, lease: lease, transaction)
    }
    (position, self.stored, storedAt) = (target, target, .now)
  }

  /// Stores how far it has come when nothing on the way concerned it.
  mutating func storePosition() async throws {
    guard position > stored else { return }
    let (name, term, stored, lease, position) = (follower.name, term, stored, lease, position)
    try await database.withTransaction(retries: 0, idleTimeout: lease / 3) { transaction in
      try await FollowerDriver.guardCheckpoint(name, term: term, stored: stored, transaction)
      try await FollowerDriver.store(position, name, lease: lease, transaction)
    }
    (self.stored, storedAt) = (position, .now)
  }

  /// Locks the checkpoint, and makes sure that it is ours and belongs to this log.
  /// - Returns: from which position on each halted stream is.
  @discardableResult
  private static func guardCheckpoint(_ name: String, term: Int64, stored: Int64, _ transaction: Transaction) async throws -> [String: Int64] {
    let rows = try await transaction.pipeline([
      "\(FollowerDriver.checkpoint(name)) for update of f", "select stream, position from kedge.halted_stream where follower = \(name)",
    ])
    let checkpoint = try rows[0].first?.decode(Int64.self, Int64.self, Bool.self)
    guard let checkpoint, checkpoint.0 == term, checkpoint.1 == stored else { throw FollowerError.takenOver(follower: name) }
    guard checkpoint.2 else { throw FollowerError.anotherLog(follower: name, position: stored) }
    return Dictionary(try rows[1].map { try $0.decode(String.self, Int64.self) }) { $1 }
  }

  /// Its term, its position, and whether the log has the event there that was read.
  private static func checkpoint(_ name: String) -> Query {
    """
    select f.term, f.position, f.position = 0 or o.position is not null and (f.hash is null or f.hash = o.hash)
    from kedge.follower f left join kedge.log_order o on o.position = f.position where f.name = \(name)
    """
  }

  private static func store(_ position: Int64, _ name: String, lease: Duration, _ transaction: Transaction) async throws {
    try await transaction.query(
      """
      update kedge.follower f set position = o.position, hash = o.hash, epoch = s.epoch, stopped = null, updated_at = clock_timestamp(),
        expires_at = clock_timestamp() + make_interval(secs => \(lease.inSeconds))
      from kedge.log_order o join kedge.log_seal s on s.number = o.seal where f.name = \(name) and o.position = \(position)
      """)
  }

  /// Halts the stream of an event for this follower; the batch comes again without it.
  private func halt(_ event: RecordedEvent, reason: String) async throws {
    let (name, term, stored, at) = (follower.name, term, stored, event.position ?? 0)
    logger.error("\(name): stream \(event.stream) is halted at position \(at): \(reason)")
    try await database.withTransaction(retries: 0, idleTimeout: lease / 3) { transaction in
      try await FollowerDriver.guardCheckpoint(name, term: term, stored: stored, transaction)
      try await transaction.query(
        """
        insert into kedge.halted_stream (follower, stream, position, event, error)
        values (\(name), \(event.stream.text), \(at), \(event.id), \(reason)) on conflict do nothing
        """)
    }
  }
}

extension Follower {
  func reads(_ stream: StreamName) -> Bool {
    guard let streamPrefixes else { return true }
    return streamPrefixes.contains { stream.text.hasPrefix($0) }
  }
}
