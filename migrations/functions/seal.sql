-- Gives unsealed events the next gapless positions; LOG.md, "Seal", says why this is right.
CREATE OR REPLACE FUNCTION kedge.seal() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan SET jit = off
-- As in kedge.has_unsealed: the number leaves out partitions, and the index on the transaction is what is searched.
SET enable_sort = off AS $$
DECLARE
  v_state record;
  v_now pg_snapshot;
  v_events bigint[];
BEGIN
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION 'cannot seal on a standby' USING ERRCODE = 'read_only_sql_transaction',
      HINT = 'Connect to the primary: target_session_attrs=read-write in the URL finds it among several hosts.';
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'cannot seal in a transaction that is %', current_setting('transaction_isolation')
      USING ERRCODE = 'active_sql_transaction', HINT = 'Use READ COMMITTED: an earlier snapshot would hide what the lock waited for.';
  END IF;
  -- Nothing to do: seen without a lock and without writing.
  v_state := kedge.log_state();
  IF v_state.holds AND NOT kedge.has_unsealed(v_state.snap_xmax, v_state.snap_xip, v_state.first) THEN
    RETURN 0;
  END IF;
  PERFORM FROM kedge.log_lock l WHERE l.one FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the row of kedge.log_lock is missing' USING HINT = 'Put it back: INSERT INTO kedge.log_lock DEFAULT VALUES.';
  END IF;
  -- Whoever held the lock may have sealed.
  v_state := kedge.log_state();
  IF NOT v_state.holds THEN
    RETURN kedge.raise_epoch();
  END IF;
  -- The snapshot and the rows come from one statement: whatever commits later is in the next difference.
  WITH now_at AS MATERIALIZED (
    SELECT pg_current_snapshot() AS snapshot
  ), ended AS MATERIALIZED (
    SELECT b.bounds[at] AS above, b.bounds[at + 1] AS below
    FROM now_at CROSS JOIN LATERAL (SELECT kedge.ended_between(v_state.snap_xmax, v_state.snap_xip, now_at.snapshot) AS bounds OFFSET 0) b
      CROSS JOIN LATERAL generate_series(1, cardinality(b.bounds), 2) at
  ), found AS MATERIALIZED (
    -- OFFSET 0: each range is a search of its own.
    SELECT e.number FROM ended r CROSS JOIN LATERAL (
      SELECT e.number FROM kedge.event e WHERE e.xid > r.above AND e.xid < r.below AND e.number >= v_state.first ORDER BY e.xid OFFSET 0) e
  )
  SELECT (SELECT n.snapshot FROM now_at n), array_agg(f.number ORDER BY f.number) INTO v_now, v_events FROM found f;
  IF v_events IS NULL THEN
    RETURN 0;
  END IF;
  RETURN kedge.chain(v_events, v_state.epoch, v_now);
END $$;
COMMENT ON FUNCTION kedge.seal IS
  'Gives the events that became visible since the last seal their positions, in a transaction of its own; returns how many.';
