extension Kind {
  /// Pipelines, their runs and evaluations.
  static let training: [Kind] = [
    Kind(
      "pipelines", "pipeline", key: "name", groups: ["model"], order: "name",
      [
        TableColumn("NAME", "name"), TableColumn("MODEL", "model"), TableColumn("DEPLOYS TO", "deploy"), TableColumn("RUNS", "runs"),
        TableColumn("ACTIVE", "active_runs"), TableColumn("TRIGGERS", "specification.trigger", wide: true),
      ],
      relations: [Relation("Runs", "runs", by: "pipeline"), Relation("Schedules", "schedules", by: "pipeline")],
      sql: """
        select p.name, p.model, p.specification ->> 'deploy' as deploy,
          (select count(*) from kedge.run r where r.pipeline = p.name) as runs,
          (select count(*) from kedge.run r where r.pipeline = p.name and r.state in ('requested', 'running', 'evaluating')) as active_runs,
          p.specification, p.defined_at, p.position
        from kedge.pipeline p
        """),
    Kind(
      "runs", "run", key: "id", identifier: true, groups: ["model", "pipeline", "state"], order: "position",
      [
        TableColumn("ID", "id"), TableColumn("MODEL", "model"), TableColumn("STATE", "state"), TableColumn("REASON", "reason.kind"),
        TableColumn("ATTEMPT", "attempt"), TableColumn("VERSION", "version"), TableColumn("REQUESTED", "requested_at"), TableColumn("BY", "requested_by"),
        TableColumn("FINISHED", "finished_at", wide: true), TableColumn("PIPELINE", "pipeline", wide: true), TableColumn("FAILURE", "failure"),
      ],
      relations: [Relation("Evaluation", "evaluations", by: "run"), Relation("Deployments", "deployments", by: "run")],
      sql: """
        select r.id, r.model, r.pipeline, r.state, r.reason, r.parameters, r.attempt, r.version, r.failure, r.requested_by, r.worker,
          r.requested_at, r.started_at, r.retry_at, r.finished_at, r.position
        from kedge.run r
        """),
    Kind(
      "evaluations", "evaluation", key: "run", identifier: true, groups: ["model", "challenger", "pipeline"], order: "position",
      [
        TableColumn("RUN", "run"), TableColumn("CHALLENGER", "challenger"), TableColumn("CHAMPION", "champion"), TableColumn("ROWS", "rows"),
        TableColumn("PASSED", "passed"), TableColumn("ACCURACY", "metrics.challenger.accuracy"), TableColumn("CHAMPION'S", "metrics.champion.accuracy"),
        TableColumn("EVALUATED", "evaluated_at", wide: true),
      ],
      relations: [Relation("Run", "runs", by: "id", key: "run"), Relation("Deployments", "deployments", by: "version", key: "challenger")],
      sql: """
        select e.run, e.model, e.pipeline, e.champion, e.challenger, e.rows, e.metrics, e.intervals, e.difference, e.gate, e.passed, e.evaluated_at, e.position
        from kedge.evaluation e
        """),
    Kind(
      "schedules", "schedule", key: "name", groups: ["pipeline"], order: "name",
      [
        TableColumn("NAME", "name"), TableColumn("CRON", "cron"), TableColumn("TIME ZONE", "time_zone"), TableColumn("NEXT", "next_at"),
        TableColumn("LAST", "last_due_at"), TableColumn("SKIPPED", "skipped", wide: true),
      ],
      sql: """
        select s.name, s.pipeline, s.cron, s.time_zone, s.next_at, s.last_due_at, s.skipped, s.defined_at, s.position from kedge.schedule s
        """),
    Kind(
      "pools", "pool", key: "name", order: "name", [TableColumn("NAME", "name"), TableColumn("SLOTS", "slots"), TableColumn("WORK", "work")],
      sql: """
        select p.name, p.slots, (select count(*) from kedge.work w where w.pool = p.name) as work, p.position from kedge.pool p
        """),
  ]
}
