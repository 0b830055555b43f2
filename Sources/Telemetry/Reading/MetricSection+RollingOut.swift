internal import PostgreSQL

extension MetricSection {
  /// Deployments that are under way, what endpoints serve, and which versions models have.
  static let rollingOut = [deployments, endpoints, models]

  private static let deployments = MetricSection(
    name: "deployments",
    query: { _ in
      """
      select state, count(*), max(extract(epoch from clock_timestamp() - changed_at))::double precision from kedge.deployment
      where state in ('held', 'awaiting_approval', 'rolling', 'baking', 'paused') group by state
      """
    },
    families: { rows, _ in
      var deployments = MetricFamily("kedge_deployments", .gauge, "Deployments that are not over, by state.")
      var ages = MetricFamily(
        "kedge_deployments_oldest_age_seconds", .gauge, "For how long the oldest deployment has been in this state; 0 when there is none.")
      var found: [String: (Double, Double)] = [:]
      for row in rows {
        let (state, count, age) = try row.decode(String.self, Int64.self, Double.self)
        found[state] = (Double(count), max(0, age))
      }
      for state in ["held", "awaiting_approval", "rolling", "baking", "paused"] {
        let (count, age) = found[state] ?? (0, 0)
        deployments.add(count, ["state": state])
        ages.add(age, ["state": state])
      }
      return ([deployments, ages], nil)
    })

  private static let endpoints = MetricSection(
    name: "endpoints",
    query: { limits in
      """
      select name, model, coalesce(current, ''), coalesce(candidate, ''), share, shadow, frozen, extract(epoch from changed_at)::double precision
      from kedge.endpoint order by name limit \(Int64(limits.others + 1))
      """
    },
    families: { rows, limits in
      var info = MetricFamily("kedge_endpoint_info", .gauge, "1; the labels say which version serves, and which one is tried.")
      var share = MetricFamily("kedge_endpoint_candidate_share_ratio", .gauge, "Share of the traffic that the candidate answers.")
      var frozen = MetricFamily("kedge_endpoint_frozen", .gauge, "1 while nothing may be deployed there, else 0.")
      var changed = MetricFamily("kedge_endpoint_changed_timestamp_seconds", .gauge, "When what the endpoint serves last changed, in seconds since 1970.")
      for row in rows.prefix(limits.others) {
        let (name, model, current, candidate, percent, shadow, isFrozen, time) = try row.decode(
          String.self, String.self, String.self, String.self, Int64.self, Bool.self, Bool.self, Double.self)
        info.add(1, ["endpoint": name, "model": model, "current": current, "candidate": candidate])
        share.add(shadow || candidate.isEmpty ? 0 : Double(percent) / 100, ["endpoint": name, "model": model])
        frozen.add(isFrozen ? 1 : 0, ["endpoint": name, "model": model])
        changed.add(time, ["endpoint": name, "model": model])
      }
      return ([info, share, frozen, changed], rows.count > limits.others)
    })

  private static let models = MetricSection(
    name: "models",
    query: { limits in
      """
      select m.name, (select count(*) from kedge.model_version v where v.model = m.name),
        coalesce((select a.version from kedge.alias a where a.model = m.name and a.alias = 'champion'), '')
      from (select name from kedge.model order by name limit \(Int64(limits.others + 1))) m
      """
    },
    families: { rows, limits in
      var versions = MetricFamily("kedge_model_versions", .gauge, "Registered versions of the model.")
      var champions = MetricFamily("kedge_model_champion_info", .gauge, "1; the label says which version is the champion.")
      for row in rows.prefix(limits.others) {
        let (model, count, champion) = try row.decode(String.self, Int64.self, String.self)
        versions.add(Double(count), ["model": model])
        if !champion.isEmpty { champions.add(1, ["model": model, "version": champion]) }
      }
      return ([versions, champions], rows.count > limits.others)
    })
}
