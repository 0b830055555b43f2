-- Begins an epoch: seals by anti-join whatever has no position, and sets the insert number from which on the comparison
-- of snapshots is trusted. Called by seal, which holds the lock row.
CREATE OR REPLACE FUNCTION kedge.raise_epoch() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
-- Seal pins these for its probe; the anti-join over everything wants them back.
SET enable_seqscan = on SET enable_bitmapscan = on SET enable_hashjoin = on SET enable_mergejoin = on
SET enable_sort = on SET plan_cache_mode = auto AS $$
DECLARE
  v_epoch bigint := coalesce((SELECT max(e.number) FROM kedge.log_epoch e), 0) + 1;
  v_first bigint;
  v_now pg_snapshot;
  v_events bigint[];
BEGIN
  -- Insert numbers are drawn by statements that hold a conflicting lock: whoever has not got one yet will get one
  -- from v_first on, and whoever has got one has ended when this lock is ours.
  LOCK TABLE kedge.event IN SHARE ROW EXCLUSIVE MODE;
  -- A restore can leave the sequence behind the rows.
  v_first := setval('kedge.event_number',
    greatest(nextval('kedge.event_number'), coalesce((SELECT max(e.number) FROM kedge.event e), 0) + 1));
  SELECT pg_current_snapshot(), array_agg(e.number ORDER BY e.number) INTO v_now, v_events
  FROM kedge.event e WHERE NOT EXISTS (SELECT FROM kedge.log_order o WHERE o.event = e.number);
  -- A sequence that was behind has given lower numbers than those that reading a stream begins with.
  WITH lowest AS MATERIALIZED (
    SELECT e.stream, min(e.number) AS number FROM unnest(v_events) n JOIN kedge.event e ON e.number = n GROUP BY e.stream
  ), forgotten AS (
    DELETE FROM kedge.stream_state t USING lowest l WHERE t.stream = l.stream AND t.number > l.number
  )
  UPDATE kedge.stream s SET first_number = l.number FROM lowest l WHERE s.name = l.stream AND s.first_number > l.number;
  INSERT INTO kedge.log_epoch (number, system_identifier, timeline, database_oid, lock_oid, first, raised_at)
  VALUES (
    v_epoch, (SELECT c.system_identifier FROM pg_control_system() c), left(pg_walfile_name(pg_current_wal_lsn()), 8),
    (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()), 'kedge.log_lock'::regclass::oid, v_first,
    clock_timestamp());
  RETURN kedge.chain(coalesce(v_events, '{}'), v_epoch, v_now);
END $$;
COMMENT ON FUNCTION kedge.raise_epoch IS
  'Begins an epoch after a restore, a promotion, or at the first seal. Waits at most 2 s for writers, else 55P03: try again.';
