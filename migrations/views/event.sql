CREATE OR REPLACE VIEW audit.event AS
SELECT
  o.position, s.epoch, e.id, e.stream::text AS stream, e.version, e.type::text AS type, e.schema, e.data::jsonb AS data,
  e.actor::text AS actor, e.principal::text AS principal, e.correlation_id, e.causation_id, e.idempotency_key::text AS idempotency_key,
  e.occurred_at::timestamptz AS occurred_at, e.recorded_at::timestamptz AS recorded_at, s.sealed_at, o.hash
FROM kedge.log_order o
  JOIN kedge.log_seal s ON s.number = o.seal
  JOIN kedge.event e ON e.number = o.event;
COMMENT ON VIEW audit.event IS 'The sealed events: what happened, in the order that is proven by the chain of hashes. Newest are here some milliseconds after they were appended.';
COMMENT ON COLUMN audit.event.position IS '1, 2, 3 … over all streams, without gaps.';
COMMENT ON COLUMN audit.event.epoch IS 'The epoch in which it was sealed: one higher after a restore or a failover.';
COMMENT ON COLUMN audit.event.id IS 'Names the event everywhere.';
COMMENT ON COLUMN audit.event.stream IS 'What it is about: CATEGORY/NAME.';
COMMENT ON COLUMN audit.event.version IS '1 for the first event of the stream, then one higher each.';
COMMENT ON COLUMN audit.event.type IS 'What happened: snake_case, past tense.';
COMMENT ON COLUMN audit.event.schema IS 'Which shape the data of this type has.';
COMMENT ON COLUMN audit.event.data IS 'The facts; other causes than causation_id stand in the list data.because.';
COMMENT ON COLUMN audit.event.actor IS 'Who they say they are.';
COMMENT ON COLUMN audit.event.principal IS 'Who the database says they are: its session user, or token:NAME.';
COMMENT ON COLUMN audit.event.correlation_id IS 'The event with which the whole story began.';
COMMENT ON COLUMN audit.event.causation_id IS 'The event that made this one happen; audit.causes follows it.';
COMMENT ON COLUMN audit.event.idempotency_key IS 'Unique in its stream: the same append sent again is appended once.';
COMMENT ON COLUMN audit.event.occurred_at IS 'When it happened, as the writer says.';
COMMENT ON COLUMN audit.event.recorded_at IS 'When it was inserted, by the clock of the database.';
COMMENT ON COLUMN audit.event.sealed_at IS 'When it got its position; never earlier than that of a lower position.';
COMMENT ON COLUMN audit.event.hash IS 'sha256(hash of the position before, 32 zero bytes for the first ‖ audit.hashed_bytes of this event).';
