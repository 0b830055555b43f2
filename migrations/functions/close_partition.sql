-- From now on nothing can be added to a partition, so that it can be copied in peace. The numbers of a full partition are all
-- drawn; whoever drew one and has not inserted yet holds a lock on the parent that this waits for.
CREATE OR REPLACE FUNCTION kedge.close_partition(partition text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  v_end bigint;
BEGIN
  SELECT substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''(\d+)''\)')::bigint INTO v_end
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'kedge.event'::regclass AND c.relname = partition;
  IF v_end IS NULL THEN
    RAISE EXCEPTION 'kedge.event has no partition %', partition USING ERRCODE = 'undefined_table';
  END IF;
  IF EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = format('kedge.%I', partition)::regclass AND t.tgname = 'refuse_insert') THEN
    RETURN;
  END IF;
  LOCK TABLE ONLY kedge.event IN SHARE MODE;
  IF (SELECT s.last_value FROM kedge.event_number s) < v_end THEN
    RAISE EXCEPTION 'partition % is not full', partition USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Events will still be added to it.';
  END IF;
  EXECUTE format('CREATE TRIGGER refuse_insert BEFORE INSERT ON kedge.%I FOR EACH ROW EXECUTE FUNCTION kedge.refuse_change()', partition);
  EXECUTE format('ALTER TABLE kedge.%I ENABLE ALWAYS TRIGGER refuse_insert', partition);
END $$;
COMMENT ON FUNCTION kedge.close_partition IS
  'Refuses further events in a full partition, for good. Waits at most 2 s for writers, else 55P03: try again.';
