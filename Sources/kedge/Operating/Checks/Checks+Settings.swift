internal import PostgreSQL

/// How the server and its roles are set up.
extension Checks {
  static let roles = Check(
    "roles",
    query: { database in
      let missing = try await database.query(
        "select r::text from unnest(array['kedge_app', 'kedge_auditor', 'kedge_server']) r where not exists (select from pg_roles where rolname = r)",
        as: String.self)
      guard missing.isEmpty else { return [Finding(.failed, "roles", "\(missing.joined(separator: ", ")) are missing; run `kedge migrate`")] }
      let (role, isSuper, isMember) =
        try await database.query(
          """
          select session_user::text, (select rolsuper from pg_roles where rolname = session_user),
            pg_has_role(session_user, 'kedge_app', 'MEMBER') or pg_has_role(session_user, 'kedge_auditor', 'MEMBER')
          """
        ).first?.decode(String.self, Bool.self, Bool.self) ?? ("", false, false)
      if isSuper { return [Finding(.ok, "roles", "all there; this is the superuser \(role), so names of people are only asserted")] }
      if !isMember {
        return [Finding(.warning, "roles", "\(role) belongs neither to kedge_app nor to kedge_auditor; `GRANT kedge_app TO \(role)` as the owner")]
      }
      return [Finding(.ok, "roles", "all there; this is \(role)")]
    })

  static let grants = Check(
    "grants",
    query: { database in
      let wrong = try await database.query(
        """
        select 'kedge_app may not execute ' || p.oid::regprocedure from pg_proc p
        where p.pronamespace = 'kedge'::regnamespace and p.proname in ('append', 'seal', 'claim', 'heartbeat', 'release', 'take_duty', 'leave_duty', 'extend_log')
          and not has_function_privilege('kedge_app', p.oid, 'EXECUTE')
        union all select 'kedge_app may not read ' || c.oid::regclass from pg_class c
        where c.relnamespace in ('kedge'::regnamespace, 'audit'::regnamespace) and c.relkind in ('r', 'p', 'v')
          -- Partitions are read through their parent.
          and not c.relispartition and c.relname <> 'api_token' and not has_table_privilege('kedge_app', c.oid, 'SELECT')
        union all select 'kedge_auditor may not read ' || c.oid::regclass from pg_class c
        where c.relnamespace = 'audit'::regnamespace and c.relkind in ('v', 'r') and not has_table_privilege('kedge_auditor', c.oid, 'SELECT')
        union all select 'kedge_auditor may not execute ' || p.oid::regprocedure from pg_proc p
        where p.pronamespace = 'audit'::regnamespace and not has_function_privilege('kedge_auditor', p.oid, 'EXECUTE')
        union all select r || ' may change ' || c.oid::regclass || ', which only functions may'
        from unnest(array['kedge_app', 'kedge_auditor', 'kedge_server', 'public']) r cross join pg_class c
        where c.relnamespace = 'kedge'::regnamespace and c.relkind in ('r', 'p')
          and (c.relname in ('event', 'stream', 'idempotency_key', 'log_lock', 'log_epoch', 'log_seal', 'log_order', 'lease', 'migration')
            or c.oid in (select inhrelid from pg_inherits where inhparent = 'kedge.event'::regclass))
          and has_table_privilege(r, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
        order by 1
        """, as: String.self)
      if wrong.isEmpty { return [Finding(.ok, "grants", "roles may do what they need and no more")] }
      let more = wrong.count > 3 ? " and \(wrong.count - 3) more" : ""
      return [
        Finding(
          .failed, "grants",
          "\(wrong.prefix(3).joined(separator: "; "))\(more); "
            + "`delete from kedge.migration where path = 'roles/grants.sql'` as the owner, then `kedge migrate` grants anew")
      ]
    })

  static let guards = Check(
    "guards",
    query: { database in
      let open = try await database.query(
        """
        select c.oid::regclass::text from pg_class c
        where (c.relnamespace = 'kedge'::regnamespace and c.relname in ('event', 'idempotency_key', 'log_lock', 'log_epoch', 'log_seal', 'log_order')
            or c.oid in (select inhrelid from pg_inherits where inhparent = 'kedge.event'::regclass))
          and (select count(*) from pg_trigger t where t.tgrelid = c.oid and t.tgname in ('refuse_change', 'refuse_change_of_row') and t.tgenabled = 'A') < 2
        order by 1
        """, as: String.self)
      if open.isEmpty { return [Finding(.ok, "guards", "every table of the log refuses changes")] }
      return [
        Finding(
          .failed, "guards",
          "\(open.joined(separator: ", ")) can be changed, because a trigger was dropped or disabled; "
            + "`ALTER TABLE … ENABLE ALWAYS TRIGGER refuse_change` and refuse_change_of_row, then `kedge audit verify --against` a head that was kept elsewhere"
        )
      ]
    })

  static let settings = Check(
    "settings",
    query: { database in
      let values = Dictionary(
        try await database.query(
          """
          select name, reset_val from pg_settings
          where name in ('max_prepared_transactions', 'wal_level', 'idle_in_transaction_session_timeout', 'fsync', 'full_page_writes', 'synchronous_commit')
          """, as: String.self, String.self)
      ) { $1 }
      let wrong: [(isSo: Bool, message: String)] = [
        (
          values["fsync"] == "off" || values["full_page_writes"] == "off",
          "fsync or full_page_writes is off: when the machine crashes the log is lost; `ALTER SYSTEM SET` both to on"
        ),
        (
          values["synchronous_commit"] == "off",
          "synchronous_commit is off: a crash of the server takes back what was acknowledged; `ALTER DATABASE … SET synchronous_commit = on`"
        ),
        (
          values["wal_level"] == "minimal",
          "wal_level is minimal: no standby and no backup of the log's last minutes is possible; `ALTER SYSTEM SET wal_level = replica` and restart"
        ),
        (
          values["max_prepared_transactions"].flatMap { Int($0) } ?? 0 > 0,
          "max_prepared_transactions is \(values["max_prepared_transactions"] ?? ""): Kedge prepares none, and one that is left behind blocks its streams for good; "
            + "set it to 0 and restart, unless something else needs it"
        ),
        (
          values["idle_in_transaction_session_timeout"] == "0",
          "idle_in_transaction_session_timeout is 0: a psql that was left in a transaction holds its locks for ever (Kedge sets its own); "
            + "`ALTER DATABASE … SET idle_in_transaction_session_timeout = '10min'`"
        ),
      ]
      let findings = wrong.filter(\.isSo).map { Finding(.warning, "settings", $0.message) }
      return findings.isEmpty ? [Finding(.ok, "settings", "nothing that does harm")] : findings
    })
}
