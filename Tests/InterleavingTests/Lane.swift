import Foundation
import TestSupport

/// A database, and the sessions that interleave in it, one interleaving after another.
///
/// Each interleaving has streams and work of its own; it begins where the log ended, and leaves nothing open.
final class Lane {
  static let mostSessions = 5

  let sessions: [Session]
  /// Looks at locks, ends prepared transactions, and looks at what came of it all.
  let control: Session
  private let name: String
  private var runs = 0

  /// - Parameter database: migrated, and used by nobody else.
  init(_ database: TestDatabase) throws {
    // The one that closes a circle looks for it at once and gives way: which one it is does not depend on time.
    var components = URLComponents(string: database.url)
    let items = components?.queryItems ?? []
    components?.queryItems = items + [URLQueryItem(name: "options", value: "-c deadlock_timeout=1ms")]
    let url = components?.string ?? database.url
    name = database.name
    sessions = try (0..<Lane.mostSessions).map { _ in try Session(url) }
    control = try Session(database.url)
    _ = try control.run("CREATE SEQUENCE lease_step")
    // The first seal begins an epoch.
    _ = try control.run("select kedge.seal()")
  }

  /// Runs the interleaving of a seed.
  func run(_ seed: Seed) throws -> Interleaving.Report {
    let begin = try control.run(
      "select (select last_value from kedge.event_number), (select coalesce(max(position), 0) from kedge.log_order)")[0].map { Int64($0 ?? "") ?? 0 }
    runs += 1
    var interleaving = Interleaving(seed, on: self, name: "\(name)-\(runs)", after: begin[1])
    do {
      try interleaving.run()
      try interleaving.judge(afterNumber: begin[0])
      try tidy()
    } catch let error as Interleaving.Stuck {
      // It cannot be used again.
      interleaving.report.violations.append("\(error)")
    }
    return interleaving.report
  }

  private func tidy() throws {
    _ = try control.run("delete from kedge.work")
    _ = try control.run("delete from kedge.lease")
    _ = try control.run("delete from kedge.log_floor")
  }
}
