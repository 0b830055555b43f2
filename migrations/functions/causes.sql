-- Follows causation_id and data.because from an event to where it all began. depth 0 is the event itself.
CREATE OR REPLACE FUNCTION audit.causes(event_id uuid)
RETURNS TABLE (
  depth integer, effect uuid, "position" bigint, id uuid, stream text, version bigint, type text, schema integer, data jsonb, actor text,
  principal text, occurred_at timestamptz, recorded_at timestamptz
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH RECURSIVE chain AS (
    SELECT 0 AS depth, NULL::uuid AS effect, e.number, e.id, ARRAY[e.id] AS path
    FROM kedge.event e WHERE e.id = event_id
    UNION ALL
    SELECT c.depth + 1, c.id, e.number, e.id, c.path || e.id
    FROM chain c
      JOIN kedge.event x ON x.number = c.number
      CROSS JOIN LATERAL (
        SELECT x.causation_id AS id WHERE x.causation_id IS NOT NULL
        UNION
        SELECT (b #>> '{}')::uuid FROM jsonb_path_query(x.data, '$.because[*]') b
        WHERE (b #>> '{}') ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') cause
      JOIN kedge.event e ON e.id = cause.id
    WHERE c.depth < 1000 AND e.id <> ALL (c.path)
  ), nearest AS (
    -- An event that is reached on several ways is shown where it is nearest.
    SELECT DISTINCT ON (c.id) c.depth, c.effect, c.number FROM chain c ORDER BY c.id, c.depth
  )
  SELECT n.depth, n.effect, o.position, e.id, e.stream::text, e.version, e.type::text, e.schema, e.data::jsonb, e.actor::text, e.principal::text,
    e.occurred_at::timestamptz, e.recorded_at::timestamptz
  FROM nearest n JOIN kedge.event e ON e.number = n.number LEFT JOIN kedge.log_order o ON o.event = e.number
  ORDER BY n.depth, o.position;
END $$;
COMMENT ON FUNCTION audit.causes IS 'What led to an event, back to where it began: depth 0 is the event, effect the event that a row is a cause of.';
