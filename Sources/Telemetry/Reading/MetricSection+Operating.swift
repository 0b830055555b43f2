internal import Lifecycle
internal import PostgreSQL

extension MetricSection {
  /// Kedge's own health: work, workers, followers and the log.
  static let operating = [work, workers, followers, log]

  private static let work = MetricSection(
    name: "work",
    query: { _ in
      """
      select kind, state, count(*), max(age)::double precision from (
        select w.kind, case when l.holder is not null and l.expires_at > clock_timestamp() then 'claimed' when l.waiting then 'waiting'
            when l.available_at > clock_timestamp() then 'not_due' else 'ready' end as state,
          extract(epoch from clock_timestamp() - l.available_at) as age
        from kedge.work w join kedge.lease l on l.work = w.id where not l.done) w
      group by kind, state
      """
    },
    families: { rows, _ in
      var work = MetricFamily("kedge_work", .gauge, "Pieces of work by kind and state: ready to be claimed, claimed, waiting for others, or not due.")
      var oldest = MetricFamily(
        "kedge_work_oldest_ready_age_seconds", .gauge, "For how long the oldest piece of work has been ready and not claimed; 0 when there is none.")
      var counts: [String: [String: Double]] = [:]
      var ages: [String: Double] = [:]
      for row in rows {
        let (kind, state, count, age) = try row.decode(String.self, String.self, Int64.self, Double.self)
        counts[kind, default: [:]][state] = Double(count)
        if state == "ready" { ages[kind] = max(0, age) }
      }
      for kind in WorkKind.allCases.map(\.rawValue) {
        for state in ["ready", "claimed", "waiting", "not_due"] { work.add(counts[kind]?[state] ?? 0, ["kind": kind, "state": state]) }
        oldest.add(ages[kind] ?? 0, ["kind": kind])
      }
      return ([work, oldest], nil)
    })

  private static let workers = MetricSection(
    name: "workers",
    query: { _ in
      """
      select r, count(*) from kedge.worker w cross join lateral unnest(string_to_array(w.role, ',')) r
      where w.seen_at > clock_timestamp() - interval '20 seconds' group by r
      """
    },
    families: { rows, _ in
      var workers = MetricFamily("kedge_workers", .gauge, "Processes that do the work of a role and were seen within 20 seconds.")
      var counts: [String: Double] = [:]
      for row in rows {
        let (role, count) = try row.decode(String.self, Int64.self)
        counts[role] = Double(count)
      }
      for role in Role.allCases.map(\.rawValue) { workers.add(counts[role] ?? 0, ["role": role]) }
      return ([workers], nil)
    })

  private static let followers = MetricSection(
    name: "followers",
    query: { _ in
      """
      select f.name, f.position, greatest(0, h.head - f.position),
        case when h.head > f.position then (select extract(epoch from clock_timestamp() - s.sealed_at)::double precision
          from kedge.log_order o join kedge.log_seal s on s.number = o.seal where o.position = f.position + 1) end,
        f.stopped is not null, coalesce(x.streams, 0), coalesce(x.parked, 0)::bigint
      from kedge.follower f
        cross join (select coalesce((select last_position from kedge.log_seal order by number desc limit 1), 0) as head) h
        left join (select follower, count(*) as streams, sum(parked + 1) as parked from kedge.halted_stream group by follower) x on x.follower = f.name
      order by f.name
      """
    },
    families: { rows, _ in
      var positions = MetricFamily("kedge_follower_position", .gauge, "The position of the log up to which a projection or policy has read.")
      var lag = MetricFamily("kedge_follower_lag_events", .gauge, "Sealed events that a projection or policy has not read yet.")
      var seconds = MetricFamily("kedge_follower_lag_seconds", .gauge, "For how long the next event has waited for a projection or policy; 0 when none waits.")
      var stopped = MetricFamily("kedge_follower_stopped", .gauge, "1 when a projection or policy does not go on, else 0; `kedge get projections` says why.")
      var halted = MetricFamily(
        "kedge_follower_halted_streams", .gauge, "Streams with an event that a projection or policy cannot digest; `kedge projections release` lets them go on."
      )
      var parked = MetricFamily("kedge_follower_parked_events", .gauge, "Events of halted streams that wait, the one that cannot be digested among them.")
      for row in rows {
        let (name, position, behind, age, isStopped, streams, events) = try row.decode(
          String.self, Int64.self, Int64.self, Double?.self, Bool.self, Int64.self, Int64.self)
        positions.add(Double(position), ["follower": name])
        lag.add(Double(behind), ["follower": name])
        seconds.add(max(0, age ?? 0), ["follower": name])
        stopped.add(isStopped ? 1 : 0, ["follower": name])
        halted.add(Double(streams), ["follower": name])
        parked.add(Double(events), ["follower": name])
      }
      return ([positions, lag, seconds, stopped, halted, parked], nil)
    })

  private static let log = MetricSection(
    name: "log",
    query: { _ in
      """
      select coalesce((select last_position from kedge.log_seal order by number desc limit 1), 0), count(*),
        coalesce(extract(epoch from clock_timestamp() - min(e.recorded_at)), 0)::double precision, kedge.partitions_ahead()::bigint,
        pg_database_size(current_database())
      from (select number, recorded_at from kedge.event order by number desc limit 1000) e
      where not exists (select from kedge.log_order o where o.event = e.number)
      """
    },
    families: { rows, _ in
      var head = MetricFamily("kedge_log_position", .gauge, "The position of the newest sealed event.")
      var unsealed = MetricFamily("kedge_log_unsealed_events", .gauge, "Events among the newest 1000 that have no position yet.")
      var age = MetricFamily("kedge_log_unsealed_age_seconds", .gauge, "For how long the oldest of these has waited; 0 when there is none.")
      var ahead = MetricFamily("kedge_log_partitions_ahead", .gauge, "Whole partitions of the log that lie ahead of the newest event; 2 when all is well.")
      var size = MetricFamily("kedge_database_size_bytes", .gauge, "Size of the database.")
      for row in rows {
        let (position, count, oldest, partitions, bytes) = try row.decode(Int64.self, Int64.self, Double.self, Int64.self, Int64.self)
        head.add(Double(position))
        unsealed.add(Double(count))
        age.add(max(0, oldest))
        ahead.add(Double(partitions))
        size.add(Double(bytes))
      }
      return ([head, unsealed, age, ahead, size], nil)
    })
}
