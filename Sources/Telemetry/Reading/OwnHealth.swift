public import Lifecycle
public import PostgreSQL

/// Kedge's own health as numbers that alert rules can judge: the figures of `/metrics` about followers, work, workers and the log, over all of them.
public enum OwnHealth {
  /// One round trip.
  /// - Throws: `PostgresError`.
  public static func read(_ database: any Queryable) async throws -> [HealthMetric: Double] {
    let limits = MetricLimits()
    let answers = try await database.pipeline(MetricSection.operating.map { $0.query(limits) })
    var samples: [String: [MetricSample]] = [:]
    for (section, rows) in zip(MetricSection.operating, answers) {
      for family in try section.families(rows, limits).0 { samples[family.name] = family.samples }
    }
    func values(_ family: String, state: String? = nil) -> [Double] {
      (samples[family] ?? []).compactMap { sample in
        guard case .number(let value) = sample.value else { return nil }
        return state == nil || sample.labels.contains { $0 == ("state", state!) } ? value : nil
      }
    }
    func most(_ family: String) -> Double { values(family).max() ?? 0 }
    func sum(_ family: String, state: String? = nil) -> Double { values(family, state: state).reduce(0, +) }
    return Dictionary(
      uniqueKeysWithValues: HealthMetric.allCases.map { metric in
        let value: Double =
          switch metric {
          case .lagEvents: most("kedge_follower_lag_events")
          case .lagSeconds: most("kedge_follower_lag_seconds")
          case .stoppedFollowers: sum("kedge_follower_stopped")
          case .haltedStreams: sum("kedge_follower_halted_streams")
          case .unsealedSeconds: most("kedge_log_unsealed_age_seconds")
          case .readyWork: sum("kedge_work", state: "ready")
          case .oldestWorkSeconds: most("kedge_work_oldest_ready_age_seconds")
          case .idleRoles: Double(values("kedge_workers").count { $0 == 0 })
          case .databaseBytes: most("kedge_database_size_bytes")
          }
        return (metric, value)
      })
  }
}
