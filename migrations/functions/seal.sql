-- Gives unsealed events the next gapless positions; LOG.md, "Seal", says why this is right.
CREATE OR REPLACE FUNCTION kedge.seal() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_epoch bigint;
  v_first bigint;
  v_xmax xid8;
  v_xip xid8[];
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
  IF kedge.epoch_holds() AND NOT kedge.has_unsealed() THEN
    RETURN 0;
  END IF;
  PERFORM FROM kedge.log_lock FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the row of kedge.log_lock is missing' USING HINT = 'Put it back: INSERT INTO kedge.log_lock DEFAULT VALUES.';
  END IF;
  IF NOT kedge.epoch_holds() THEN
    RETURN kedge.raise_epoch();
  END IF;
  SELECT s.epoch, e.first, s.snap_xmax, s.snap_xip INTO v_epoch, v_first, v_xmax, v_xip
  FROM kedge.log_seal s JOIN kedge.log_epoch e ON e.number = s.epoch ORDER BY s.number DESC LIMIT 1;
  -- The snapshot and the rows come from one statement: whatever commits later is in the next difference.
  WITH now_at AS MATERIALIZED (
    SELECT pg_current_snapshot() AS snapshot
  ), ended AS MATERIALIZED (
    SELECT r.above, r.below FROM now_at CROSS JOIN LATERAL kedge.ended_between(v_xmax, v_xip, now_at.snapshot) r
  ), found AS MATERIALIZED (
    SELECT e.number FROM ended r JOIN kedge.event e ON e.xid > r.above AND e.xid < r.below WHERE e.number >= v_first
  )
  SELECT (SELECT n.snapshot FROM now_at n), array_agg(f.number ORDER BY f.number) INTO v_now, v_events FROM found f;
  IF v_events IS NULL THEN
    RETURN 0;
  END IF;
  RETURN kedge.chain(v_events, v_epoch, v_now);
END $$;
COMMENT ON FUNCTION kedge.seal IS
  'Gives the events that became visible since the last seal their positions, in a transaction of its own; returns how many.';
