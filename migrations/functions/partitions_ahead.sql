CREATE OR REPLACE FUNCTION kedge.partitions_ahead() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*)::integer FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'kedge.event'::regclass
    AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''(\d+)''\)')::bigint > (SELECT s.last_value FROM kedge.event_number s)
$$;
COMMENT ON FUNCTION kedge.partitions_ahead IS 'How many whole partitions lie ahead of the newest event: fewer than two is an alarm.';
