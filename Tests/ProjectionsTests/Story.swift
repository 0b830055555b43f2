import EventLog
import Foundation
import Lifecycle
import Logging
import PostgreSQL
import Projections
import TestSupport
import Values

/// A database in which things happen, and followers that take them in.
struct Story: Sendable {
  let database: TestDatabase
  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  var client: PostgresClient { database.client }

  /// Runs `body` with a story of its own.
  static func with(_ body: (Story) async throws -> Void) async throws {
    try await withTestDatabase { try await body(Story(database: $0)) }
  }

  @discardableResult
  func append(_ facts: [Fact], _ stream: String, by actor: String = "kedge/test") async throws -> [UUID] {
    let events = try facts.map { NewEvent(type: $0.type, schema: $0.schema, data: try $0.data()) }
    return try await EventStore(client).append(events, to: StreamName(stream), by: Attribution(actor: actor)).map(\.id)
  }

  /// Alerts that were raised, every other one resolved since.
  func alerts(_ count: Int, rule: String = "r") async throws -> [AlertID] {
    var ids: [AlertID] = []
    for index in 0..<count {
      let id = AlertID(UUID())
      let subject = AlertSubject(rule: rule, monitor: "m", severity: "warning", notify: ["ops"])
      var facts: [Fact] = [.alertRaised(AlertRaised(subject: subject, value: 0.5, condition: "x", sinceAt: .init(seconds: Int64(index))))]
      if index % 2 == 1 { facts.append(.alertResolved(AlertResolved(reason: "good", value: 0.1))) }
      try await append(facts, id.stream)
      ids.append(id)
    }
    return ids
  }

  /// Lets followers take in all there is; without a list, the projections.
  func catchUp(_ followers: [any Follower]? = nil) async throws {
    var options = FollowerOptions()
    // A machine that does other things besides must not end a batch.
    options.lease = .seconds(300)
    let followers = followers ?? allProjections.map { ProjectionFollower($0) }
    try await FollowerRunner(followers, on: client, holder: "test", options: options, logger: Story.logger).catchUp()
  }

  func replay(_ name: String) -> Replay { Replay(name, client)! }

  /// The projections whose tables are not what a replay makes of the log.
  func differing() async throws -> [Replay.Report] {
    var reports: [Replay.Report] = []
    for type in allProjections {
      let report = try await Replay(type, client).verify()
      if !report.differences.isEmpty || !report.freed.isEmpty { reports.append(report) }
    }
    return reports
  }

  func texts(_ query: Query) async throws -> [String] { try await client.query(query, as: String.self) }

  /// How many events there are, and how far they are sealed: neither changes when nothing is appended.
  func length() async throws -> String {
    try await texts(
      "select format('%s %s', (select coalesce(max(number), 0) from kedge.event), (select coalesce(max(position), 0) from kedge.log_order))")[0]
  }

  /// Schemas of replays, those that died included.
  func leftovers() async throws -> [String] { try await texts("select nspname::text from pg_namespace where nspname ^@ 'kedge_replay_' order by 1") }

  /// Ends every connection to the database but the one that asks: what the server sees of a process that is killed.
  func killOthers() async throws {
    try await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
  }
}
