CREATE OR REPLACE VIEW audit.rollbacks AS
SELECT e.position, substr(e.stream, strpos(e.stream, '/') + 1) AS endpoint, e.data ->> 'from' AS from_version, e.data ->> 'to' AS to_version,
  e.data -> 'automatic' = 'true' AS automatic, e.data ->> 'reason' AS reason, e.actor AS decided_by, e.occurred_at AS decided_at,
  (SELECT min(d.occurred_at) FROM audit.event d WHERE d.stream = e.stream AND d.type = 'rolled_back' AND d.version > e.version
    AND d.data ->> 'to' = e.data ->> 'to') AS done_at,
  e.data ->> 'deployment' AS deployment, e.id AS event_id
FROM audit.event e WHERE e.type = 'rollback_decided';
COMMENT ON VIEW audit.rollbacks IS 'Every decision to send traffic back, by a policy or by a person.';
COMMENT ON COLUMN audit.rollbacks.position IS 'Position of the decision.';
COMMENT ON COLUMN audit.rollbacks.endpoint IS 'Where.';
COMMENT ON COLUMN audit.rollbacks.from_version IS 'What was left.';
COMMENT ON COLUMN audit.rollbacks.to_version IS 'What serves again.';
COMMENT ON COLUMN audit.rollbacks.automatic IS 'Decided by a policy and not by a person.';
COMMENT ON COLUMN audit.rollbacks.reason IS 'Why.';
COMMENT ON COLUMN audit.rollbacks.decided_by IS 'Who decided; kedge/… is a policy.';
COMMENT ON COLUMN audit.rollbacks.decided_at IS 'When it was decided.';
COMMENT ON COLUMN audit.rollbacks.done_at IS 'When the traffic had been moved; null until then.';
COMMENT ON COLUMN audit.rollbacks.deployment IS 'The deployment that brought the version that was left.';
COMMENT ON COLUMN audit.rollbacks.event_id IS 'The event; audit.causes tells what led to it.';
GRANT SELECT ON audit.rollbacks TO kedge_app, kedge_auditor;
