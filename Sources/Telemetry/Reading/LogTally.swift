internal import Lifecycle
internal import PostgreSQL

/// What is counted over all of history: the events by type, and how long things took. It is made of the sealed log, from its beginning, so
/// that the counts survive a restart and are the same wherever they are read; each event is read once.
struct LogTally: Sendable {
  private var position: Int64 = 0
  private var events: [String: Int64] = [:]
  private var sealing = Histogram(Histogram.reactions)
  private var durations: [Key: Histogram] = [:]

  private struct Key: Hashable {
    let span: Span
    let outcome: String
  }

  /// What is timed, by the events that end it.
  private enum Span: String, CaseIterable {
    case measuring, run, deployment, alert, message

    var family: (name: String, help: String, bounds: [Double]) {
      switch self {
      case .measuring: ("kedge_measuring_duration_seconds", "From finding a window or labels to their measurement.", Histogram.reactions)
      case .run: ("kedge_run_duration_seconds", "From the request of a run to its end.", Histogram.spans)
      case .deployment: ("kedge_deployment_duration_seconds", "From the proposal of a deployment to its end.", Histogram.spans)
      case .alert: ("kedge_alert_duration_seconds", "From raising an alert to its end.", Histogram.spans)
      case .message: ("kedge_message_delay_seconds", "From the request of a message to its end.", Histogram.reactions)
      }
    }

    var types: [String] {
      switch self {
      case .measuring: ["measurement_recorded", "measurement_failed"]
      case .run: ["run_succeeded", "run_failed", "run_cancelled", "run_timed_out"]
      case .deployment: ["deployment_completed", "deployment_aborted", "deployment_rejected", "deployment_superseded", "deployment_rolled_back"]
      case .alert: ["alert_resolved", "alert_marked_false"]
      case .message: ["message_sent", "message_abandoned"]
      }
    }
  }

  private static let spans = Dictionary(uniqueKeysWithValues: Span.allCases.flatMap { span in span.types.map { ($0, span) } })
  private static let known = Set(Fact.types)
  /// Events that are read at once.
  private static let batch: Int64 = 20_000

  /// The same and what came since.
  func caughtUp(with database: any Queryable) async throws -> LogTally {
    var next = self
    let head =
      try await database.query("select coalesce((select last_position from kedge.log_seal order by number desc limit 1), 0)")
      .first?.decode(Int64.self) ?? 0
    if head < next.position { next = LogTally() }
    while next.position < head { try await next.take(upTo: min(next.position + LogTally.batch, head), database) }
    return next
  }

  private mutating func take(upTo end: Int64, _ database: any Queryable) async throws {
    let answers = try await database.pipeline([
      Query(
        """
        select type::text, width_bucket(delay, \(Histogram.reactions)), count(*), sum(delay) from (
          select e.type, greatest(0, extract(epoch from s.sealed_at - e.recorded_at))::double precision as delay
          from kedge.log_order o join kedge.log_seal s on s.number = o.seal join kedge.event e on e.number = o.event
          where o.position > \(position) and o.position <= \(end)) d
        group by 1, 2
        """
      ).named("tally events"),
      // An end belongs to what began the stream, or to what the event itself names or was caused by.
      Query(
        """
        select e.type::text, extract(epoch from e.recorded_at - case
            when e.type = any(\(Span.run.types + Span.deployment.types)) then (select b.recorded_at from kedge.event b where b.stream = e.stream and b.version = 1)
            when e.type = any(\(Span.alert.types)) then
              (select b.recorded_at from kedge.event b where b.stream = e.stream and b.version < e.version and b.type = 'alert_raised' order by b.version limit 1)
            else coalesce(
              (select m.requested_at from kedge.message m where m.id = (e.data ->> 'message')::uuid),
              (select b.recorded_at from kedge.event b where b.id = e.causation_id)) end)::double precision
        from kedge.log_order o join kedge.event e on e.number = o.event
        where o.position > \(position) and o.position <= \(end) and e.type = any(\(Array(LogTally.spans.keys)))
          -- A run that is tried again is not over.
          and e.data ->> 'retry_at' is null
        """
      ).named("tally durations"),
    ])
    for row in answers[0] {
      let (type, bucket, count, sum) = try row.decode(String.self, Int32.self, Int64.self, Double.self)
      events[LogTally.known.contains(type) ? type : "other", default: 0] += count
      sealing.add(bucket: Int(bucket), count: count, sum: sum)
    }
    for row in answers[1] {
      let (type, seconds) = try row.decode(String.self, Double?.self)
      guard let seconds, let span = LogTally.spans[type] else { continue }
      durations[Key(span: span, outcome: type), default: Histogram(span.family.bounds)].observe(max(0, seconds))
    }
    position = end
  }

  var families: [MetricFamily] {
    var counts = MetricFamily("kedge_events", .counter, "Events of the log by type; those that Kedge does not know are `other`.")
    // Those that never happened too, so that the first one is seen to be an increase.
    for type in (Fact.types + ["other"]).sorted() { counts.add(Double(events[type] ?? 0), ["type": type]) }
    var families = [
      counts,
      MetricFamily(
        "kedge_sealing_delay_seconds", .histogram, "From the append of an event to its position in the log.", [MetricSample([:], .histogram(sealing))]),
    ]
    for span in Span.allCases {
      let samples = span.types.compactMap { type in
        durations[Key(span: span, outcome: type)].map { MetricSample(["outcome": String(type.drop { $0 != "_" }.dropFirst())], .histogram($0)) }
      }
      families.append(MetricFamily(span.family.name, .histogram, span.family.help, samples))
    }
    return families
  }
}
