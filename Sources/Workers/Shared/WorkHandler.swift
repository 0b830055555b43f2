public import EventLog
internal import Foundation
internal import Lifecycle
public import Logging
public import PostgreSQL
internal import Projections

/// Does one kind of work. It records the outcome itself, under the work's lease; what it throws is logged, and the work is tried again
/// when the lease has run out.
protocol WorkHandler: Sendable {
  func perform(_ work: Work) async throws
}

/// What every handler needs.
public struct WorkContext: Sendable {
  /// The pool that the role works through.
  public let database: PostgresClient
  /// Names the process: it stands in facts about attempts.
  public let worker: String
  /// For what no event tells.
  public let logger: Logger

  /// Reads, decides and appends under a work's lease; decides again when somebody else was faster.
  /// - Parameters:
  ///   - role: acts as `kedge/ROLE`.
  ///   - completing: whether this is the outcome of the work.
  ///   - decide: records what is decided in the session; called again after a conflict.
  func record(
    _ work: Work, as role: Role, completing: Bool, _ decide: @Sendable (inout DecisionSession) async throws -> Void
  ) async throws {
    let cause = try await work.cause(database)
    for attempt in 1... {
      do {
        let attribution = Attribution(actor: "kedge/\(role.rawValue)", principal: nil, correlation: cause?.correlation, causation: cause?.event)
        let decided = try await database.withTransaction { transaction in
          var session = DecisionSession(transaction)
          try await decide(&session)
          let decided = session.decided
          try await session.append(by: attribution, lease: work.lease, completing: completing)
          return decided
        }
        logger.events(decided, by: attribution)
        return
      } catch let conflict as VersionConflict {
        guard attempt < WorkContext.decisions else { throw conflict }
      }
    }
  }

  /// How often is decided again before the work is left to the next lease.
  static let decisions = 10
}

extension Work {
  /// The event that asked for it, from which its id is derived, and the story that this belongs to.
  func cause(_ database: any Queryable) async throws -> (event: UUID, correlation: UUID)? {
    guard
      let row = try await database.query(
        """
        select e.id, e.correlation_id from kedge.work w join kedge.log_order o on o.position = w.position
        join kedge.event e on e.number = o.event where w.id = \(id)
        """
      ).first
    else { return nil }
    let (event, correlation) = try row.decode(UUID.self, UUID?.self)
    return (event, correlation ?? event)
  }
}
