import PostgreSQL
import Testing

extension Scenario {
  /// That each outcome is in the log once, and none of an attempt that somebody else had taken over.
  func verifyOutcomes() async throws {
    for (fault, query) in Scenario.faults {
      let found = try await client.query("select count(*), coalesce(min(what), '') from (\(unsafeSQL: query)) fault (what)", as: Int.self, String.self)[0]
      #expect(found.0 == 0, "\(fault), e.g. \(found.1)")
    }
  }

  private static let faults = [
    (
      "runs that did not end just once",
      """
      select stream from kedge.event where stream like 'run/%' group by stream
      having count(*) filter (where type in ('run_succeeded', 'run_failed', 'run_timed_out', 'run_cancelled')) <> 1
      """
    ),
    ("runs with several versions", "select data->>'run' from kedge.event where type = 'version_registered' group by 1 having count(*) > 1"),
    ("runs with several deployments", "select data->>'run' from kedge.event where type = 'deployment_proposed' group by 1 having count(*) > 1"),
    (
      "steps that were finished by an attempt that was not the newest",
      """
      select e.stream from kedge.event e where e.type = 'run_step_finished' and e.data->'attempt' is distinct from (
        select s.data->'attempt' from kedge.event s
        where s.stream = e.stream and s.type = 'run_started' and s.data->>'step' = e.data->>'step' and s.version < e.version order by s.version desc limit 1)
      """
    ),
    (
      "windows measured twice",
      "select data->'window'->>'id' || ' ' || (data->>'part') from kedge.event where type = 'measurement_recorded' group by stream, 1 having count(*) > 1"
    ),
    (
      "messages without an outcome, or with several",
      """
      select data->>'message' from kedge.event where type in ('message_requested', 'message_sent', 'message_abandoned') group by 1
      having count(*) filter (where type <> 'message_requested') <> 1
      """
    ),
    ("traffic moved twice for one request", "select data->>'request' from kedge.event where type = 'traffic_moved' group by 1 having count(*) > 1"),
    (
      "traffic moved by a token older than one before",
      """
      select stream from (
        select stream, (data->>'token')::bigint as token, lag((data->>'token')::bigint) over (partition by stream order by version) as before
        from kedge.event where type = 'traffic_moved') moved where token < before
      """
    ),
    ("stages entered twice", "select stream from kedge.event where type = 'stage_entered' group by stream, data->>'stage' having count(*) > 1"),
  ]
}
