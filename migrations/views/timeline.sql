CREATE OR REPLACE VIEW audit.timeline AS
SELECT
  o.position, e.id, e.occurred_at::timestamptz AS at, e.actor::text AS who,
  CASE e.type
    WHEN 'model_registered' THEN format('model %s declared (%s)', t.name, e.data ->> 'task')
    WHEN 'version_registered' THEN format('%s registered', e.data ->> 'version')
    WHEN 'version_tagged' THEN format('%s tagged: %s', e.data ->> 'version', e.data ->> 'tags')
    WHEN 'version_archived' THEN format('%s archived', e.data ->> 'version')
    WHEN 'alias_moved' THEN format('alias %s of %s now points to %s, before to %s', e.data ->> 'alias', t.name,
      coalesce(e.data ->> 'version', 'nothing'), coalesce(e.data ->> 'previous', 'nothing'))
    WHEN 'baseline_pinned' THEN format('baseline of %s pinned: %s, %s rows', t.name, e.data ->> 'path', e.data ->> 'rows')
    WHEN 'window_found' THEN format('window of %s found: %s', t.name, e.data ->> 'source')
    WHEN 'labels_found' THEN format('labels of %s found: %s', t.name, e.data ->> 'source')
    WHEN 'labels_joined' THEN format('labels of %s joined with %s windows%s', t.name, (SELECT count(*) FROM jsonb_path_query(e.data, '$.windows[*]')), ': ' || (e.data ->> 'failure'))
    WHEN 'measurement_recorded' THEN format('%s measured (%s, %s rows)', t.name, e.data ->> 'part', e.data ->> 'rows')
      || CASE WHEN e.data -> 'inconclusive' = 'true' THEN ': too few rows for a verdict'
           WHEN e.data #> '{drift,detected}' = 'true'
             THEN ': drift in ' || (SELECT string_agg(c, ', ') FROM (SELECT jsonb_path_query(e.data, '$.drift.drifted_columns[*]') #>> '{}' AS c) d)
           WHEN e.data #> '{drift,detected}' IS NOT NULL THEN ': no drift' ELSE '' END
      || coalesce(', accuracy ' || CASE jsonb_typeof(e.data #> '{metrics,accuracy}') WHEN 'number' THEN round((e.data #> '{metrics,accuracy}')::numeric, 4) END, '')
      || CASE WHEN e.data -> 'late' = 'true' THEN ', late' ELSE '' END
    WHEN 'measurement_failed' THEN format('%s could not be measured: %s', t.name, e.data ->> 'reason')
    WHEN 'schedule_defined' THEN format('schedule %s set: %s in %s', t.name, e.data ->> 'cron', e.data ->> 'time_zone')
    WHEN 'schedule_due' THEN format('schedule %s fell due', t.name)
    WHEN 'schedule_skipped' THEN format('schedule %s started nothing: %s', t.name, e.data ->> 'reason')
    WHEN 'alert_pending' THEN format('alert %s pending: %s, %s of %s windows', t.rule, e.data ->> 'condition', e.data ->> 'count', e.data ->> 'needed')
    WHEN 'alert_raised' THEN format('alert %s raised: %s%s', t.rule, e.data ->> 'condition', ', it is ' || CASE jsonb_typeof(e.data -> 'value') WHEN 'number' THEN round((e.data -> 'value')::numeric, 4) END)
    WHEN 'alert_escalated' THEN format('alert %s escalated to %s%s', t.rule, e.data ->> 'severity', t.because)
    WHEN 'alert_eased' THEN format('alert %s eased to %s%s', t.rule, e.data ->> 'severity', t.because)
    WHEN 'alert_recovering' THEN format('alert %s recovers since %s', t.rule, e.data ->> 'since_at')
    WHEN 'alert_relapsed' THEN format('alert %s recovers no longer', t.rule)
    WHEN 'alert_acknowledged' THEN format('alert %s acknowledged%s', t.rule, t.because)
    WHEN 'alert_resolved' THEN format('alert %s resolved%s', t.rule, t.because)
    WHEN 'alert_marked_false' THEN format('alert %s marked as a false alarm%s', t.rule, t.because)
    WHEN 'rule_data_lost' THEN format('rule %s has no data since %s', t.name, e.data ->> 'since_at')
    WHEN 'rule_data_returned' THEN format('rule %s has data again', t.name)
    WHEN 'silence_started' THEN format('alerts on %s silenced until %s%s',
      concat_ws(', ', e.data #>> '{matching,monitor}', 'rule ' || (e.data #>> '{matching,rule}'), 'model ' || (e.data #>> '{matching,model}')),
      e.data ->> 'until_at', t.because)
    WHEN 'silence_ended' THEN format('silence ended%s', t.because)
    WHEN 'action_requested' THEN format('alert %s asks for an action: %s', t.rule, e.data -> 'declared')
    WHEN 'action_withheld' THEN format('alert %s does not %s%s', t.rule, e.data ->> 'deed', t.because)
    WHEN 'action_finished' THEN format('action of alert %s %s', t.rule, coalesce('failed: ' || (e.data ->> 'failure'), 'done'))
    WHEN 'run_requested' THEN format('run of %s requested because of %s', e.data ->> 'pipeline', CASE e.data #>> '{reason,kind}'
        WHEN 'person' THEN 'a person' || coalesce(': ' || (e.data #>> '{reason,reason}'), '')
        WHEN 'alert' THEN 'alert ' || (e.data #>> '{reason,rule}')
        WHEN 'alerts' THEN format('%s alerts %s', e.data #>> '{reason,count}', e.data #>> '{reason,rule}')
        WHEN 'schedule' THEN 'schedule ' || (e.data #>> '{reason,schedule}')
        ELSE e.data #>> '{reason,kind}' END)
    WHEN 'run_started' THEN format('run of %s: attempt %s to %s began', f.data ->> 'pipeline', e.data ->> 'attempt', e.data ->> 'step')
    WHEN 'run_step_finished' THEN format('run of %s: attempt %s to %s is done%s', f.data ->> 'pipeline', e.data ->> 'attempt', e.data ->> 'step',
      ', it made ' || (e.data ->> 'version'))
    WHEN 'run_succeeded' THEN format('run of %s succeeded: %s', f.data ->> 'pipeline', e.data ->> 'version')
    WHEN 'run_failed' THEN format('run of %s: attempt %s to %s failed%s', f.data ->> 'pipeline', e.data ->> 'attempt', e.data ->> 'step', t.because)
    WHEN 'run_timed_out' THEN format('run of %s: attempt %s to %s timed out%s', f.data ->> 'pipeline', e.data ->> 'attempt', e.data ->> 'step', t.because)
    WHEN 'run_cancelled' THEN format('run of %s cancelled%s', f.data ->> 'pipeline', t.because)
    WHEN 'run_evaluated' THEN format('%s compared with %s on %s rows: the gate is %spassed', e.data ->> 'challenger',
      coalesce(e.data ->> 'champion', 'nothing'), e.data ->> 'rows', CASE WHEN e.data -> 'passed' = 'true' THEN '' ELSE 'not ' END)
    WHEN 'deployment_proposed' THEN format('%s proposed for %s%s', t.version, t.endpoint, ' instead of ' || (e.data ->> 'replaces'))
    WHEN 'deployment_held' THEN format('%s held%s', t.version, t.because)
    WHEN 'gate_overridden' THEN format('gate overridden for %s%s', t.version, t.because)
    WHEN 'deployment_approved' THEN format('%s approved for %s%s', t.version, t.endpoint, t.because)
    WHEN 'deployment_rejected' THEN format('%s rejected for %s%s', t.version, t.endpoint, t.because)
    WHEN 'approval_voided' THEN format('approvals of %s voided%s', t.version, t.because)
    WHEN 'stage_entered' THEN format('%s entered stage %s of %s at %s: %s', t.version, CASE jsonb_typeof(e.data -> 'stage') WHEN 'number' THEN (e.data -> 'stage')::bigint + 1 END, e.data ->> 'of', t.endpoint,
      CASE WHEN e.data -> 'shadow' = 'true' THEN 'shadow' ELSE (e.data ->> 'traffic') || ' % of traffic' END)
    WHEN 'comparison_requested' THEN format('%s to be compared with %s on live rows', e.data ->> 'challenger', e.data ->> 'champion')
    WHEN 'analysis_recorded' THEN format('%s compared with %s on %s live rows: %s%s', e.data ->> 'challenger', e.data ->> 'champion', e.data ->> 'rows',
      replace(e.data ->> 'outcome', '_', ' '), ', ' || (e.data ->> 'reason'))
    WHEN 'deployment_completed' THEN format('%s completed its rollout at %s', t.version, t.endpoint)
    WHEN 'deployment_paused' THEN format('rollout of %s paused%s', t.version, t.because)
    WHEN 'deployment_resumed' THEN format('rollout of %s resumed%s', t.version, t.because)
    WHEN 'deployment_aborted' THEN format('deployment of %s aborted%s', t.version, t.because)
    WHEN 'deployment_superseded' THEN format('proposal of %s superseded by a newer one', t.version)
    WHEN 'deployment_rolled_back' THEN format('%s rolled back to %s%s', t.version, e.data ->> 'to', t.because)
    WHEN 'traffic_requested' THEN format('traffic of %s to be moved: %s', t.name, p.plan)
    WHEN 'traffic_moved' THEN format('traffic of %s moved: %s', t.name, p.plan)
    WHEN 'traffic_move_failed' THEN format('traffic of %s could not be moved%s', t.name, t.because)
    WHEN 'rollout_started' THEN format('rollout of %s at %s began', e.data ->> 'version', t.name)
    WHEN 'rollout_ended' THEN format('rollout of %s at %s ended: %s', e.data ->> 'version', t.name, replace(e.data ->> 'outcome', '_', ' '))
    WHEN 'rollback_decided' THEN format('%s to go back from %s to %s%s', t.name, e.data ->> 'from', e.data ->> 'to', t.because)
    WHEN 'rolled_back' THEN format('%s went back from %s to %s', t.name, e.data ->> 'from', e.data ->> 'to')
    WHEN 'endpoint_frozen' THEN format('%s frozen%s', t.name, t.because)
    WHEN 'endpoint_thawed' THEN format('%s thawed%s', t.name, t.because)
    WHEN 'message_requested' THEN format('message to %s: %s', t.name, e.data ->> 'title')
    WHEN 'message_sent' THEN format('message to %s sent', t.name)
    WHEN 'message_delayed' THEN format('message to %s not taken yet%s', t.name, t.because)
    WHEN 'message_abandoned' THEN format('message to %s given up%s', t.name, t.because)
    WHEN 'message_folded' THEN format('message to %s told with a later one', t.name)
    WHEN 'message_redriven' THEN format('message to %s wanted again: %s', t.name, e.data ->> 'title')
    WHEN 'note_added' THEN format('note on %s%s', e.stream, t.because)
    WHEN 'deadline_set' THEN format('deadline %s of %s set to %s', e.data ->> 'name', coalesce(t.version, e.stream), e.data ->> 'due_at')
    WHEN 'deadline_passed' THEN format('deadline %s of %s passed', e.data ->> 'name', coalesce(t.version, e.stream))
    ELSE CASE
      WHEN e.type LIKE '%\_defined' THEN format('%s %s declared', t.category, t.name)
      WHEN e.type LIKE '%\_removed' THEN format('%s %s removed', t.category, t.name)
      ELSE format('%s on %s', replace(e.type, '_', ' '), e.stream) END
  END AS what,
  e.stream::text AS stream, e.type::text AS type, o.position IS NOT NULL AS sealed
FROM kedge.event e
  LEFT JOIN kedge.log_order o ON o.event = e.number
  -- What it is about stands in the first event of these streams.
  LEFT JOIN kedge.event f ON f.stream = e.stream AND f.version = 1 AND split_part(e.stream, '/', 1) IN ('alert', 'run', 'deployment')
  CROSS JOIN LATERAL (
    SELECT split_part(e.stream, '/', 1) AS category, substr(e.stream, strpos(e.stream, '/') + 1) AS name,
      f.data #>> '{subject,rule}' AS rule, f.data ->> 'version' AS version, f.data ->> 'endpoint' AS endpoint,
      ': ' || (e.data ->> 'reason') AS because) t
  CROSS JOIN LATERAL (
    SELECT CASE
      WHEN e.data #>> '{plan,candidate}' IS NULL THEN format('all to %s', e.data #>> '{plan,current}')
      WHEN e.data #> '{plan,shadow}' = 'true' THEN format('all to %s, %s in its shadow', e.data #>> '{plan,current}', e.data #>> '{plan,candidate}')
      ELSE format('%s %% to %s, the rest to %s', e.data #>> '{plan,share}', e.data #>> '{plan,candidate}', e.data #>> '{plan,current}') END AS plan) p;
COMMENT ON VIEW audit.timeline IS 'What happened, a sentence for each event.';
COMMENT ON COLUMN audit.timeline.position IS 'Its place in the order of all events; null until it is sealed, some milliseconds after it was appended.';
COMMENT ON COLUMN audit.timeline.id IS 'Names the event; audit.causes tells what led to it.';
COMMENT ON COLUMN audit.timeline.at IS 'When it happened.';
COMMENT ON COLUMN audit.timeline.who IS 'Who did it; kedge/… are policies and workers.';
COMMENT ON COLUMN audit.timeline.what IS 'A sentence for people.';
COMMENT ON COLUMN audit.timeline.stream IS 'What it is about: CATEGORY/NAME.';
COMMENT ON COLUMN audit.timeline.type IS 'The type of the event.';
COMMENT ON COLUMN audit.timeline.sealed IS 'Whether it has its place in the chain of hashes.';
GRANT SELECT ON audit.timeline TO kedge_app, kedge_auditor;
