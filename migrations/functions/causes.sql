-- Follows causation_id and data.because from an event to where it all began, one step back at a time: each event once, where it is
-- nearest, however many ways lead to it. depth 0 is the event itself.
CREATE OR REPLACE FUNCTION audit.causes(event_id uuid)
RETURNS TABLE (
  depth integer, effect uuid, "position" bigint, id uuid, stream text, version bigint, type text, schema integer, data jsonb, actor text,
  principal text, occurred_at timestamptz, recorded_at timestamptz
)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_depth integer := 0;
  v_ids uuid[] := ARRAY[event_id];
  v_effects uuid[] := ARRAY[NULL::uuid];
  v_seen uuid[] := '{}';
BEGIN
  WHILE cardinality(v_ids) > 0 LOOP
    RETURN QUERY
    SELECT v_depth, f.effect, o.position, e.id, e.stream::text, e.version, e.type::text, e.schema, e.data::jsonb, e.actor::text, e.principal::text,
      e.occurred_at::timestamptz, e.recorded_at::timestamptz
    FROM unnest(v_ids, v_effects) f (id, effect) JOIN kedge.event e ON e.id = f.id LEFT JOIN kedge.log_order o ON o.event = e.number
    ORDER BY o.position;
    v_seen := v_seen || v_ids;
    v_depth := v_depth + 1;
    SELECT array_agg(c.id), array_agg(c.effect) INTO v_ids, v_effects FROM (
      SELECT DISTINCT ON (cause.id) cause.id, e.id AS effect
      FROM unnest(v_ids) WITH ORDINALITY f (id, place) JOIN kedge.event e ON e.id = f.id
        CROSS JOIN LATERAL (
          SELECT e.causation_id AS id WHERE e.causation_id IS NOT NULL
          UNION
          SELECT (b #>> '{}')::uuid FROM jsonb_path_query(e.data, '$.because[*]') b
          WHERE (b #>> '{}') ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') cause
      WHERE cause.id <> ALL (v_seen)
      ORDER BY cause.id, f.place) c;
  END LOOP;
END $$;
COMMENT ON FUNCTION audit.causes IS 'What led to an event, back to where it began: depth 0 is the event, effect the event that a row is a cause of.';
