CREATE OR REPLACE FUNCTION audit.as_of("position" bigint)
RETURNS TABLE (
  stream text, version bigint, type text, data jsonb, actor text, event_id uuid, event_position bigint, occurred_at timestamptz
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_head bigint := coalesce((SELECT s.last_position FROM kedge.log_seal s ORDER BY s.number DESC LIMIT 1), 0);
BEGIN
  IF as_of.position IS NULL OR as_of.position NOT BETWEEN 0 AND v_head THEN
    RAISE EXCEPTION 'position % is not in the log, which goes from 1 to %', coalesce(as_of.position::text, 'null'), v_head
      USING ERRCODE = 'invalid_parameter_value', HINT = 'audit.position_at(time) tells the position that was given last at a time.';
  END IF;
  RETURN QUERY
  -- The newest of each stream is found without carrying the data along.
  WITH newest AS (
    SELECT max(o.position) AS position FROM kedge.log_order o JOIN kedge.event e ON e.number = o.event
    WHERE o.position <= as_of.position GROUP BY e.stream
  )
  SELECT e.stream::text, e.version, e.type::text, e.data::jsonb, e.actor::text, e.id, n.position, e.occurred_at::timestamptz
  FROM newest n JOIN kedge.log_order o ON o.position = n.position JOIN kedge.event e ON e.number = o.event
  ORDER BY e.stream::text COLLATE "C";
END $$;
COMMENT ON FUNCTION audit.as_of IS
  'Every stream as it stood when that position was given: its version and its newest event then. A position beyond the log is refused. '
  'kedge get KIND --as-of shows the read models of that moment.';
