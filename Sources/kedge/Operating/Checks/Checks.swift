internal import Foundation
internal import Migrations
internal import PostgreSQL
internal import Values

/// One thing that can be wrong with a database of Kedge.
struct Check: Sendable {
  let run: @Sendable (PostgresClient) async throws -> [Finding]

  init(_ run: @escaping @Sendable (PostgresClient) async throws -> [Finding]) { self.run = run }
}

enum Checks {
  static let all = [migrations, roles, log, partitions, sealing, followers, halted, work, workers, blocking, idleTransactions, clock]

  private static let migrations = Check { database in
    do {
      let steps = try await Migrator(database).migrate(dryRun: true)
      if steps.isEmpty { return [Finding(.ok, "migrations", "up to date")] }
      return [Finding(.failed, "migrations", "\(steps.count) are missing, the first is \(steps[0].path); run `kedge migrate`")]
    } catch let error as MigrationError {
      return [Finding(.failed, "migrations", "\(error)")]
    }
  }

  private static let roles = Check { database in
    let missing = try await database.query(
      "select r::text from unnest(array['kedge_app', 'kedge_auditor', 'kedge_server']) r where not exists (select from pg_roles where rolname = r)"
    ).map { try $0.decode(String.self, at: 0) }
    guard missing.isEmpty else { return [Finding(.failed, "roles", "\(missing.joined(separator: ", ")) are missing; run `kedge migrate`")] }
    let (role, isSuper) =
      try await database.query("select session_user::text, (select rolsuper from pg_roles where rolname = session_user)")
      .first?.decode(String.self, Bool.self) ?? ("", false)
    if isSuper {
      return [Finding(.ok, "roles", "all there; this is the superuser \(role), so names of people are only asserted")]
    }
    return [Finding(.ok, "roles", "all there; this is \(role)")]
  }

  private static let log = Check { database in
    let row = try await database.query("select count(*), coalesce(max(last_position), 0) from kedge.log_seal").first
    let (_, position) = try row?.decode(Int64.self, Int64.self) ?? (Int64(0), Int64(0))
    return [Finding(.ok, "log", "\(position) events sealed")]
  }

  private static let partitions = Check { database in
    let ahead = try await database.query("select kedge.partitions_ahead()::bigint").first?.decode(Int64.self, at: 0) ?? 0
    if ahead < 2 {
      return [Finding(.failed, "partitions", "\(ahead) lie ahead of the newest event, and two should; run a projector, or `select kedge.extend_log()`")]
    }
    return [Finding(.ok, "partitions", "\(ahead) ahead")]
  }

  private static let sealing = Check { database in
    let row = try await database.query(
      """
      select count(*), coalesce(extract(epoch from clock_timestamp() - min(e.recorded_at)), 0)::double precision
      from kedge.event e where e.number > (select coalesce(max(o.event), 0) - 100000 from kedge.log_order o)
        and not exists (select from kedge.log_order o where o.event = e.number)
      """
    ).first
    let (count, age) = try row?.decode(Int64.self, Double.self) ?? (Int64(0), 0.0)
    if count > 0, age > 10 {
      return [
        Finding(.failed, "sealing", "\(count) events have waited for up to \(Int(age)) s; is a projector running? `kedge worker --role projector` runs one")
      ]
    }
    return [Finding(.ok, "sealing", count == 0 ? "nothing waits" : "\(count) events wait, for \(Int(age * 1000)) ms")]
  }

  private static let followers = Check { database in
    let rows = try await database.query(
      """
      select f.name, (select coalesce(max(s.last_position), 0) from kedge.log_seal s) - f.position,
        extract(epoch from clock_timestamp() - f.updated_at)::double precision
      from kedge.follower f order by f.name
      """)
    if rows.isEmpty { return [Finding(.warning, "followers", "none has run yet; `kedge worker --role projector` runs them")] }
    let behind = try rows.compactMap { row -> String? in
      let (name, lag, age) = try row.decode(String.self, Int64.self, Double.self)
      return lag > 0 && age > 10 ? "\(name) by \(lag) events for \(Int(age)) s" : nil
    }
    if behind.isEmpty { return [Finding(.ok, "followers", "\(rows.count), none behind")] }
    return [Finding(.failed, "followers", "behind the log: \(behind.joined(separator: ", ")); is a projector running, and does it log errors?")]
  }

  private static let halted = Check { database in
    try await database.query("select follower, stream::text, position, error from kedge.halted_stream order by position limit 10").map { row in
      let (follower, stream, position, error) = try row.decode(String.self, String.self, Int64.self, String.self)
      return Finding(.failed, "halted stream", "\(follower) cannot digest position \(position) of \(stream): \(error); run a version of Kedge that can")
    }
  }

  private static let work = Check { database in
    let rows = try await database.query(
      """
      select w.kind, count(*), max(extract(epoch from clock_timestamp() - l.available_at))::double precision
      from kedge.work w join kedge.lease l on l.work = w.id
      where not l.done and not l.waiting and not l.gone and l.available_at < clock_timestamp() - interval '60 seconds'
      group by w.kind order by w.kind
      """)
    if rows.isEmpty { return [Finding(.ok, "work", "nothing has waited for more than a minute")] }
    return try rows.map { row in
      let (kind, count, age) = try row.decode(String.self, Int64.self, Double.self)
      return Finding(
        .warning, "work", "\(count) to \(kind) ready for up to \(Int(age)) s and not claimed; run a worker whose role does it, or give it more slots")
    }
  }

  private static let workers = Check { database in
    let rows = try await database.query("select role from kedge.worker where seen_at > clock_timestamp() - interval '20 seconds'")
    let roles = try Set(rows.flatMap { try $0.decode(String.self, at: 0).split(separator: ",").map(String.init) })
    let wanted = ["projector", "measurer", "scheduler", "trainer", "deployer", "notifier"]
    let missing = wanted.filter { !roles.contains($0) }
    if missing.isEmpty { return [Finding(.ok, "workers", "\(rows.count) processes, every role is there")] }
    return [Finding(.warning, "workers", "nobody is \(missing.joined(separator: ", ")); `kedge worker --role …` or `kedge up` runs them")]
  }

  private static let blocking = Check { database in
    try await database.query(
      """
      select b.pid::bigint, coalesce(b.application_name, ''), b.state, extract(epoch from clock_timestamp() - b.xact_start)::double precision, count(*)
      from pg_stat_activity a cross join lateral unnest(pg_blocking_pids(a.pid)) p (pid) join pg_stat_activity b on b.pid = p.pid
      where a.datname = current_database() and a.wait_event_type = 'Lock' and a.query_start < clock_timestamp() - interval '5 seconds'
      group by 1, 2, 3, 4 limit 10
      """
    ).map { row in
      let (pid, name, state, age, count) = try row.decode(Int64.self, String.self, String?.self, Double?.self, Int64.self)
      return Finding(
        .failed, "blocking",
        "backend \(pid) (\(name), \(state ?? "?")) has blocked \(count) others for \(Int(age ?? 0)) s; end it with `select pg_terminate_backend(\(pid))` if it is stuck"
      )
    }
  }

  private static let idleTransactions = Check { database in
    let rows = try await database.query(
      """
      select pid::bigint, coalesce(application_name, ''), extract(epoch from clock_timestamp() - xact_start)::double precision
      from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'
        and xact_start < clock_timestamp() - interval '60 seconds' order by xact_start limit 10
      """)
    return try rows.map { row in
      let (pid, name, age) = try row.decode(Int64.self, String.self, Double.self)
      return Finding(.warning, "open transaction", "backend \(pid) (\(name)) has been idle in a transaction for \(Int(age)) s; it keeps old rows alive")
    }
  }

  private static let clock = Check { database in
    let before = Timestamp.now()
    let server = try await database.query("select clock_timestamp()").first?.decode(Timestamp.self, at: 0) ?? before
    let after = Timestamp.now()
    // What the round trip cannot explain.
    let skew = server < before ? before - server : server > after ? server - after : .zero
    let milliseconds = skew.microseconds / 1000
    if milliseconds > 1000 { return [Finding(.warning, "clock", "differs from the database's by \(milliseconds) ms; synchronise both, for leases are short")] }
    return [Finding(.ok, "clock", "agrees with the database's within \(max(1, milliseconds)) ms")]
  }
}
