CREATE OR REPLACE FUNCTION audit.as_of("position" bigint)
RETURNS TABLE (
  stream text, version bigint, type text, data jsonb, actor text, event_id uuid, event_position bigint, occurred_at timestamptz
)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT ON (e.stream) e.stream, e.version, e.type, e.data, e.actor, e.id, e.position, e.occurred_at
  FROM audit.event e WHERE e.position <= as_of.position ORDER BY e.stream, e.position DESC
$$;
COMMENT ON FUNCTION audit.as_of IS 'Every stream as it stood when that position was given: its version and its newest event then.';
