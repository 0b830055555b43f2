public import EventLog
public import Lifecycle
public import Logging
public import PostgreSQL

/// Runs a policy behind the log: its commands are decided and appended in the same transaction as its checkpoint.
public actor PolicyFollower<P: Policy>: Follower {
  private var memory = Memory(P())
  private let logger: Logger?
  public nonisolated let name = P.name
  public nonisolated let streamPrefixes: [String]? = nil

  /// Begins without memory: what is stored comes with the first batch.
  /// - Parameter logger: hears of every event that it appends; once more of those of a batch that has to be tried again.
  public init(_ type: P.Type = P.self, logger: Logger? = nil) { self.logger = logger }

  /// Decides on the batch and appends what follows from it, in the transaction; see `Follower`.
  public func apply(_ batch: [RecordedEvent], in transaction: Transaction) async throws {
    var next = memory
    try await next.update(follower: P.name, in: transaction, restore: { try $0.restore(key: $1, entry: $2) }) { policy in
      var executor = CommandExecutor(transaction, policy: P.name)
      for event in batch {
        let record: FactRecord?
        do { record = try FactRecord(event) } catch { throw PoisonEvent(event, reason: describe(error)) }
        guard let record else { continue }
        for command in policy.react(to: record) { try await executor.execute(command, because: record) }
      }
      if let logger { for (events, attribution) in executor.appended { logger.events(events, by: attribution) } }
      return try policy.takeChanges()
    }
    memory = next
  }
}

/// Every follower: the projections, then the policies.
/// - Parameter logger: hears of every event that a policy appends.
public func allFollowers(logger: Logger? = nil) -> [any Follower] {
  allProjections.map { ProjectionFollower($0) } + [
    PolicyFollower(AlertingPolicy.self, logger: logger), PolicyFollower(RetrainingPolicy.self, logger: logger),
    PolicyFollower(PromotingPolicy.self, logger: logger),
    PolicyFollower(RolloutPolicy.self, logger: logger), PolicyFollower(GuardingPolicy.self, logger: logger),
    PolicyFollower(NotifyingPolicy.self, logger: logger), PolicyFollower(ActingPolicy.self, logger: logger),
  ]
}
