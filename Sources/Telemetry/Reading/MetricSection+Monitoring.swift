internal import PostgreSQL
internal import Values

extension MetricSection {
  /// Monitors, and the columns of their newest windows.
  static let monitoring = [monitors, columns]

  /// The newest measurement of each part of each monitor.
  private static func newest(_ columns: String, _ limits: MetricLimits) -> String {
    """
    from (select name, model from kedge.monitor order by name limit \(limits.monitors + 1)) m cross join (values ('input'), ('quality')) p (part)
      cross join lateral (select \(columns) from kedge.measurement x where x.monitor = m.name and x.part = p.part and x.failure is null
        order by x.end_at desc, x.position desc limit 1) x
    """
  }

  private static let monitors = MetricSection(
    name: "monitors",
    query: { limits in
      Query(
        unsafeSQL: """
          select m.name, m.model, p.part, coalesce(x.rows, 0), x.drift, x.metrics, x.by_version, x.inconclusive,
            extract(epoch from x.end_at)::double precision, extract(epoch from x.recorded_at)::double precision
          \(newest("x.*", limits)) order by m.name, p.part
          """)
    },
    families: { rows, limits in
      var share = MetricFamily("kedge_monitor_drift_share_ratio", .gauge, "Drifted columns over compared ones in the newest window.")
      var detected = MetricFamily("kedge_monitor_drift_detected", .gauge, "1 when the newest window drifted by the monitor's own rule, else 0.")
      var drifted = MetricFamily("kedge_monitor_drifted_columns", .gauge, "How many columns drifted in the newest window.")
      var counts = MetricFamily("kedge_monitor_rows", .gauge, "Rows of the newest window that count; for quality the labelled ones.")
      var inconclusive = MetricFamily("kedge_monitor_inconclusive", .gauge, "1 when the newest window has too few rows for a verdict, else 0.")
      var ends = MetricFamily("kedge_monitor_window_end_timestamp_seconds", .gauge, "When the newest window ends, in seconds since 1970.")
      var measured = MetricFamily("kedge_monitor_measured_timestamp_seconds", .gauge, "When the newest window was measured, in seconds since 1970.")
      var metrics = MetricFamily("kedge_monitor_metric", .gauge, "A metric of the newest window, e.g. accuracy or mean_confidence.")
      var arms = MetricFamily("kedge_version_metric", .gauge, "A metric of one version's rows in the newest window.")
      var monitors: Set<String> = []
      var isCut = false
      for row in rows {
        let (name, model, part, count, drift, values, versions) = try row.decode(
          String.self, String.self, String.self, Int64.self, JSON?.self, JSON?.self, JSON?.self)
        if !monitors.contains(name), monitors.count == limits.monitors {
          isCut = true
          break
        }
        monitors.insert(name)
        let (unsure, end, recorded) = (
          try row.decode(Bool.self, at: 7), try row.decode(Double.self, at: 8), try row.decode(Double.self, at: 9)
        )
        if let drift, drift.object != nil {
          if let value = drift["share"]?.double { share.add(value, ["monitor": name, "model": model]) }
          detected.add(drift["detected"]?.bool == true ? 1 : 0, ["monitor": name, "model": model])
          drifted.add(Double(drift["drifted_columns"]?.array?.count ?? 0), ["monitor": name, "model": model])
        }
        counts.add(Double(count), ["monitor": name, "model": model, "part": part])
        inconclusive.add(unsure ? 1 : 0, ["monitor": name, "model": model, "part": part])
        ends.add(end, ["monitor": name, "model": model, "part": part])
        measured.add(recorded, ["monitor": name, "model": model, "part": part])
        for (metric, value) in figures(values, limits.metricsOfMonitor) {
          metrics.add(value, ["monitor": name, "model": model, "part": part, "metric": metric])
        }
        let members = (versions?.object?.members ?? []).sorted { $0.key > $1.key }.prefix(limits.versionsOfMonitor)
        for (version, arm) in members {
          for (metric, value) in figures(arm["metrics"], limits.metricsOfMonitor) {
            arms.add(value, ["monitor": name, "model": model, "version": version, "part": part, "metric": metric])
          }
        }
      }
      return ([share, detected, drifted, counts, inconclusive, ends, measured, metrics, arms], isCut)
    })

  /// Numbers by name, the first in alphabetical order.
  private static func figures(_ json: JSON?, _ limit: Int) -> [(String, Double)] {
    (json?.object?.members ?? []).compactMap { name, value in value.double.map { (name, $0) } }.sorted { $0.0 < $1.0 }.prefix(limit).map { $0 }
  }

  private static let columns = MetricSection(
    name: "columns",
    query: { limits in
      Query(
        unsafeSQL: """
          select m.name, c.value ->> 'name', coalesce(c.value ->> 'test', ''), (c.value ->> 'score')::double precision, c.value ->> 'verdict',
            (c.value ->> 'missing')::double precision, c.place
          from (select m.name, p.part, x.columns \(newest("x.columns", limits)) where p.part = 'input' order by m.name) m
            cross join lateral jsonb_array_elements(m.columns) with ordinality c (value, place)
          where c.place <= \(limits.columnsOfMonitor + 1) limit \(limits.columns + 1)
          """)
    },
    families: { rows, limits in
      var scores = MetricFamily(
        "kedge_column_drift_score", .gauge, "What the column's threshold is compared with in the newest window: a p-value or a distance, as the test has it.")
      var drifted = MetricFamily("kedge_column_drifted", .gauge, "1 when the column drifted in the newest window, 0 when it is stable.")
      var missing = MetricFamily("kedge_column_missing_ratio", .gauge, "Share of the newest window's rows without a value in the column.")
      var isCut = rows.count > limits.columns
      for row in rows.prefix(limits.columns) {
        let (monitor, column, test, score, verdict, absent, place) = try row.decode(
          String.self, String.self, String.self, Double?.self, String?.self, Double?.self, Int64.self)
        guard place <= limits.columnsOfMonitor else {
          isCut = true
          continue
        }
        if let score { scores.add(score, ["monitor": monitor, "column": column, "test": test]) }
        if verdict == "drifted" || verdict == "stable" { drifted.add(verdict == "drifted" ? 1 : 0, ["monitor": monitor, "column": column]) }
        if let absent { missing.add(absent, ["monitor": monitor, "column": column]) }
      }
      return ([scores, drifted, missing], isCut)
    })
}
