CREATE OR REPLACE VIEW audit.alerts AS
SELECT a.position, a.id, a.rule, a.monitor, a.endpoint, a.model, a.state, a.severity, a.metric, a.value, a.condition,
  ARRAY(SELECT jsonb_array_elements_text(coalesce(a.drifted_columns, '[]'))) AS drifted_columns, a.since_at, a.raised_at, a.acknowledged_by,
  a.acknowledged_at, a.resolved_at, a.reason, a.series, a.recovering_since, a.flapping
FROM kedge.alert a;
COMMENT ON VIEW audit.alerts IS 'Alerts, from the first window to their end.';
COMMENT ON COLUMN audit.alerts.position IS 'Position of the event by which it was raised, or became pending.';
COMMENT ON COLUMN audit.alerts.id IS 'Names the alert.';
COMMENT ON COLUMN audit.alerts.rule IS 'The rule whose condition holds.';
COMMENT ON COLUMN audit.alerts.monitor IS 'The monitor that measured it.';
COMMENT ON COLUMN audit.alerts.endpoint IS 'The endpoint it is about, if any.';
COMMENT ON COLUMN audit.alerts.model IS 'The model it is about.';
COMMENT ON COLUMN audit.alerts.state IS 'pending, firing, resolved or false_alarm.';
COMMENT ON COLUMN audit.alerts.severity IS 'info, warning or critical.';
COMMENT ON COLUMN audit.alerts.metric IS 'The metric of the rule.';
COMMENT ON COLUMN audit.alerts.value IS 'Its value when it was raised.';
COMMENT ON COLUMN audit.alerts.condition IS 'The condition in words.';
COMMENT ON COLUMN audit.alerts.drifted_columns IS 'What had drifted.';
COMMENT ON COLUMN audit.alerts.since_at IS 'End of the first window in which the condition held.';
COMMENT ON COLUMN audit.alerts.raised_at IS 'When it fired; null while it is pending.';
COMMENT ON COLUMN audit.alerts.acknowledged_by IS 'Who looks after it.';
COMMENT ON COLUMN audit.alerts.acknowledged_at IS 'Since when.';
COMMENT ON COLUMN audit.alerts.resolved_at IS 'When it ended.';
COMMENT ON COLUMN audit.alerts.reason IS 'Why it ended.';
COMMENT ON COLUMN audit.alerts.series IS 'The column or version that it is about, where the rule judges each by itself.';
COMMENT ON COLUMN audit.alerts.recovering_since IS 'Since when the condition holds no longer while the alert still fires.';
COMMENT ON COLUMN audit.alerts.flapping IS 'How many alerts of its rule came and went of late, when they are so many that it flaps.';
GRANT SELECT ON audit.alerts TO kedge_app, kedge_auditor;
