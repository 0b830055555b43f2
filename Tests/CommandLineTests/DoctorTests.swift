import Embedded
import EventLog
import Foundation
import Logging
import PostgreSQL
import Projections
import TestSupport
import Testing
import Values

/// Every kind of trouble, made for real, and what doctor says of it.
@Suite struct DoctorTests {
  @Test func `who blocks is named with number, database and query`() async throws {
    try await withPatient { world, doctor in
      let blocker = world.database.makeClient(options: idle)
      let blocked = try await blocker.withTransaction(retries: 0) { transaction in
        let pid = try await transaction.query("select pg_backend_pid() from kedge.stream where name = 'model/breast-cancer' for update", as: Int32.self)[0]
        let blocked = Task { try await note(on: "model/breast-cancer", world) }
        let line = try await doctor.untilItSays("failed", "blocking") { $0.contains("blocks 1") }
        for part in [
          "backend \(pid) of kedge_owner in database \(world.database.name) (kedge, local), idle in transaction",
          "last `select pg_backend_pid() from kedge.stream",
          "kedge.append(", "end it with `select pg_terminate_backend(\(pid))`",
        ] { #expect(line.contains(part), "\(part) in \(line)") }
        let status = try await doctor.run().status
        #expect(status == 3)
        return blocked
      }
      try await blocked.value
      #expect(try await doctor.level("blocking") == "ok")
    }
  }

  @Test func `a locked table is named, and does not keep doctor waiting`() async throws {
    try await withPatient { world, doctor in
      let blocker = world.database.makeClient(options: idle)
      try await blocker.withTransaction(retries: 0) { transaction in
        try await transaction.query("lock table kedge.event in access exclusive mode")
        let answer = try await doctor.run()
        #expect(answer.status == 3)
        let line = try #require(doctor.message("failed", "locks", answer))
        #expect(
          line.contains("has locked kedge.event (AccessExclusiveLock)") && line.contains("last `lock table kedge.event in access exclusive mode`"), "\(line)")
        #expect(doctor.message("failed", "sealing", answer) == "it waits for a lock that somebody else holds; see blocking")
      }
      #expect(doctor.message("failed", "locks", try await doctor.run()) == nil)
    }
  }

  @Test func `a transaction that was left open, and one that was left prepared`() async throws {
    try await withPatient { world, doctor in
      let gid = world.database.name
      try await world.database.client.execute(
        unsafeScript: """
          BEGIN; SELECT kedge.append('note/a', -1, '[{"type": "note_added"}]'); PREPARE TRANSACTION '\(gid)'
          """, name: "prepare")
      let blocked = Task { try await note(on: "note/a", world) }
      let blocker = world.database.makeClient(options: idle)
      try await blocker.withTransaction(retries: 0) { transaction in
        try await transaction.query("select 'left open'")
        let line = try await doctor.untilItSays("warning", "open transaction") { $0.contains("last `select 'left open'`") }
        #expect(line.contains("idle in transaction"), "\(line)")
      }
      let prepared = try await doctor.untilItSays("failed", "prepared transactions") { _ in true }
      #expect(prepared.contains("'\(gid)' of kedge_owner in database \(gid) was prepared") && prepared.contains("`ROLLBACK PREPARED '\(gid)'`"), "\(prepared)")
      let blocking = try await doctor.untilItSays("failed", "blocking") { $0.hasPrefix("a prepared transaction blocks 1") }
      #expect(blocking.contains("kedge.append("))
      #expect(try await doctor.run().status == 3)
      try await world.database.client.query("rollback prepared '\(unsafeSQL: gid)'")
      _ = try await blocked.value
      #expect(doctor.message("failed", "prepared transactions", try await doctor.run()) == nil)
    }
  }

  @Test func `events that nobody seals, and followers that lag`() async throws {
    try await withPatient { world, doctor in
      try await world.project()
      #expect(try await doctor.level("sealing") == "ok")
      #expect(try await doctor.level("followers") == "ok")
      try await world.version(1)
      let unsealed = try await doctor.run()
      #expect(unsealed.status == 3)
      #expect(doctor.message("failed", "sealing", unsealed)?.hasPrefix("6 events have waited for up to 36") == true)
      try await Sealer.seal(world.database.client)
      let behind = try await doctor.run()
      #expect(behind.status == 3)
      #expect(doctor.message("failed", "followers", behind)?.contains("registry by 6 events for 36") == true)
    }
  }

  @Test func `work that nobody claims, and a lease whose worker is gone`() async throws {
    try await withPatient { world, doctor in
      let client = world.database.client
      try await client.query(
        """
        insert into kedge.work (id, kind, stream, subject, sequence, position, created_at) values (gen_random_uuid(), 'measure', 'x/y', 'a window', 1, 1, now())
        """)
      let waiting = try await doctor.run()
      #expect(doctor.message("warning", "work", waiting)?.hasPrefix("1 to measure ready for up to 36") == true)
      #expect(doctor.message("ok", "leases", waiting) == "nobody is at work")
      try await client.query("select * from kedge.claim('{measure}', 'host:1', '2 hours')")
      let live = try await doctor.run()
      #expect(doctor.message("ok", "leases", live)?.hasPrefix("the oldest is of host:1, to measure a window, for 36") == true)
      try await client.query("select kedge.release(work, token) from kedge.lease")
      try await client.query("select * from kedge.claim('{measure}', 'host:1', '1 second')")
      let gone = try await doctor.run()
      #expect(doctor.message("warning", "leases", gone)?.contains("ago: its worker is gone and none took over") == true)
    }
  }

  @Test func `a clock that differs, settings that do harm`() async throws {
    try await withPatient { world, doctor in
      let answer = try await doctor.run()
      #expect(doctor.message("warning", "clock", answer)?.contains("ms ahead of this machine's; synchronise both") == true)
      #expect(doctor.messages("warning", "settings", answer).contains { $0.hasPrefix("idle_in_transaction_session_timeout is 0") })
      let name = world.database.name
      try await world.database.client.query("alter database \(unsafeSQL: name) set idle_in_transaction_session_timeout = '10min'")
      try await world.database.client.query("alter database \(unsafeSQL: name) set synchronous_commit = off")
      let other = try await doctor.run()
      #expect(!doctor.messages("warning", "settings", other).contains { $0.hasPrefix("idle_in_transaction_session_timeout") })
      #expect(doctor.messages("warning", "settings", other).contains { $0.hasPrefix("synchronous_commit is off") })
      // As it is without the trick with the time.
      #expect(try await Doctor(world.program).level("clock") == "ok")
    }
  }

  @Test func `settings of the server that do harm`() async throws {
    let directory = "/tmp/kedge-doctor-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await withCluster(directory, ["wal_level": "minimal", "max_wal_senders": "0", "max_prepared_transactions": "7", "fsync": "off"]) { url in
      let program = Program(database: url)
      #expect(try await program.run("migrate", "--quiet").status == 0)
      let doctor = Doctor(program)
      let answer = try await doctor.run()
      #expect(answer.status == 0, "\(answer.output)")
      let said = doctor.messages("warning", "settings", answer)
      for beginning in ["fsync or full_page_writes is off", "wal_level is minimal", "max_prepared_transactions is 7"] {
        #expect(said.contains { $0.hasPrefix(beginning) }, "\(beginning)")
      }
    }
    try await withCluster(directory, [:]) { url in
      let answer = try await Doctor(Program(database: url)).run()
      #expect(Doctor(Program()).message("ok", "settings", answer) == "nothing that does harm", "\(answer.output)")
    }
  }

  @Test func `missing roles and grants, and what doctor says mends them`() async throws {
    try await withPatient { world, doctor in
      #expect(try await doctor.level("grants") == "ok")
      let client = world.database.client
      try await client.execute(
        unsafeScript: """
          REVOKE EXECUTE ON FUNCTION kedge.seal() FROM kedge_app; GRANT UPDATE ON kedge.log_order TO kedge_app; REVOKE SELECT ON audit.event FROM kedge_auditor
          """, name: "wrong grants")
      let wrong = try await doctor.run()
      #expect(wrong.status == 3)
      let line = try #require(doctor.message("failed", "grants", wrong))
      for part in ["kedge_app may not execute kedge.seal()", "kedge_app may change kedge.log_order", "kedge_auditor may not read audit.event"] {
        #expect(line.contains(part), "\(part)")
      }
      try await client.query("delete from kedge.migration where path = 'roles/grants.sql'")
      #expect(try await world.program.run("migrate").status == 0)
      #expect(try await doctor.level("grants") == "ok")
      // Who belongs to none of them.
      let stranger = try await world.database.makeClient(memberOf: "pg_monitor")
      let login = try await stranger.query("select session_user::text", as: String.self)[0]
      let answer = try await Doctor(Program(database: try world.database.url(as: login))).run()
      #expect(doctor.message("warning", "roles", answer)?.hasPrefix("\(login) belongs neither to kedge_app nor to kedge_auditor") == true)
      #expect(doctor.message("warning", "rights", answer)?.contains("connect as one of kedge_app") == true)
    }
  }

  @Test func `a log that can be changed, and one that will soon have no room`() async throws {
    try await withPatient { world, doctor in
      #expect(try await doctor.level("guards") == "ok")
      try await world.database.client.query("alter table kedge.event_0 disable trigger refuse_change")
      let open = try await doctor.run()
      #expect(open.status == 3)
      #expect(doctor.message("failed", "guards", open)?.hasPrefix("kedge.event_0 can be changed") == true)
      try await world.database.client.query("alter table kedge.event_0 enable always trigger refuse_change")
      try await world.database.client.query("select setval('kedge.event_number', 10000001)")
      let full = try await doctor.run()
      #expect(full.status == 3)
      #expect(doctor.message("failed", "partitions", full)?.hasPrefix("1 lie ahead of the newest event, and two should") == true)
      try await world.database.client.query("select kedge.extend_log()")
      #expect(try await doctor.level("partitions") == "ok")
      #expect(try await doctor.level("guards") == "ok")
    }
  }

  @Test func `PgBouncer in front`() async throws {
    try await World.with { world in
      #expect(try await Doctor(world.program).level("pooler") == "ok")
      try await withBouncer(before: world.database) { url in
        let doctor = Doctor(Program(database: url))
        let answer = try await doctor.run()
        #expect(
          doctor.message("warning", "pooler", answer)?.hasPrefix("PgBouncer or another is in front: set KEDGE_PREPARED_STATEMENTS=off") == true,
          "\(answer.output)")
        #expect(doctor.message("ok", "migrations", answer) == "up to date")
        let off = Doctor(Program(database: url, environment: ["KEDGE_PREPARED_STATEMENTS": "off"]))
        #expect(try await off.level("pooler") == "ok")
      }
    }
  }

  @Test func `a database that is not there, or not Kedge's`() async throws {
    let doctor = Doctor(Program(database: "postgresql:///x?host=/nonexistent"))
    let away = try await doctor.run()
    #expect(away.status == 3)
    #expect(doctor.message("failed", "database", away)?.hasPrefix("the database cannot be reached") == true)
    try await withTestDatabase(.empty) { database in
      let empty = Doctor(Program(database: database.url))
      let answer = try await empty.run()
      #expect(answer.status == 3)
      #expect(empty.message("failed", "migrations", answer)?.contains("run `kedge migrate`") == true)
      #expect(empty.message("failed", "log", answer)?.contains("run `kedge migrate`") == true)
    }
  }
}

private func note(on stream: String, _ world: World) async throws {
  try await EventStore(world.database.client).append([NewEvent(type: "note_added")], to: StreamName(stream), by: Attribution(actor: "test"))
}

/// Sessions that are left alone.
private let idle = {
  var options = PostgresOptions()
  options.idleInTransactionTimeout = nil
  return options
}()

/// Doctor, and how to read what it says.
private struct Doctor {
  let program: Program

  init(_ program: Program) { self.program = program }

  func run() async throws -> Program.Answer { try await program.run("doctor", "-o", "json") }

  func messages(_ level: String, _ subject: String, _ answer: Program.Answer) -> [String] {
    ((try? answer.json.items) ?? []).filter { $0["level"]?.string == level && $0["subject"]?.string == subject }.compactMap { $0["message"]?.string }
  }

  func message(_ level: String, _ subject: String, _ answer: Program.Answer) -> String? { messages(level, subject, answer).first }

  func level(_ subject: String) async throws -> String? {
    try await run().json.items.first { $0["subject"]?.string == subject }?["level"]?.string
  }

  /// Asks until the trouble is there.
  func untilItSays(_ level: String, _ subject: String, _ isIt: (String) -> Bool) async throws -> String {
    var last: Program.Answer?
    var found: String?
    _ = try await eventually(within: .seconds(60)) {
      last = try await run()
      found = messages(level, subject, try #require(last)).first(where: isIt)
      return found != nil
    }
    return try #require(found, "\(last?.output ?? "")")
  }
}

/// Runs `body` with a world and a doctor for whom it is an hour later: what has just begun has lasted long.
private func withPatient(_ body: (World, Doctor) async throws -> Void) async throws {
  try await World.with { world in
    try await world.database.client.execute(
      unsafeScript: """
        CREATE SCHEMA later;
        CREATE FUNCTION later.clock_timestamp() RETURNS timestamptz LANGUAGE sql RETURN pg_catalog.clock_timestamp() + interval '1 hour';
        GRANT USAGE ON SCHEMA later TO public;
        """, name: "later")
    try await body(world, Doctor(Program(database: world.database.url + "&options=-c%20search_path%3Dlater,pg_catalog")))
  }
}

private func withCluster(_ directory: String, _ settings: [String: String], _ body: (String) async throws -> Void) async throws {
  var options = EmbeddedOptions()
  options.settings = settings
  let cluster = try await EmbeddedCluster.start(directory: directory, options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  do {
    try await body(cluster.url)
    await cluster.stop()
  } catch {
    await cluster.stop()
    throw error
  }
}

/// Runs `body` with the URL of a PgBouncer in transaction mode before the server of a database.
private func withBouncer(before database: TestDatabase, _ body: (String) async throws -> Void) async throws {
  let directory = "/tmp/kedge-bouncer-\(UUID().uuidString.prefix(8))"
  try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
  defer { try? FileManager.default.removeItem(atPath: directory) }
  let (host, port) = try await database.client.query(
    "select split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')", as: String.self, String.self)[0]
  try """
  [databases]
  * = host=\(host) port=\(port) user=kedge_owner
  [pgbouncer]
  listen_port = 6432
  unix_socket_dir = \(directory)
  auth_type = any
  pool_mode = transaction
  ignore_startup_parameters = extra_float_digits,options
  """.write(toFile: directory + "/ini", atomically: true, encoding: .utf8)
  let bouncer = Process()
  bouncer.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  let asUser = geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
  bouncer.arguments = asUser + ["/usr/sbin/pgbouncer", "--quiet", directory + "/ini"]
  bouncer.standardError = FileHandle.nullDevice
  bouncer.standardOutput = FileHandle.nullDevice
  try bouncer.run()
  func stop() async throws {
    // It holds nothing that is worth a clean end.
    kill(bouncer.processIdentifier, SIGKILL)
    #expect(try await eventually(within: .seconds(60)) { !bouncer.isRunning })
  }
  do {
    #expect(try await eventually(within: .seconds(60)) { FileManager.default.fileExists(atPath: directory + "/.s.PGSQL.6432") })
    try await body("postgresql:///\(database.name)?host=\(directory)&port=6432&user=kedge_owner")
    try await stop()
  } catch {
    try await stop()
    throw error
  }
}
