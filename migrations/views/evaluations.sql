CREATE OR REPLACE VIEW audit.evaluations AS
SELECT e.position, e.run, e.model, e.pipeline, e.champion, e.challenger, e.rows, e.passed,
  (SELECT string_agg(format('%s: %s', g ->> 'rule', replace(g ->> 'outcome', '_', ' ')), '; ') FROM jsonb_array_elements(e.gate) g) AS gate,
  e.metrics -> 'champion' AS champion_metrics, e.metrics -> 'challenger' AS challenger_metrics, e.difference, e.gate AS gate_detail, e.evaluated_at
FROM kedge.evaluation e;
COMMENT ON VIEW audit.evaluations IS 'Comparisons of a challenger with the champion on the same rows, by Kedge and not by the trainer.';
COMMENT ON COLUMN audit.evaluations.position IS 'Position of the event.';
COMMENT ON COLUMN audit.evaluations.run IS 'The run.';
COMMENT ON COLUMN audit.evaluations.model IS 'The model.';
COMMENT ON COLUMN audit.evaluations.pipeline IS 'Whose gate it is.';
COMMENT ON COLUMN audit.evaluations.champion IS 'What served; null for a first version.';
COMMENT ON COLUMN audit.evaluations.challenger IS 'What was trained.';
COMMENT ON COLUMN audit.evaluations.rows IS 'Rows that both predicted.';
COMMENT ON COLUMN audit.evaluations.passed IS 'Whether the gate was passed.';
COMMENT ON COLUMN audit.evaluations.gate IS 'Each rule and its outcome, in words.';
COMMENT ON COLUMN audit.evaluations.champion_metrics IS 'Metrics of the champion.';
COMMENT ON COLUMN audit.evaluations.challenger_metrics IS 'Metrics of the challenger.';
COMMENT ON COLUMN audit.evaluations.difference IS 'Challenger minus champion: value, low and high of the 95 % interval.';
COMMENT ON COLUMN audit.evaluations.gate_detail IS 'Each rule with value and limit.';
COMMENT ON COLUMN audit.evaluations.evaluated_at IS 'When.';
GRANT SELECT ON audit.evaluations TO kedge_app, kedge_auditor;
