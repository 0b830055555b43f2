import Foundation
import Lifecycle
import PostgreSQL
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Values

/// `kedge projections rebuild`, by running it.
@Suite struct RebuildTests {
  @Test func `a rebuild prints what differs before it switches, and says that nothing differed after`() async throws {
    try await World.with { world in
      try await world.project()
      let events = try await world.count()
      try await world.database.client.query("update kedge.model set task = 'regression'")
      let dry = try await world.program.run("projections", "rebuild", "registry", "--dry-run")
      #expect(dry.status == 0)
      #expect(dry.output.contains("registry: table model differs: 1 rows changed, 0 only stored, 0 only replayed"))
      #expect(try await world.database.client.query("select task from kedge.model", as: String.self) == ["regression"])
      let first = try await world.program.run("projections", "rebuild", "registry", "--yes", "-o", "json")
      #expect(first.status == 0)
      // In a pipe there is no gauge: talk is what differs, and nothing else.
      #expect(first.talk.hasPrefix("registry: table model differs: 1 rows changed"))
      #expect(!first.talk.contains("\r"))
      let item = try first.json.items[0]
      #expect(item["equal"] == false)
      #expect(item["differences"]?.array?.first?["rows"] == ["changed": 1, "only_live": 0, "only_replayed": 0])
      let second = try await world.program.run("projections", "rebuild", "registry", "--yes")
      #expect(second.status == 0)
      #expect(second.output.contains("nothing differed"))
      #expect(second.talk.isEmpty)
      #expect(try await world.count() == events)
    }
  }

  @Test func `a rebuild is refused without --yes, for what is no projection, and beside another one`() async throws {
    try await World.with { world in
      try await world.project()
      #expect(try await world.program.run("projections", "rebuild", "registry").status == 2)
      #expect(try await world.program.run("projections", "rebuild", "nothing", "--yes").status == 5)
      let policy = try await world.program.run("projections", "rebuild", "alerting", "--yes")
      #expect(policy.status == 5)
      #expect(policy.talk.contains("alerting is a policy"))
      try await world.database.client.withTransaction { transaction in
        try await transaction.query("select pg_advisory_xact_lock(hashtextextended('kedge rebuild registry', 0))")
        let refused = try await world.program.run("projections", "rebuild", "registry", "--yes")
        #expect(refused.status == 6)
        #expect(refused.talk.hasPrefix("kedge: another rebuild of registry is under way (server process "))
      }
      #expect(try await world.program.run("projections", "rebuild", "registry", "--yes").status == 0)
    }
  }

  /// What a rebuild waits for when it is killed.
  enum Moment: String, CaseIterable, Sendable {
    case before = "lock table kedge.model in access exclusive mode"
    case amidReading = "lock table kedge.log_order in access exclusive mode"
    case beforeSwap = "select from kedge.follower where name = 'registry' for update"
  }

  @Test(arguments: Moment.allCases)
  func `a rebuild whose process is killed changes nothing, and the next one starts cleanly`(at moment: Moment) async throws {
    try await World.with { world in
      try await world.project()
      try await world.database.client.query("update kedge.model set task = 'regression'")
      let killer = world.database.makeClient()
      try await world.database.client.withTransaction { transaction in
        try await transaction.query(Query(unsafeSQL: moment.rawValue))
        let result = try await Subprocess.run(
          .path(FilePath(Program.path)), arguments: ["projections", "rebuild", "registry", "--yes"],
          environment: .inherit.updating(["KEDGE_DATABASE_URL": world.database.url]), input: .none, output: .discarded, error: .discarded
        ) { execution in
          let waits = try await eventually(within: .seconds(60)) {
            try await killer.query(
              "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and cardinality(pg_blocking_pids(pid)) > 0"
            ).count == 1
          }
          #expect(waits)
          try execution.send(signal: .kill)
        }
        #expect(result.terminationStatus == .signaled(SIGKILL))
      }
      #expect(try await world.database.client.query("select task from kedge.model", as: String.self) == ["regression"])
      // The server notices a dead client when it next speaks to it.
      #expect(
        try await eventually(within: .seconds(60)) {
          try await killer.query("select 1 from pg_locks where locktype = 'advisory'").isEmpty
        })
      #expect(try await world.program.run("projections", "rebuild", "registry", "--yes").status == 0)
      #expect(try await world.program.run("projections", "verify").status == 0)
      #expect(try await world.database.client.query("select 1 from pg_namespace where nspname ^@ 'kedge_replay_'").isEmpty)
    }
  }
}
