internal import EventLog
internal import Foundation
internal import Lifecycle
internal import Logging
internal import PostgreSQL
internal import Projections
internal import Values

/// Watches the sources of monitors, fires schedules, and says when a time has come.
struct SchedulerHandler: WorkHandler {
  let context: WorkContext
  let drain: Drain

  func perform(_ work: Work) async throws {
    switch work.kind {
    case .watch where work.subject == WorkProjection.health: try await HealthWatch(context: context, work: work, drain: drain).run()
    case .watch: try await Watch(context: context, work: work, drain: drain).run()
    case .schedule:
      try await context.record(work, as: .scheduler, completing: true) { session in
        let state = try await session.load(ScheduleState.self, work.stream)
        if let due = try state.fire(at: .now()) { session.record([.scheduleDue(due)], on: work.stream) }
      }
    case .deadline:
      guard let name = work.data["name"]?.string, let due = work.data["due_at"]?.string.flatMap({ Timestamp($0) }),
        let cause = work.data["cause"]?.string.flatMap({ UUID(uuidString: $0) })
      else { return }
      try await context.record(work, as: .scheduler, completing: true) { session in
        session.record([.deadlinePassed(DeadlinePassed(name: name, dueAt: due, cause: cause))], on: work.stream)
      }
    default: break
    }
  }
}
