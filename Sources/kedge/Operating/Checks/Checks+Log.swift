internal import PostgreSQL

/// The log, those who follow it, and the work that follows from it.
extension Checks {
  static let log = Check(
    "log",
    query: { database in
      let (position, ahead) =
        try await database.query(
          """
          select coalesce(max(last_position), 0), coalesce(extract(epoch from max(sealed_at) - clock_timestamp()), 0)::double precision from kedge.log_seal
          """
        ).first?.decode(Int64.self, Double.self) ?? (Int64(0), 0.0)
      if ahead > 5 {
        return [
          Finding(
            .warning, "log",
            "the newest seal lies \(Int(ahead)) s in the future: the clock of the database was set back; leave it to go on, and let chrony slew it")
        ]
      }
      return [Finding(.ok, "log", "\(position) events sealed")]
    })

  static let partitions = Check(
    "partitions",
    query: { database in
      let ahead = try await database.query("select kedge.partitions_ahead()::bigint").first?.decode(Int64.self, at: 0) ?? 0
      if ahead < 2 {
        return [Finding(.failed, "partitions", "\(ahead) lie ahead of the newest event, and two should; run a projector, or `select kedge.extend_log()`")]
      }
      return [Finding(.ok, "partitions", "\(ahead) ahead")]
    })

  static let sealing = Check(
    "sealing",
    query: { database in
      let (count, age) =
        try await database.query(
          """
          select count(*), coalesce(extract(epoch from clock_timestamp() - min(e.recorded_at)), 0)::double precision
          from kedge.event e where e.number > (select coalesce(max(o.event), 0) - 100000 from kedge.log_order o)
            and not exists (select from kedge.log_order o where o.event = e.number)
          """
        ).first?.decode(Int64.self, Double.self) ?? (Int64(0), 0.0)
      if count > 0, age > 10 {
        return [
          Finding(.failed, "sealing", "\(count) events have waited for up to \(Int(age)) s; is a projector running? `kedge worker --role projector` runs one")
        ]
      }
      return [Finding(.ok, "sealing", count == 0 ? "nothing waits" : "\(count) events wait, for \(Int(age * 1000)) ms")]
    })

  static let followers = Check(
    "followers",
    query: { database in
      let rows = try await database.query(
        """
        select f.name, (select coalesce(max(s.last_position), 0) from kedge.log_seal s) - f.position,
          extract(epoch from clock_timestamp() - f.updated_at)::double precision
        from kedge.follower f order by f.name
        """, as: String.self, Int64.self, Double.self)
      if rows.isEmpty { return [Finding(.warning, "followers", "none has run yet; `kedge worker --role projector` runs them")] }
      let behind = rows.filter { $0.1 > 0 && $0.2 > 10 }.map { "\($0.0) by \($0.1) events for \(Int($0.2)) s" }
      if behind.isEmpty { return [Finding(.ok, "followers", "\(rows.count), none behind")] }
      return [Finding(.failed, "followers", "behind the log: \(behind.joined(separator: ", ")); is a projector running, and does it log errors?")]
    })

  static let stopped = Check(
    "stopped",
    query: { database in
      try await database.query("select name, stopped from kedge.follower where stopped is not null order by name", as: String.self, String.self).map {
        Finding(.failed, "stopped", "\($0.0) does not go on: \($0.1)")
      }
    })

  static let halted = Check(
    "halted stream",
    query: { database in
      let rows = try await database.query(
        "select follower, stream::text, position, error, parked, count(*) over () from kedge.halted_stream order by position, follower limit 10",
        as: String.self, String.self, Int64.self, String.self, Int64.self, Int64.self)
      let findings = rows.map { follower, stream, position, error, parked, _ in
        Finding(
          .failed, "halted stream",
          "\(follower) cannot digest position \(position) of \(stream), \(parked) events wait behind it: \(error); "
            + "mend the cause and `kedge projections release \(follower) \(stream)`, or pass over the event with --pass-over")
      }
      guard let count = rows.first?.5, count > rows.count else { return findings }
      return findings + [Finding(.failed, "halted stream", "and \(count - Int64(rows.count)) more; `kedge get projections -o yaml` lists them")]
    })

  static let work = Check(
    "work",
    query: { database in
      let rows = try await database.query(
        """
        select w.kind, count(*), max(extract(epoch from clock_timestamp() - l.available_at))::double precision
        from kedge.work w join kedge.lease l on l.work = w.id
        where not l.done and not l.waiting and not l.gone and l.available_at < clock_timestamp() - interval '60 seconds'
        group by w.kind order by w.kind
        """, as: String.self, Int64.self, Double.self)
      if rows.isEmpty { return [Finding(.ok, "work", "nothing has waited for more than a minute")] }
      return rows.map { kind, count, age in
        Finding(.warning, "work", "\(count) to \(kind) ready for up to \(Int(age)) s and not claimed; run a worker whose role does it, or give it more slots")
      }
    })

  static let leases = Check(
    "leases",
    query: { database in
      let oldest = try await database.query(
        """
        select w.kind, w.subject, l.holder, extract(epoch from clock_timestamp() - l.claimed_at)::double precision,
          extract(epoch from clock_timestamp() - l.expires_at)::double precision
        from kedge.lease l join kedge.work w on w.id = l.work
        where l.holder is not null and not l.done and not l.gone and l.claimed_at is not null order by l.claimed_at limit 1
        """, as: String.self, String.self, String.self, Double.self, Double.self
      ).first
      guard let (kind, subject, holder, age, over) = oldest else { return [Finding(.ok, "leases", "nobody is at work")] }
      let what = "the oldest is of \(holder), to \(kind) \(subject), for \(Int(age)) s"
      if over > 60 {
        return [
          Finding(.warning, "leases", "\(what), and ran out \(Int(over)) s ago: its worker is gone and none took over; run a worker whose role does it")
        ]
      }
      return [Finding(.ok, "leases", what)]
    })

  static let workers = Check(
    "workers",
    query: { database in
      let rows = try await database.query("select role from kedge.worker where seen_at > clock_timestamp() - interval '20 seconds'", as: String.self)
      let roles = Set(rows.flatMap { $0.split(separator: ",").map(String.init) })
      let wanted = ["projector", "measurer", "scheduler", "trainer", "deployer", "notifier"]
      let missing = wanted.filter { !roles.contains($0) }
      if missing.isEmpty { return [Finding(.ok, "workers", "\(rows.count) processes, every role is there")] }
      return [Finding(.warning, "workers", "nobody is \(missing.joined(separator: ", ")); `kedge worker --role …` or `kedge up` runs them")]
    })
}
