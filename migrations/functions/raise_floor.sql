-- Leaves old partitions out of what sealing looks into. In two calls: the first notes a number, and the transactions that may have
-- drawn a lower one and have not ended; a later one, when all of these have ended, seals, after which no event below that number
-- can be without its position. Numbers are drawn by statements that hold a lock on the table until their transaction ends, and a
-- transaction is visible before it gives up its locks. Waits for nobody.
CREATE OR REPLACE FUNCTION kedge.raise_floor(step bigint DEFAULT 1000000) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_epoch bigint;
  v_floor kedge.log_floor;
  v_next bigint;
  v_writers text[];
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'cannot raise the floor in a transaction that is %', current_setting('transaction_isolation')
      USING ERRCODE = 'active_sql_transaction', HINT = 'Use READ COMMITTED: an earlier snapshot would hide who has ended.';
  END IF;
  SELECT s.epoch INTO v_epoch FROM kedge.log_seal s ORDER BY s.number DESC LIMIT 1;
  -- Before the writers: who comes later draws higher numbers.
  v_next := (SELECT n.last_value FROM kedge.event_number n);
  SELECT f.* INTO v_floor FROM kedge.log_floor f WHERE f.one AND f.epoch = v_epoch;
  IF v_epoch IS NULL OR v_next - greatest(v_floor.number, (SELECT e.first FROM kedge.log_epoch e WHERE e.number = v_epoch)) < step THEN
    RETURN false;
  END IF;
  -- One at a time.
  PERFORM FROM kedge.log_lock l WHERE l.one FOR UPDATE;
  SELECT f.* INTO v_floor FROM kedge.log_floor f WHERE f.one AND f.epoch = v_epoch;
  -- A transaction that is prepared changes its name and has no process.
  v_writers := ARRAY(
    SELECT DISTINCT CASE WHEN l.pid IS NULL THEN 'prepared' ELSE l.virtualtransaction END
    FROM pg_locks l JOIN pg_inherits i ON l.relation IN (i.inhparent, i.inhrelid)
    WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND i.inhparent = 'kedge.event'::regclass
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()));
  IF v_floor.next_number > v_floor.number AND NOT v_writers && (v_floor.waits_for || 'prepared'::text) THEN
    PERFORM kedge.seal();
    UPDATE kedge.log_floor f SET number = f.next_number, waits_for = '{}' WHERE f.one AND f.epoch = v_epoch;
    RETURN true;
  ELSIF v_floor.next_number > v_floor.number THEN
    RETURN false;
  END IF;
  INSERT INTO kedge.log_floor AS f (epoch, number, next_number, waits_for) VALUES (v_epoch, 0, v_next, v_writers)
  ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, number = CASE WHEN f.epoch = excluded.epoch THEN f.number ELSE 0 END,
    next_number = excluded.next_number, waits_for = excluded.waits_for;
  RETURN false;
END $$;
COMMENT ON FUNCTION kedge.raise_floor IS
  'Raises the insert number from which sealing looks for events, when so many lie above it; in two calls or more. Returns whether it rose.';
