extension Kind {
  /// Models and their versions.
  static let registry: [Kind] = [
    Kind(
      "models", "model", key: "name", order: "name",
      [
        TableColumn("NAME", "name"), TableColumn("TASK", "task"), TableColumn("CHAMPION", "champion"), TableColumn("VERSIONS", "versions"),
        TableColumn("REGISTERED", "registered_at"), TableColumn("TAGS", "tags", wide: true),
      ],
      relations: [
        Relation("Versions", "versions", by: "model"), Relation("Endpoints", "endpoints", by: "model"), Relation("Monitors", "monitors", by: "model"),
        Relation("Pipelines", "pipelines", by: "model"), Relation("Runs", "runs", by: "model", limit: 5),
      ],
      sql: """
        select m.name, m.task, m.tags,
          (select count(*) from kedge.model_version v where v.model = m.name) as versions,
          (select a.version from kedge.alias a where a.model = m.name and a.alias = 'champion') as champion,
          coalesce((select jsonb_object_agg(a.alias, a.version) from kedge.alias a where a.model = m.name), '{}') as aliases,
          m.registered_at, m.position
        from kedge.model m
        """),
    Kind(
      "versions", "version", key: "name", groups: ["model"], order: "model, number",
      [
        TableColumn("NAME", "name"), TableColumn("ALIASES", "aliases"), TableColumn("METRICS", "metrics"), TableColumn("REGISTERED", "registered_at"),
        TableColumn("RUN", "run", wide: true), TableColumn("SHA256", "artifact.sha256", wide: true), TableColumn("TAGS", "tags", wide: true),
      ],
      relations: [
        Relation("Evaluations", "evaluations", by: "challenger"), Relation("Deployments", "deployments", by: "version"),
        Relation("Run", "runs", by: "id", key: "run"),
      ],
      sql: """
        select v.name, v.model, v.number, v.artifact_sha256 as "artifact.sha256", v.artifact_size as "artifact.size",
          v.artifact_name as "artifact.name", v.run,
          coalesce((select jsonb_agg(a.alias order by a.alias) from kedge.alias a where a.version = v.name), '[]') as aliases,
          v.tags, v.metrics, v.archived, v.registered_at, v.position
        from kedge.model_version v
        """),
  ]
}
