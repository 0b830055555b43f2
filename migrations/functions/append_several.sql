-- The events of an append to one stream, without idempotency keys and given ids; called by append, which has moved the head
-- of the stream on from `head`.
CREATE OR REPLACE FUNCTION kedge.append_several(
  stream text, head bigint, events jsonb, actor text, correlation_id uuid, causation_id uuid
) RETURNS TABLE (id uuid, version bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
-- A list in jsonb is estimated by its length when it is known: without this each call would be planned anew.
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
  v_count bigint;
BEGIN
  -- The numbers are drawn here, by the statement that holds the lock on the table: raising an epoch relies on it.
  RETURN QUERY
  INSERT INTO kedge.event AS e (
    stream, version, type, schema, data, actor, principal, correlation_id, causation_id, occurred_at, recorded_at)
  SELECT
    append_several.stream, append_several.head + n.place, n.event ->> 'type', coalesce((n.event ->> 'schema')::integer, 1),
    CASE WHEN s.required IS NULL THEN coalesce(n.event -> 'data', '{}')
      ELSE kedge.shaped(n.event ->> 'type', coalesce(n.event -> 'data', '{}'), s.required) END,
    append_several.actor, session_user, append_several.correlation_id, append_several.causation_id,
    coalesce((n.event ->> 'occurred_at')::timestamptz, clock_timestamp()), clock_timestamp()
  FROM jsonb_array_elements(events) WITH ORDINALITY n (event, place)
    LEFT JOIN kedge.event_shape s ON s.type = n.event ->> 'type'
  WHERE n.event - '{type,data,schema,occurred_at}'::text[] = '{}'
  ORDER BY n.place
  RETURNING e.id, e.version;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  IF v_count < jsonb_array_length(events) THEN
    -- One of them has a key that is none; this says which.
    PERFORM kedge.check_batch(jsonb_build_object('appends', jsonb_build_array(jsonb_build_object('stream', append_several.stream, 'events', events))));
  END IF;
END $$;
COMMENT ON FUNCTION kedge.append_several IS 'Inserts the events of an append to one stream.';
