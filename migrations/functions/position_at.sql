CREATE OR REPLACE FUNCTION audit.position_at(at timestamptz) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT s.last_position FROM kedge.log_seal s WHERE s.sealed_at <= at ORDER BY s.sealed_at DESC, s.number DESC LIMIT 1), 0)
$$;
COMMENT ON FUNCTION audit.position_at IS 'The position that was given last at a time; 0 before the first.';
