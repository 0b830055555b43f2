internal import PostgreSQL

extension MetricSection {
  /// Runs, and when pipelines last ended one.
  static let training = [runs, pipelines]

  private static let runs = MetricSection(
    name: "runs",
    query: { _ in "select state, count(*) from kedge.run where finished_at is null group by state order by state" },
    families: { rows, _ in
      var runs = MetricFamily("kedge_runs", .gauge, "Runs that are not over, by state.")
      var counts = ["requested": 0.0, "running": 0, "evaluating": 0]
      for row in rows {
        let (state, count) = try row.decode(String.self, Int64.self)
        counts[state] = Double(count)
      }
      for (state, count) in counts.sorted(by: { $0.key < $1.key }) { runs.add(count, ["state": state]) }
      return ([runs], nil)
    })

  private static let pipelines = MetricSection(
    name: "pipelines",
    query: { limits in
      """
      select pipeline, model, state, extract(epoch from max(finished_at))::double precision, count(*)
      from kedge.run where finished_at is not null group by 1, 2, 3 order by 1, 2, 3 limit \(Int64(limits.others + 1))
      """
    },
    families: { rows, limits in
      var last = MetricFamily("kedge_pipeline_last_run_timestamp_seconds", .gauge, "When a run of the pipeline last ended so, in seconds since 1970.")
      var ended = MetricFamily("kedge_pipeline_runs", .counter, "Runs of the pipeline that ended, by how.")
      for row in rows.prefix(limits.others) {
        let (pipeline, model, state, time, count) = try row.decode(String.self, String.self, String.self, Double.self, Int64.self)
        last.add(time, ["pipeline": pipeline, "model": model, "state": state])
        ended.add(Double(count), ["pipeline": pipeline, "model": model, "state": state])
      }
      return ([last, ended], rows.count > limits.others)
    })
}
