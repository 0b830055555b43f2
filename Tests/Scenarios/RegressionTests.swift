import EventLog
import Foundation
import PostgreSQL
import TestSupport
import Testing
import Values

/// What other event stores have been lost by, each on a cluster of its own. A transaction id assigned before the stream lock and the retry after a
/// savepoint need no cluster: they are in `EventLogTests/SealingTests`.
@Suite struct RegressionTests {
  private static let everything = "projector,scheduler,measurer,trainer,deployer,notifier"

  @Test func `a long writer in another database of the cluster holds up neither sealing nor workers`() async throws {
    try await Cluster.with { cluster in
      try await cluster.withClient { client in
        try await client.query("create database other")
        let other = cluster.url.replacing("/kedge?", with: "/other?")
        try await cluster.withClient(other) { elsewhere in
          try await elsewhere.query("create table t (n bigint)")
          var forever = PostgresOptions()
          forever.idleInTransactionTimeout = nil
          try await cluster.withClient(other, options: forever) { long in
            try await long.withTransaction { writer in
              // It has its transaction id before anything of ours, and keeps it to the end.
              try await writer.query("insert into t values (1)")
              try await Scenario.run(at: cluster.url, client) { scenario in
                try scenario.worker(RegressionTests.everything)
                try await scenario.goLive()
                try await scenario.waitUntilSealed()
                #expect(
                  try await scenario.value("select count(*)::text from pg_stat_activity where datname = 'other' and state = 'idle in transaction'") == "1")
                try await scenario.verify()
              }
            }
          }
        }
      }
    }
  }

  @Test func `an orphaned prepared transaction holds up nobody, outlives a crash, and is sealed when somebody commits it`() async throws {
    try await Cluster.with(.full, ["max_prepared_transactions": "5"]) { cluster in
      try await cluster.withClient { client in
        try await Scenario.run(at: cluster.url, client) { scenario in
          let store = EventStore(client)
          // The log's first epoch has begun; only the beginning of one waits for writers.
          try await scenario.append("note/first", 0)
          #expect(try await Sealer.seal(client) == 1)
          for name in ["kept", "dropped"] {
            try await client.withConnection { connection in
              try await connection.execute(
                unsafeScript: """
                  BEGIN; SELECT kedge.append('note/\(name)', -1, '[{"type": "note_added", "data": {"n": 1}}]'); PREPARE TRANSACTION '\(name)'
                  """, name: "prepare")
            }
          }
          try scenario.worker(RegressionTests.everything)
          try await scenario.goLive()
          try await scenario.waitUntilSealed()
          try await cluster.kill(.sigkill)
          try await cluster.start()
          try await scenario.append("note/later", 1)
          try await scenario.waitUntilSealed()
          #expect(try await store.readSealed(after: 0, streamPrefixes: ["note/kept", "note/dropped"]).isEmpty)
          let head = try await store.head()
          try await client.execute(unsafeScript: "COMMIT PREPARED 'kept'", name: "commit prepared")
          try await client.execute(unsafeScript: "ROLLBACK PREPARED 'dropped'", name: "rollback prepared")
          try await scenario.append("note/kept", 2)
          try await scenario.waitUntilSealed()
          let kept = try await store.readSealed(after: 0, streamPrefixes: ["note/kept", "note/dropped"])
          #expect(kept.map { $0.data["n"]?.integer } == [1, 2])
          #expect(kept.map(\.version) == [1, 2])
          #expect(kept.allSatisfy { $0.position ?? 0 > head })
          try await scenario.verify()
        }
      }
    }
  }

  @Test func `a dump restored into a new cluster loses nothing, begins an epoch, and followers go on`() async throws {
    try await Cluster.with { cluster in
      try await cluster.withClient { client in
        try await Scenario.run(at: cluster.url, client) { scenario in
          let worker = try scenario.worker(RegressionTests.everything)
          try await scenario.goLive()
          try await scenario.waitUntilSealed()
          worker.terminate()
          try await scenario.waitFor("the worker's end") { !worker.isRunning }
          // What nobody has sealed yet goes along.
          try await scenario.append("note/a", 1, key: "k")
          let (events, head) = (try await scenario.count("select count(*) from kedge.event"), try await EventStore(client).head())
          #expect(head < events)

          try await cluster.withAnother { restored in
            let dump = cluster.directory + "/dump"
            try await Cluster.command([try Cluster.binary("pg_dump"), "-Fc", "-f", dump, cluster.url])
            try await restored.withClient { target in
              for role in try await client.query(
                "select rolname::text from pg_roles where rolname like 'kedge\\_%' and rolname <> 'kedge_owner'", as: String.self)
              {
                // A dump of a database has no roles.
                try await target.execute(unsafeScript: "CREATE ROLE \(role)", name: "create role")
              }
              try await Cluster.command([try Cluster.binary("pg_restore"), "--exit-on-error", "-d", restored.url, dump])
              let identifier: Query = "select system_identifier::text from pg_control_system()"
              #expect(try await client.query(identifier, as: String.self) != target.query(identifier, as: String.self))

              // Kedge goes on there as it would have here: same files, same declarations.
              try scenario.worker(RegressionTests.everything, at: restored.url)
              try await Scenario.run(at: restored.url, target) { there in
                // The replay of what was appended before the dump is answered, new things are recorded.
                #expect(try await there.append("note/a", 1, key: "k") == 1)
                #expect(try await there.append("note/a", 2) == 2)
                try await there.waitUntilSealed()
                #expect(try await there.value("select max(number)::text from kedge.log_epoch") == "2")
                #expect(try await there.kedge("retrain", "toy", "--wait=180s", as: "dora").status == 8)
                let second = try await there.deployment(of: "toy/2", in: "awaiting_approval")
                #expect(try await there.kedge("approve", second, "--reason", "moved house", as: "olga").status == 0)
                try await there.waitFor("the second champion", sql: "select 1 from kedge.alias where alias = 'champion' and version = 'toy/2'")
                try await there.verify()
                // Everything of the old cluster is there, in the same places.
                let old = try await EventStore(client).readSealed(after: 0, limit: 100_000)
                let new = try await EventStore(target).readSealed(after: 0, limit: old.count)
                #expect(old == new)
                #expect(try await target.query("select count(*) from kedge.follower where stopped is not null", as: Int.self) == [0])
              }
            }
          }
        }
      }
    }
  }

  @Test func `a standby answers questions, seals nothing, and says what to do`() async throws {
    try await Cluster.with { cluster in
      try await cluster.withClient { client in
        try await Scenario.run(at: cluster.url, client) { scenario in
          let worker = try scenario.worker(RegressionTests.everything)
          try await scenario.goLive()
          try await scenario.waitUntilSealed()
          worker.terminate()
          try await scenario.waitFor("the worker's end") { !worker.isRunning }
          try await cluster.withStandby { standby in
            try await standby.withClient { copy in
              let error = await #expect(throws: PostgresError.self) { try await Sealer.seal(copy) }
              #expect(error?.sqlState == .readOnlyTransaction)
              #expect(error?.message == "cannot seal on a standby")
              #expect(error?.hint?.contains("target_session_attrs=read-write") == true)

              try await Scenario.run(at: standby.url, copy) { there in
                let versions = try await there.kedge("get", "versions", "-o", "name")
                #expect(versions.status == 0 && versions.out.contains("toy/1"), "\(versions.err)")
                #expect(try await there.kedge("audit", "verify").status == 0)
                for command in [["retrain", "toy"], ["freeze", "toy-prod", "--reason", "x", "--yes"], ["apply", "-f", "kedge.yaml"]] {
                  let refused = try await there.program.run(command)
                  #expect(refused.status == 1, "\(command): \(refused.out)\(refused.err)")
                  #expect(refused.err.contains("target_session_attrs=read-write"), "\(command): \(refused.err)")
                }
                // A worker that was sent to the wrong place says so and does no harm.
                try there.worker(RegressionTests.everything)
                try await there.waitFor("the worker to say so") {
                  there.logs().contains("sealing failed") && there.logs().contains("target_session_attrs=read-write")
                }
              }
            }
          }
        }
      }
    }
  }

  @Test func `after a failover to a standby, workers with a url of both hosts go on, and nothing acknowledged is lost`() async throws {
    // Synchronous: what a client was told is on the standby too.
    try await Cluster.with(.full) { cluster in
      try await cluster.withStandby { standby in
        let both = "postgresql:///kedge?host=\(cluster.host),\(standby.host)&user=kedge_owner&target_session_attrs=read-write"
        try await cluster.withClient(both) { client in
          try await client.execute(unsafeScript: "ALTER SYSTEM SET synchronous_standby_names = '*'", name: "alter system")
          try await client.query("select pg_reload_conf()")
          try await Scenario.run(at: both, client) { scenario in
            try await scenario.waitFor("the standby", sql: "select 1 from pg_stat_replication where sync_state = 'sync'")
            for _ in 0..<2 { try scenario.worker(RegressionTests.everything) }
            try await scenario.goLive()
            try await Appending.run(writers: 4, on: client) { appending in
              try await appending.waitForMore(100)
              #expect(try await scenario.kedge("retrain", "toy", "--parameter", "seconds=3", as: "dora").status == 0)
              try await scenario.waitFor("the trainer", sql: "select 1 from kedge.run where state = 'running'")
              try await cluster.kill(.immediate)
              try await standby.withClient { promoted in
                try await promoted.query("select pg_promote()")
                // It was to wait for a standby of its own otherwise.
                try await promoted.execute(unsafeScript: "ALTER SYSTEM SET synchronous_standby_names = ''", name: "alter system")
                try await promoted.query("select pg_reload_conf()")
              }
              try await appending.waitForMore(100)
              let second = try await scenario.deployment(of: "toy/2", in: "awaiting_approval")
              #expect(try await scenario.kedge("approve", second, "--reason", "still fine", as: "olga").status == 0)
              try await scenario.waitFor("the second champion", sql: "select 1 from kedge.alias where alias = 'champion' and version = 'toy/2'")
            }
            try await scenario.waitUntilSealed()
            #expect(try await scenario.value("select max(number)::text from kedge.log_epoch") == "2")
            #expect(try await scenario.value("select count(*)::text from kedge.model_version") == "2")
            try await scenario.verify()
          }
        }
      }
    }
  }

  @Test func `behind PgBouncer in transaction mode the whole loop runs`() async throws {
    try await Cluster.with { cluster in
      try await PgBouncer.with(cluster) { bouncer in
        try await cluster.withClient { client in
          let off = ["KEDGE_PREPARED_STATEMENTS": "off", "KEDGE_LISTEN": "off"]
          try await Scenario.run(at: bouncer.url, client, off) { scenario in
            #expect(try await scenario.kedge("migrate").status == 0)
            for _ in 0..<2 { try scenario.worker(RegressionTests.everything) }
            try await scenario.goLive()
            try scenario.write("incoming/a.csv", Scenario.window(rows: 100, seed: 3, version: "toy/1"))
            try scenario.write("labels/a.csv", Scenario.labels(rows: 100, seed: 3))
            try await scenario.waitFor("its quality", sql: "select 1 from kedge.measurement where part = 'quality'")
            try await scenario.waitUntilSealed()
            try await scenario.verify()
            // Through the pooler, and by as few connections as it was given.
            #expect(
              try await scenario.count("select count(*) from pg_stat_activity where datname = 'kedge' and application_name <> 'test'")
                <= PgBouncer.serverConnections)
            #expect(!scenario.logs().contains("prepared statement"), "\(scenario.logs())")
          }
        }
      }
    }
  }
}
