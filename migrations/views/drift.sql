CREATE OR REPLACE VIEW audit.drift AS
SELECT m.position, m.monitor, n.model, m.source, m.start_at, m.end_at, m.rows, (m.drift ->> 'detected')::boolean AS detected,
  (m.drift ->> 'share')::double precision AS share,
  ARRAY(SELECT jsonb_array_elements_text(coalesce(m.drift -> 'drifted_columns', '[]'))) AS drifted_columns,
  ARRAY(SELECT jsonb_array_elements_text(coalesce(m.schema_changes, '[]'))) AS schema_changes, m.columns, m.late, m.inconclusive, m.failure,
  m.recorded_at, m.id AS event_id,
  ARRAY(SELECT e ->> 'kind' FROM jsonb_array_elements(coalesce(m.model_drift -> 'evidence', '[]')) e WHERE (e ->> 'is_present')::boolean) AS drift_kinds
FROM kedge.measurement m LEFT JOIN kedge.monitor n ON n.name = m.monitor
WHERE m.part = 'input';
COMMENT ON VIEW audit.drift IS 'Each measurement of inputs and whether it found drift.';
COMMENT ON COLUMN audit.drift.position IS 'Position of the event.';
COMMENT ON COLUMN audit.drift.monitor IS 'Whose window it is.';
COMMENT ON COLUMN audit.drift.model IS 'The model that is watched; null when the monitor was removed.';
COMMENT ON COLUMN audit.drift.source IS 'The file.';
COMMENT ON COLUMN audit.drift.start_at IS 'First time in the window.';
COMMENT ON COLUMN audit.drift.end_at IS 'Last time in the window.';
COMMENT ON COLUMN audit.drift.rows IS 'How many rows it has; null when it could not be measured.';
COMMENT ON COLUMN audit.drift.detected IS 'Whether the window drifted; null when it could not be measured.';
COMMENT ON COLUMN audit.drift.share IS 'Drifted columns over compared ones.';
COMMENT ON COLUMN audit.drift.drifted_columns IS 'Which columns drifted.';
COMMENT ON COLUMN audit.drift.schema_changes IS 'Columns that are missing, new, or of another type.';
COMMENT ON COLUMN audit.drift.columns IS 'What the test said of each column.';
COMMENT ON COLUMN audit.drift.late IS 'Found after a later window had been counted: it is shown and changes no alert.';
COMMENT ON COLUMN audit.drift.inconclusive IS 'It had too few rows for a verdict.';
COMMENT ON COLUMN audit.drift.failure IS 'Why it could not be measured.';
COMMENT ON COLUMN audit.drift.recorded_at IS 'When it was recorded.';
COMMENT ON COLUMN audit.drift.event_id IS 'The event; audit.causes tells what led to it.';
COMMENT ON COLUMN audit.drift.drift_kinds IS 'The kinds of drift that are there without looking at labels: covariate, prior.';
GRANT SELECT ON audit.drift TO kedge_app, kedge_auditor;
