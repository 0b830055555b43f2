extension Kind {
  /// Deployments and the endpoints they go to.
  static let rollout: [Kind] = [
    Kind(
      "deployments", "deployment", key: "id", identifier: true, groups: ["endpoint", "version", "model", "state"], order: "position",
      [
        TableColumn("ID", "id"), TableColumn("ENDPOINT", "endpoint"), TableColumn("VERSION", "version"), TableColumn("REPLACES", "replaces"),
        TableColumn("STATE", "state"), TableColumn("STAGE", "stage"), TableColumn("BY", "requested_by"), TableColumn("PROPOSED", "proposed_at"),
        TableColumn("APPROVALS", "approvals_given", wide: true), TableColumn("NEEDED", "approvals_needed", wide: true), TableColumn("REASON", "reason"),
      ],
      relations: [
        Relation("Approvals", "approvals", by: "deployment"), Relation("Evaluation", "evaluations", by: "run", key: "run"),
        Relation("Comparisons in production", "analyses", by: "deployment"),
        Relation("Endpoint", "endpoints", by: "name", key: "endpoint"), Relation("Alerts on the model", "alerts", by: "model", key: "model", limit: 5),
      ],
      sql: """
        select d.id, d.endpoint, d.model, d.version, d.replaces, d.run, d.state, d.stage, d.stages, d.approvals_needed, d.requested_by, d.automatic,
          d.gate_passed, d.reason,
          coalesce((select jsonb_agg(jsonb_build_object('by', a.approved_by, 'reason', a.reason, 'at', \(utc("a.approved_at")),
            'seen_position', a.seen_position, 'identity', a.identity) order by a.position)
            from kedge.approval a where a.deployment = d.id and a.counts and a.voided_at is null), '[]') as approvals,
          (select count(*) from kedge.approval a where a.deployment = d.id and a.counts and a.voided_at is null) as approvals_given,
          d.proposed_at, d.changed_at, d.position
        from kedge.deployment d
        """),
    Kind(
      "approvals", "approval", key: "id", identifier: true, groups: ["deployment", "endpoint", "version", "state"], order: "position",
      [
        TableColumn("DEPLOYMENT", "deployment"), TableColumn("VERSION", "version"), TableColumn("BY", "by"), TableColumn("STATE", "state"),
        TableColumn("APPROVED", "at"), TableColumn("SEEN", "seen_position"), TableColumn("IDENTITY", "identity", wide: true),
        TableColumn("PRINCIPAL", "principal", wide: true), TableColumn("REASON", "reason"), TableColumn("VOID BECAUSE", "void_reason"),
      ],
      relations: [Relation("Deployment", "deployments", by: "id", key: "deployment")],
      sql: """
        select a.id, a.deployment, d.endpoint, d.version, a.approved_by as by, a.principal, a.identity,
          case when not a.counts then 'does_not_count' when a.voided_at is not null then 'voided' else 'counts' end as state, a.reason,
          a.approved_at as at, a.seen_position, a.voided_at, a.void_reason, a.position
        from kedge.approval a left join kedge.deployment d on d.id = a.deployment
        """),
    Kind(
      "analyses", "analysis", key: "id", identifier: true, groups: ["deployment"], order: "position",
      [
        TableColumn("WINDOW END", "end_at"), TableColumn("KIND", "kind"), TableColumn("CHAMPION", "champion"), TableColumn("CHALLENGER", "challenger"),
        TableColumn("ROWS", "rows"), TableColumn("OUTCOME", "outcome"), TableColumn("REASON", "reason"),
      ],
      sql: """
        select a.id, a.deployment, a.kind, a.window_id as window, a.end_at, a.champion, a.challenger, a.rows, a.results, a.outcome, a.reason,
          a.recorded_at, a.position
        from kedge.analysis a
        """),
    Kind(
      "endpoints", "endpoint", key: "name", groups: ["model"], order: "name",
      [
        TableColumn("NAME", "name"), TableColumn("MODEL", "model"), TableColumn("CURRENT", "current"), TableColumn("CANDIDATE", "candidate"),
        TableColumn("SHARE", "share"), TableColumn("SHADOW", "shadow"), TableColumn("FROZEN", "frozen"), TableColumn("GUARDED", "guarded", wide: true),
        TableColumn("REPLACED", "replaced", wide: true), TableColumn("CHANGED", "changed_at", wide: true),
      ],
      relations: [Relation("Deployments", "deployments", by: "endpoint")],
      sql: """
        select e.name, e.model, e.current, e.candidate, e.share, e.shadow, e.frozen, e.guarded, e.deployment, e.replaced, e.pending,
          coalesce((select jsonb_agg(jsonb_build_object('version', coalesce(c.to_version, c.current), 'at', \(utc("c.changed_at")), 'event', c.type,
            'reason', c.reason, 'by', c.actor, 'candidate', c.candidate, 'share', c.share, 'from', c.from_version) order by c.position)
            from kedge.endpoint_change c where c.endpoint = e.name), '[]') as history,
          e.specification, e.changed_at, e.position
        from kedge.endpoint e
        """),
  ]
}
