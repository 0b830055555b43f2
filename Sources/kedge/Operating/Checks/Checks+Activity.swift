internal import PostgreSQL

/// Who stands in the way of whom.
extension Checks {
  static let blocking = Check(
    "blocking",
    query: { database in
      let rows = try await database.query(
        """
        select b.pid, count(distinct a.pid), max(extract(epoch from clock_timestamp() - a.query_start))::double precision,
          (array_agg(left(regexp_replace(a.query, '\\s+', ' ', 'g'), 80) order by a.query_start))[1]
        from pg_stat_activity a cross join lateral unnest(pg_blocking_pids(a.pid)) b (pid)
        where a.datname = current_database() and a.wait_event_type = 'Lock' and a.query_start < clock_timestamp() - interval '5 seconds'
          -- The head of the queue: whoever waits as well is no cause.
          and cardinality(pg_blocking_pids(b.pid)) = 0
        group by b.pid order by 2 desc limit 10
        """, as: Int32.self, Int64.self, Double.self, String.self)
      var findings: [Finding] = []
      for (pid, count, age, waiting) in rows {
        let blocked = "blocks \(count) for up to \(Int(age)) s (`\(waiting)`)"
        // A transaction that was prepared holds its locks without a process.
        guard pid != 0 else {
          findings.append(Finding(.failed, "blocking", "a prepared transaction \(blocked); see prepared transactions"))
          continue
        }
        guard let backend = try await Checks.backend(pid, database) else { continue }
        findings.append(
          Finding(.failed, "blocking", "\(backend) \(blocked); end it with `select pg_terminate_backend(\(pid))` if it is stuck"))
      }
      return findings.isEmpty ? [Finding(.ok, "blocking", "nobody waits for a lock")] : findings
    })

  static let locks = Check(
    "locks",
    query: { database in
      let rows = try await database.query(
        """
        select l.pid, string_agg(distinct l.relation::regclass || ' (' || l.mode || ')', ', ')
        from pg_locks l join pg_class c on c.oid = l.relation join pg_stat_activity a on a.pid = l.pid
        where l.database = (select oid from pg_database where datname = current_database()) and l.granted and c.relnamespace = 'kedge'::regnamespace
          and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
          and a.xact_start < clock_timestamp() - interval '5 seconds'
        group by l.pid order by l.pid limit 10
        """, as: Int32.self, String.self)
      var findings: [Finding] = []
      for (pid, tables) in rows {
        guard let backend = try await Checks.backend(pid, database) else { continue }
        findings.append(
          Finding(
            .failed, "locks", "\(backend) has locked \(tables), so that others cannot write; end it with `select pg_terminate_backend(\(pid))` if it is stuck"))
      }
      return findings
    })

  static let openTransactions = Check(
    "open transaction",
    query: { database in
      let pids = try await database.query(
        """
        select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and (state like 'idle in transaction%' and state_change < clock_timestamp() - interval '60 seconds'
            or backend_type = 'client backend' and xact_start < clock_timestamp() - interval '1 hour')
        order by xact_start limit 10
        """, as: Int32.self)
      var findings: [Finding] = []
      for pid in pids {
        guard let backend = try await Checks.backend(pid, database) else { continue }
        findings.append(
          Finding(
            .warning, "open transaction",
            "\(backend) keeps old rows and its locks; commit it, or end it with `select pg_terminate_backend(\(pid))`"))
      }
      return findings
    })

  static let preparedTransactions = Check(
    "prepared transactions",
    query: { database in
      try await database.query(
        """
        select gid, database::text, owner::text, extract(epoch from clock_timestamp() - prepared)::double precision, database = current_database()
        from pg_prepared_xacts where prepared < clock_timestamp() - interval '60 seconds' order by prepared limit 10
        """, as: String.self, String.self, String.self, Double.self, Bool.self
      ).map { gid, name, owner, age, isHere in
        Finding(
          isHere ? .failed : .warning, "prepared transactions",
          "'\(gid)' of \(owner) in database \(name) was prepared \(Int(age)) s ago and holds its locks until somebody ends it: "
            + "`COMMIT PREPARED '\(gid)'` or `ROLLBACK PREPARED '\(gid)'` in that database, if its coordinator is gone")
      }
    })

  /// A process as people must know it to find who it is: number, database, program, how long, and what it runs or ran last.
  private static func backend(_ pid: Int32, _ database: Transaction) async throws -> String? {
    let row = try await database.query(
      """
      select coalesce(datname::text, '?'), coalesce(usename::text, '?'), coalesce(nullif(application_name, ''), 'no name'),
        coalesce(host(client_addr), 'local'), coalesce(state, '?'), coalesce(extract(epoch from clock_timestamp() - xact_start), 0)::double precision,
        coalesce(nullif(left(regexp_replace(query, '\\s+', ' ', 'g'), 120), ''), 'not shown to this role')
      from pg_stat_activity where pid = \(pid)
      """, as: String.self, String.self, String.self, String.self, String.self, Double.self, String.self
    ).first
    guard let (name, user, program, host, state, age, query) = row else { return nil }
    return "backend \(pid) of \(user) in database \(name) (\(program), \(host)), \(state), in a transaction for \(Int(age)) s, last `\(query)`,"
  }
}
