-- Recomputes the chain, all at once: each hash from the one stored before it, so that no loop is needed; the first place
-- where stored and computed differ is the first event that does not fit.
CREATE OR REPLACE FUNCTION audit.verify(from_position bigint DEFAULT 1, to_position bigint DEFAULT NULL)
RETURNS TABLE (verified boolean, events bigint, head_position bigint, head_hash bytea, first_bad_position bigint, reason text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_from bigint := greatest(coalesce(from_position, 1), 1);
  v_head bigint := (SELECT s.last_position FROM kedge.log_seal s ORDER BY s.number DESC LIMIT 1);
  v_to bigint := coalesce(to_position, greatest(v_head, (SELECT max(o.position) FROM kedge.log_order o)), 0);
  v_seal bigint;
BEGIN
  WITH linked AS (
    SELECT o.position, o.hash, o.event, e.number, s.number AS seal,
      lag(o.position, 1, v_from - 1) OVER w AS before_position,
      CASE WHEN o.position = 1 THEN decode(repeat('00', 32), 'hex')
        ELSE coalesce(lag(o.hash) OVER w, (SELECT b.hash FROM kedge.log_order b WHERE b.position = v_from - 1)) END AS before_hash,
      audit.hashed_bytes(s.epoch, o.position, e.id, e.stream, e.version, e.type, e.schema, e.data, e.actor, e.principal,
        e.correlation_id, e.causation_id, e.idempotency_key, e.occurred_at, e.recorded_at, s.sealed_at) AS bytes
    FROM kedge.log_order o
      LEFT JOIN kedge.log_seal s ON s.number = o.seal
      LEFT JOIN kedge.event e ON e.number = o.event
    WHERE o.position BETWEEN v_from AND v_to
    WINDOW w AS (ORDER BY o.position)
  ), judged AS (
    SELECT l.position, l.before_position,
      CASE
        WHEN l.position <> l.before_position + 1 THEN 'missing'
        WHEN l.number IS NULL THEN 'removed'
        WHEN l.seal IS NULL THEN 'seal'
        WHEN l.before_hash IS NULL THEN 'before'
        WHEN l.hash <> sha256(l.before_hash || l.bytes) THEN 'changed'
      END AS verdict
    FROM linked l
  ), counted AS (
    SELECT count(*) AS events, max(j.position) AS last, min(j.position) FILTER (WHERE j.verdict IS NOT NULL) AS bad FROM judged j
  )
  SELECT c.bad IS NULL, c.events, c.last, CASE j.verdict WHEN 'missing' THEN j.before_position + 1 ELSE c.bad END,
    CASE j.verdict
      WHEN 'missing' THEN format('position %s is missing', j.before_position + 1)
      WHEN 'removed' THEN format('the event at position %s was removed', c.bad)
      WHEN 'seal' THEN format('the seal of position %s was removed', c.bad)
      WHEN 'before' THEN format('position %s, from whose hash the chain goes on, is missing', v_from - 1)
      WHEN 'changed' THEN format('the hash at position %s does not fit: the event, its place, its hash or the hash before it was changed', c.bad)
    END
  INTO verified, events, head_position, first_bad_position, reason
  FROM counted c LEFT JOIN judged j ON j.position = c.bad;
  -- What was cut off at the end.
  IF verified AND v_to >= v_from AND v_to <= greatest(v_head, coalesce(head_position, 0)) AND head_position IS DISTINCT FROM v_to THEN
    verified := false;
    first_bad_position := coalesce(head_position, v_from - 1) + 1;
    reason := format('position %s is missing', first_bad_position);
  ELSIF verified AND head_position > coalesce(v_head, 0) THEN
    verified := false;
    first_bad_position := coalesce(v_head, 0) + 1;
    reason := format('no seal says that there is a position %s', first_bad_position);
  END IF;
  -- What the seals say of the position that was given last, also those that were made of nothing.
  SELECT min(greatest(s.last_position, 1)) INTO v_seal
  FROM kedge.log_seal s LEFT JOIN kedge.log_order o ON o.position = s.last_position
  WHERE (s.last_position >= v_from OR v_from = 1) AND (to_position IS NULL OR s.last_position <= to_position)
    AND s.hash <> CASE s.last_position WHEN 0 THEN decode(repeat('00', 32), 'hex') ELSE coalesce(o.hash, '') END;
  IF v_seal < coalesce(first_bad_position, v_seal + 1) THEN
    verified := false;
    first_bad_position := v_seal;
    reason := format('a seal says another hash for position %s', v_seal);
  END IF;
  head_hash := (SELECT o.hash FROM kedge.log_order o WHERE o.position = head_position);
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION audit.verify IS
  'Recomputes the chain of hashes, the whole of it or between two positions. verified, or the first position that does not fit and why.';
