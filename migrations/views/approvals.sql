CREATE OR REPLACE VIEW audit.approvals AS
SELECT a.position, a.deployment, d.endpoint, d.version, a.approved_by, a.principal, a.identity, a.reason, a.approved_at, a.seen_position, a.counts,
  a.voided_at, a.void_reason, a.id AS event_id
FROM kedge.approval a LEFT JOIN kedge.deployment d ON d.id = a.deployment;
COMMENT ON VIEW audit.approvals IS 'Every approval, also those that do not count or were voided.';
COMMENT ON COLUMN audit.approvals.position IS 'Position of the approval.';
COMMENT ON COLUMN audit.approvals.deployment IS 'What was approved.';
COMMENT ON COLUMN audit.approvals.endpoint IS 'Where to.';
COMMENT ON COLUMN audit.approvals.version IS 'Which version.';
COMMENT ON COLUMN audit.approvals.approved_by IS 'Who they say they are.';
COMMENT ON COLUMN audit.approvals.principal IS 'Who the database says they are.';
COMMENT ON COLUMN audit.approvals.identity IS 'asserted: one database role for all, names are only what people said; verified: the database tells people apart.';
COMMENT ON COLUMN audit.approvals.reason IS 'Why.';
COMMENT ON COLUMN audit.approvals.approved_at IS 'When.';
COMMENT ON COLUMN audit.approvals.seen_position IS 'The position of the log at which the evidence was read.';
COMMENT ON COLUMN audit.approvals.counts IS 'False when who gave it had asked for the deployment, or it was not waiting.';
COMMENT ON COLUMN audit.approvals.voided_at IS 'When it lost its force.';
COMMENT ON COLUMN audit.approvals.void_reason IS 'Why it did.';
COMMENT ON COLUMN audit.approvals.event_id IS 'The event.';
GRANT SELECT ON audit.approvals TO kedge_app, kedge_auditor;
