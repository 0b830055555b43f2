CREATE OR REPLACE VIEW audit.deployments AS
SELECT d.position, d.id, d.endpoint, d.model, d.version, d.replaces, d.state, d.stage, d.gate_passed, d.automatic, d.requested_by, d.approvals_needed,
  ARRAY(SELECT a.approved_by FROM kedge.approval a WHERE a.deployment = d.id AND a.counts AND a.voided_at IS NULL ORDER BY a.position) AS approved_by,
  (SELECT string_agg(format('%s: %s', a.approved_by, coalesce(a.reason, 'no reason given')), '; ' ORDER BY a.position)
    FROM kedge.approval a WHERE a.deployment = d.id AND a.counts AND a.voided_at IS NULL) AS approved_because,
  d.reason, d.run, d.proposed_at, d.changed_at
FROM kedge.deployment d;
COMMENT ON VIEW audit.deployments IS 'Deployments, with who approved and why.';
COMMENT ON COLUMN audit.deployments.position IS 'Position of the proposal.';
COMMENT ON COLUMN audit.deployments.id IS 'Names the deployment.';
COMMENT ON COLUMN audit.deployments.endpoint IS 'Where to.';
COMMENT ON COLUMN audit.deployments.model IS 'The model.';
COMMENT ON COLUMN audit.deployments.version IS 'What is to serve.';
COMMENT ON COLUMN audit.deployments.replaces IS 'What served when it was proposed.';
COMMENT ON COLUMN audit.deployments.state IS 'held, awaiting_approval, rolling, baking, paused, completed, aborted, rejected, superseded or rolled_back.';
COMMENT ON COLUMN audit.deployments.stage IS 'The stage that was entered last, from 0.';
COMMENT ON COLUMN audit.deployments.gate_passed IS 'Whether its evaluation passed the gate.';
COMMENT ON COLUMN audit.deployments.automatic IS 'Proposed by a policy and not by a person.';
COMMENT ON COLUMN audit.deployments.requested_by IS 'Who asked for it.';
COMMENT ON COLUMN audit.deployments.approvals_needed IS 'How many approvals it takes.';
COMMENT ON COLUMN audit.deployments.approved_by IS 'Who approved, of the approvals that count.';
COMMENT ON COLUMN audit.deployments.approved_because IS 'Who approved and why.';
COMMENT ON COLUMN audit.deployments.reason IS 'What was said with its last change.';
COMMENT ON COLUMN audit.deployments.run IS 'The run that made the version.';
COMMENT ON COLUMN audit.deployments.proposed_at IS 'When it was proposed.';
COMMENT ON COLUMN audit.deployments.changed_at IS 'When it changed last.';
GRANT SELECT ON audit.deployments TO kedge_app, kedge_auditor;
