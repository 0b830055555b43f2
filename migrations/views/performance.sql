CREATE OR REPLACE VIEW audit.performance AS
SELECT m.position, m.monitor, n.model, m.source, m.start_at, m.end_at, m.rows,
  (m.metrics ->> 'accuracy')::double precision AS accuracy, (m.intervals -> 'accuracy' ->> 0)::double precision AS accuracy_low,
  (m.intervals -> 'accuracy' ->> 1)::double precision AS accuracy_high, (m.metrics ->> 'mae')::double precision AS mean_absolute_error,
  (m.model_drift -> 'estimation' -> 'metrics' -> 'accuracy' ->> 'value')::double precision AS estimated_accuracy,
  (m.metrics ->> 'estimated_accuracy_error')::double precision AS estimation_error,
  m.model_drift -> 'accuracy_against_uncertainty' ->> 'verdict' AS verdict, m.model_drift -> 'accuracy_against_uncertainty' ->> 'because' AS because,
  ARRAY(SELECT e ->> 'kind' FROM jsonb_array_elements(coalesce(m.model_drift -> 'evidence', '[]')) e WHERE (e ->> 'is_present')::boolean) AS drift_kinds,
  m.metrics, m.late, m.inconclusive, m.failure, m.recorded_at, m.id AS event_id
FROM kedge.measurement m LEFT JOIN kedge.monitor n ON n.name = m.monitor
WHERE m.part = 'quality';
COMMENT ON VIEW audit.performance IS 'Each measurement of quality: how right the predictions were, how right they were thought to be without labels, and what that says.';
COMMENT ON COLUMN audit.performance.position IS 'Position of the event.';
COMMENT ON COLUMN audit.performance.monitor IS 'Whose window it is.';
COMMENT ON COLUMN audit.performance.model IS 'The model that is watched; null when the monitor was removed.';
COMMENT ON COLUMN audit.performance.source IS 'The file.';
COMMENT ON COLUMN audit.performance.start_at IS 'First time in the window.';
COMMENT ON COLUMN audit.performance.end_at IS 'Last time in the window.';
COMMENT ON COLUMN audit.performance.rows IS 'How many of its rows have a label; null when it could not be measured.';
COMMENT ON COLUMN audit.performance.accuracy IS 'Share of right predictions; null for a regression.';
COMMENT ON COLUMN audit.performance.accuracy_low IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN audit.performance.accuracy_high IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN audit.performance.mean_absolute_error IS 'Of a regression; else null.';
COMMENT ON COLUMN audit.performance.estimated_accuracy IS 'The accuracy of the same rows, estimated without their labels; null when it cannot be.';
COMMENT ON COLUMN audit.performance.estimation_error IS 'The estimate less what labels gave.';
COMMENT ON COLUMN audit.performance.verdict IS 'Accuracy against uncertainty: known, silent_failure, early_warning, neither or inconclusive; null for a regression.';
COMMENT ON COLUMN audit.performance.because IS 'The verdict in words and numbers.';
COMMENT ON COLUMN audit.performance.drift_kinds IS 'The kinds of drift that are there: covariate, prior, concept.';
COMMENT ON COLUMN audit.performance.metrics IS 'All metrics by name.';
COMMENT ON COLUMN audit.performance.late IS 'Ended before a later window that had been counted: it is shown and changes no alert.';
COMMENT ON COLUMN audit.performance.inconclusive IS 'It had too few rows for a verdict.';
COMMENT ON COLUMN audit.performance.failure IS 'Why it could not be measured.';
COMMENT ON COLUMN audit.performance.recorded_at IS 'When it was recorded.';
COMMENT ON COLUMN audit.performance.event_id IS 'The event; audit.causes tells what led to it.';
GRANT SELECT ON audit.performance TO kedge_app, kedge_auditor;
