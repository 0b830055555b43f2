-- Reads from where the stream begins: older partitions are left out. A generic plan, because planning takes longer than reading.
-- Volatile, so that its snapshot is taken when it has the lock: to an earlier one, a partition that is swapped meanwhile would be empty.
CREATE OR REPLACE FUNCTION kedge.stream_events(stream text, after bigint, most bigint, from_number bigint DEFAULT 0) RETURNS SETOF kedge.event
LANGUAGE plpgsql VOLATILE ROWS 100 SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
DECLARE
  v_first bigint := (SELECT greatest(s.first_number, from_number) FROM kedge.stream s WHERE s.name = stream_events.stream);
BEGIN
  RETURN QUERY
  SELECT e.* FROM kedge.event e
  WHERE e.stream = stream_events.stream AND e.version > after AND e.number >= v_first ORDER BY e.version LIMIT most;
END $$;
COMMENT ON FUNCTION kedge.stream_events IS 
  'The events of a stream after a version, at most so many, in order. from_number: no such event has a lower insert number.';
