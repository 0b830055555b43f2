CREATE OR REPLACE VIEW audit.runs AS
SELECT r.position, r.id, r.model, r.pipeline, r.state, r.reason ->> 'kind' AS reason, r.reason AS reason_detail, r.parameters, r.attempt AS attempts,
  r.version, r.failure, r.requested_by, r.requested_at, r.started_at, r.finished_at
FROM kedge.run r;
COMMENT ON VIEW audit.runs IS 'Runs: training and evaluation of one challenger each.';
COMMENT ON COLUMN audit.runs.position IS 'Position of the request.';
COMMENT ON COLUMN audit.runs.id IS 'Names the run.';
COMMENT ON COLUMN audit.runs.model IS 'What is trained.';
COMMENT ON COLUMN audit.runs.pipeline IS 'How.';
COMMENT ON COLUMN audit.runs.state IS 'requested, running, evaluating, succeeded, failed, cancelled or timed_out.';
COMMENT ON COLUMN audit.runs.reason IS 'Why: alert, alerts, schedule, person or stream.';
COMMENT ON COLUMN audit.runs.reason_detail IS 'Which alert, which schedule, or what the person said.';
COMMENT ON COLUMN audit.runs.parameters IS 'Handed to trainer and evaluator.';
COMMENT ON COLUMN audit.runs.attempts IS 'The attempt under way, or the last.';
COMMENT ON COLUMN audit.runs.version IS 'The version it made.';
COMMENT ON COLUMN audit.runs.failure IS 'Why it failed.';
COMMENT ON COLUMN audit.runs.requested_by IS 'Who asked for it; kedge/… is a policy.';
COMMENT ON COLUMN audit.runs.requested_at IS 'When.';
COMMENT ON COLUMN audit.runs.started_at IS 'When the last attempt began.';
COMMENT ON COLUMN audit.runs.finished_at IS 'When it was over.';
GRANT SELECT ON audit.runs TO kedge_app, kedge_auditor;
