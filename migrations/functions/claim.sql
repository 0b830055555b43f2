-- Hands out work, each piece to one holder at a time, with a fencing token. What can be claimed is a range of one index for
-- each kind and pool, however much is held, done, waiting or not due.
CREATE OR REPLACE FUNCTION kedge.claim(kinds text[], holder text, lease interval, max integer DEFAULT 1, pools text[] DEFAULT NULL)
RETURNS TABLE (
  id uuid, kind text, stream text, subject text, data jsonb, exclusive text, sequence bigint, pool text, due_at timestamptz,
  "position" bigint, created_at timestamptz, token bigint, expires_at timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_left integer := max;
  v_lane record;
  v_room integer;
  v_slots bigint;
  v_work uuid[];
BEGIN
  IF claim.holder IS NULL OR claim.lease IS NULL OR claim.lease <= interval '0' THEN
    RAISE EXCEPTION 'a claim needs a holder and a lease longer than nothing' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR v_lane IN
    -- Hops along the index from one (kind, pool) to the next.
    WITH RECURSIVE lane AS (
      SELECT k.kind, f.pool, f.available_at FROM (SELECT DISTINCT k FROM unnest(kinds) k) k (kind) CROSS JOIN LATERAL (
        SELECT l.pool, l.available_at FROM kedge.lease l
        WHERE l.kind = k.kind AND NOT l.done AND NOT l.waiting AND NOT l.gone ORDER BY l.pool, l.available_at LIMIT 1) f
      UNION ALL
      SELECT lane.kind, f.pool, f.available_at FROM lane CROSS JOIN LATERAL (
        SELECT l.pool, l.available_at FROM kedge.lease l
        WHERE l.kind = lane.kind AND l.pool > lane.pool AND NOT l.done AND NOT l.waiting AND NOT l.gone
        ORDER BY l.pool, l.available_at LIMIT 1) f
    )
    SELECT lane.kind, lane.pool FROM lane
    WHERE lane.available_at <= v_now AND (pools IS NULL OR lane.pool = '' OR lane.pool = ANY (pools))
    ORDER BY lane.available_at
  LOOP
    EXIT WHEN v_left <= 0;
    v_room := v_left;
    IF v_lane.pool <> '' THEN
      -- Claims of one pool queue here, so that each counts what the one before it took.
      SELECT p.slots INTO v_slots FROM kedge.pool p WHERE p.name = v_lane.pool FOR NO KEY UPDATE;
      IF FOUND THEN
        SELECT least(v_left, v_slots - count(*)) INTO v_room FROM kedge.lease l
        WHERE l.pool = v_lane.pool AND l.pool <> '' AND l.holder IS NOT NULL AND NOT l.done AND l.expires_at > (SELECT clock_timestamp());
      END IF;
    END IF;
    CONTINUE WHEN v_room <= 0;
    v_work := ARRAY(
      SELECT l.work FROM kedge.lease l
      WHERE l.kind = v_lane.kind AND l.pool = v_lane.pool AND NOT l.done AND NOT l.waiting AND NOT l.gone
        AND l.available_at <= (SELECT clock_timestamp())
        -- One whose turn has come while one behind it is under way waits for that.
        AND (l.exclusive IS NULL OR NOT EXISTS (
          SELECT FROM kedge.lease o
          WHERE o.exclusive = l.exclusive AND o.exclusive IS NOT NULL AND o.holder IS NOT NULL AND NOT o.done AND o.work <> l.work
            AND NOT o.gone AND o.expires_at > (SELECT clock_timestamp())))
      ORDER BY l.available_at LIMIT v_room FOR UPDATE SKIP LOCKED);
    CONTINUE WHEN v_work = '{}';
    v_left := v_left - cardinality(v_work);
    RETURN QUERY
    WITH taken AS (
      UPDATE kedge.lease l SET
        token = nextval('kedge.lease_token'), holder = claim.holder, span = claim.lease, claimed_at = clock_timestamp(),
        expires_at = clock_timestamp() + claim.lease, available_at = clock_timestamp() + claim.lease
      FROM unnest(v_work) t WHERE l.work = t
      RETURNING l.work, l.token, l.expires_at
    )
    SELECT w.id, w.kind, w.stream, w.subject, w.data, w.exclusive, w.sequence, w.pool, w.due_at, w.position, w.created_at, t.token, t.expires_at
    FROM taken t JOIN kedge.work w ON w.id = t.work ORDER BY t.token;
  END LOOP;
  PERFORM kedge.shorten_idle(claim.lease);
END $$;
COMMENT ON FUNCTION kedge.claim IS
  'Claims up to max pieces of due work of these kinds for the holder, each with a fencing token and a lease. '
  'pools: only of these pools, and work without a pool; null is every pool. Slots of pools and exclusive keys are respected.';
