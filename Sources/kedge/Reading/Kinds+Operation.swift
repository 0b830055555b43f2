extension Kind {
  /// Channels and messages, work and who does it.
  static let operation: [Kind] = [
    Kind(
      "channels", "channel", key: "name", order: "name",
      [
        TableColumn("NAME", "name"), TableColumn("SENT", "sent"), TableColumn("WAITING", "waiting"), TableColumn("ABANDONED", "abandoned"),
        TableColumn("LAST SENT", "last_sent_at"),
      ],
      relations: [Relation("Messages", "messages", by: "channel")],
      sql: """
        select c.name, c.specification,
          (select count(*) from kedge.message m where m.channel = c.name and m.status = 'sent') as sent,
          (select count(*) from kedge.message m where m.channel = c.name and m.status not in ('sent', 'abandoned', 'folded')) as waiting,
          (select count(*) from kedge.message m where m.channel = c.name and m.status = 'abandoned') as abandoned,
          (select max(m.sent_at) from kedge.message m where m.channel = c.name) as last_sent_at,
          c.defined_at, c.position
        from kedge.channel c
        """),
    Kind(
      "messages", "message", key: "id", identifier: true, groups: ["channel", "alert", "status"], order: "position",
      [
        TableColumn("CHANNEL", "channel"), TableColumn("STATUS", "status"), TableColumn("TITLE", "title"), TableColumn("ATTEMPTS", "attempts"),
        TableColumn("SENT", "sent_at"), TableColumn("FAILURE", "failure"),
      ],
      sql: """
        select m.id, m.channel, m.alert, m.state, m.severity, m.title, m.text, m.status, m.attempts, m.failure, m.receipt, m.requested_at, m.sent_at,
          m.position
        from kedge.message m
        """),
    Kind(
      "work", "work", key: "id", identifier: true, groups: ["kind", "stream"], order: "due_at, position",
      [
        TableColumn("ID", "id", wide: true), TableColumn("KIND", "kind"), TableColumn("SUBJECT", "subject"), TableColumn("DUE", "due_at"),
        TableColumn("STATE", "state"),
        TableColumn("WORKER", "worker"), TableColumn("UNTIL", "lease_until_at", wide: true), TableColumn("POOL", "pool", wide: true),
      ],
      // Who had claimed it lies beside the log.
      past: .part(
        sql: """
          select w.id, w.kind, w.stream, w.subject, w.data, w.exclusive, w.pool,
            case when exists (select from kedge.work o where o.exclusive = w.exclusive and (o.sequence, o.id) < (w.sequence, w.id)) then 'waiting'
              when w.due_at > clock_timestamp() then 'not due' else 'ready' end as state,
            null::text as worker, null::timestamptz as lease_until_at, null::timestamptz as claimed_at, null::bigint as token, w.due_at,
            w.created_at, w.position
          from kedge.work w
          """),
      sql: """
        select w.id, w.kind, w.stream, w.subject, w.data, w.exclusive, w.pool,
          case when l.done then 'done' when l.holder is not null and l.expires_at > clock_timestamp() then 'claimed' when l.waiting then 'waiting'
            when l.available_at > clock_timestamp() then 'not due' else 'ready' end as state,
          case when l.expires_at > clock_timestamp() then l.holder end as worker, l.expires_at as lease_until_at, l.claimed_at, l.token, w.due_at,
          w.created_at, w.position
        from kedge.work w left join kedge.lease l on l.work = w.id
        """),
    Kind(
      "workers", "worker", key: "id", identifier: true, groups: ["host"], order: "host, pid",
      [
        TableColumn("HOST", "host"), TableColumn("PID", "pid"), TableColumn("ROLES", "roles"), TableColumn("WORK", "work"),
        TableColumn("STARTED", "started_at"), TableColumn("SEEN", "seen_at"), TableColumn("ALIVE", "alive"), TableColumn("ID", "id", wide: true),
      ],
      past: .none,
      sql: """
        select w.id, w.host, w.pid, string_to_array(w.role, ',') as roles, w.host || ':' || w.pid as name,
          (select count(*) from kedge.lease l where l.holder = w.host || ':' || w.pid and not l.done and l.expires_at > clock_timestamp()) as work,
          w.seen_at > clock_timestamp() - interval '20 seconds' as alive, w.started_at, w.seen_at
        from kedge.worker w
        """),
    Kind(
      "projections", "projection", key: "name", order: "name",
      [
        TableColumn("NAME", "name"), TableColumn("POSITION", "position"), TableColumn("LAG", "lag"), TableColumn("HALTED", "halted"),
        TableColumn("FIRST HALTED", "first_halted.stream"), TableColumn("AT", "first_halted.position"), TableColumn("ERROR", "first_halted.error"),
        TableColumn("STOPPED", "stopped"), TableColumn("HOLDER", "holder", wide: true), TableColumn("UPDATED", "updated_at", wide: true),
      ],
      past: .none,
      sql: """
        select f.name, f.position, (select coalesce(max(s.last_position), 0) from kedge.log_seal s) - f.position as lag, f.stopped,
          jsonb_array_length(h.streams) as halted, h.streams -> 0 as first_halted, h.streams as halted_streams,
          case when f.expires_at > clock_timestamp() then f.holder end as holder, f.updated_at
        from kedge.follower f cross join lateral (
          select coalesce(jsonb_agg(jsonb_build_object('stream', h.stream, 'position', h.position, 'event', h.event, 'error', h.error, 'parked', h.parked,
            'halted_at', \(utc("h.halted_at"))) order by h.position), '[]') as streams
          from kedge.halted_stream h where h.follower = f.name) h
        """),
  ]
}
