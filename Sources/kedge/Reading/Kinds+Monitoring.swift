extension Kind {
  /// Monitors, what they measured, and the alerts that came of it.
  static let monitoring: [Kind] = [
    Kind(
      "monitors", "monitor", key: "name", groups: ["model"], order: "name",
      [
        TableColumn("NAME", "name"), TableColumn("MODEL", "model"), TableColumn("WINDOWS", "windows"), TableColumn("LAST WINDOW", "last_window.end_at"),
        TableColumn("DRIFT", "last_window.drift.detected"), TableColumn("SHARE", "last_window.drift.share"),
        TableColumn("BASELINE", "baseline.path", wide: true), TableColumn("ROWS", "baseline.rows", wide: true),
      ],
      relations: [
        Relation("Rules", "rules", by: "monitor"), Relation("Alerts", "alerts", by: "monitor", limit: 5),
        Relation("Measurements", "measurements", by: "monitor"),
      ],
      sql: """
        select m.name, m.model, m.specification, m.baseline,
          (select count(*) from kedge.monitor_window w where w.monitor = m.name) as windows,
          (select jsonb_build_object('end_at', \(utc("x.end_at")), 'drift', x.drift, 'rows', x.rows) from kedge.measurement x
            where x.monitor = m.name and x.part = 'input' order by x.end_at desc, x.position desc limit 1) as last_window,
          m.defined_at, m.position
        from kedge.monitor m
        """),
    Kind(
      "measurements", "measurement", key: "id", identifier: true, groups: ["monitor"], order: "position",
      [
        TableColumn("ID", "id", wide: true), TableColumn("MONITOR", "monitor"), TableColumn("WINDOW END", "window.end_at"), TableColumn("PART", "part"),
        TableColumn("ROWS", "rows"), TableColumn("DRIFT", "drift.detected"), TableColumn("SHARE", "drift.share"),
        TableColumn("ACCURACY", "metrics.accuracy"), TableColumn("ESTIMATED", "metrics.estimated_accuracy"), TableColumn("KINDS", "drift_kinds"),
        TableColumn("DRIFTED", "drift.drifted_columns"), TableColumn("VERDICT", "model_drift.accuracy_against_uncertainty.verdict", wide: true),
        TableColumn("LATE", "late", wide: true),
        TableColumn("SOURCE", "window.source", wide: true), TableColumn("FAILURE", "failure"),
      ],
      sql: """
        select m.id, m.monitor, m.window_id as "window.id", m.start_at as "window.start_at", m.end_at as "window.end_at",
          m.source as "window.source", m.part, m.rows, m.drift, coalesce(m.metrics, '{}') as metrics, coalesce(m.intervals, '{}') as intervals,
          coalesce(m.by_version, '{}') as by_version, jsonb_path_query_array(m.model_drift, '$.evidence[*] ? (@.is_present == true).kind') as drift_kinds,
          m.model_drift, coalesce(m.segments, '[]') as segments, m.together, coalesce(m.columns, '[]') as columns, coalesce(m.schema_changes, '[]') as schema_changes,
          m.late, m.inconclusive, m.failure,
          lead(m.position) over (partition by m.window_id, m.part order by m.position) is not null as superseded,
          m.recorded_at, m.position
        from kedge.measurement m
        """),
    Kind(
      "rules", "rule", key: "name", groups: ["monitor"], order: "name",
      [
        TableColumn("NAME", "name"), TableColumn("MONITOR", "monitor"), TableColumn("WHEN", "when"), TableColumn("FOR", "for"),
        TableColumn("SEVERITY", "severity"), TableColumn("STATE", "state"), TableColumn("NOTIFY", "notify"), TableColumn("DEFINED", "defined_at", wide: true),
      ],
      relations: [Relation("Alerts", "alerts", by: "rule")],
      sql: """
        select r.name, r.monitor, r.specification -> 'when' as "when", r.specification -> 'for' as "for",
          r.specification -> 'resolve_after' as resolve_after, r.specification -> 'cooldown' as cooldown, r.specification ->> 'severity' as severity,
          r.specification -> 'notify' as notify,
          case when r.no_data_since is not null then 'no_data'
            else coalesce((select case when bool_or(a.state = 'firing' and a.recovering_since is null) then 'firing'
                when bool_or(a.state = 'firing') then 'recovering' else 'pending' end
              from kedge.alert a where a.rule = r.name and a.state in ('pending', 'firing') having count(*) > 0), 'ok') end as state,
          r.no_data_since, r.specification, r.defined_at, r.position
        from kedge.rule r
        """),
    Kind(
      "alerts", "alert", key: "id", identifier: true, groups: ["rule", "monitor", "endpoint", "state"], order: "position",
      [
        TableColumn("ID", "id"), TableColumn("RULE", "rule"), TableColumn("STATE", "state"), TableColumn("SEVERITY", "severity"),
        TableColumn("VALUE", "value"), TableColumn("CONDITION", "condition"), TableColumn("SINCE", "since_at"),
        TableColumn("ACKNOWLEDGED", "acknowledged_by"), TableColumn("DRIFTED", "drifted_columns", wide: true), TableColumn("SERIES", "series", wide: true),
        TableColumn("RECOVERING", "recovering_since", wide: true), TableColumn("REASON", "reason", wide: true),
      ],
      relations: [Relation("Monitor", "monitors", by: "name", key: "monitor"), Relation("Messages", "messages", by: "alert")],
      sql: """
        select a.id, a.rule, a.monitor, a.endpoint, a.model, a.state, a.severity, a.metric, a.value, a.condition, a.acknowledged_by,
          a.acknowledged_at, a.since_at, a.raised_at, a.resolved_at, a.reason, coalesce(a.drifted_columns, '[]') as drifted_columns, a.series,
          a.recovering_since, a.flapping, a.position
        from kedge.alert a
        """),
    Kind(
      "silences", "silence", key: "id", identifier: true, groups: ["monitor", "rule"], order: "position",
      [
        TableColumn("ID", "id"), TableColumn("MONITOR", "monitor"), TableColumn("RULE", "rule"), TableColumn("MODEL", "model", wide: true),
        TableColumn("UNTIL", "until_at"), TableColumn("ACTIVE", "active"), TableColumn("BY", "started_by"), TableColumn("REASON", "reason"),
      ],
      sql: """
        select s.id, s.monitor, s.rule, s.model, s.started_at, s.until_at, s.started_by, s.reason, s.ended_at, s.ended_by, s.ended_at is null as active,
          s.position
        from kedge.silence s
        """),
  ]
}
