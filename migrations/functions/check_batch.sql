-- Refuses a batch that does not have the form of one: a mistyped key must not be lost in silence.
CREATE OR REPLACE FUNCTION kedge.check_batch(batch jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_problem text;
BEGIN
  -- The form that is right is recognised in one expression; why another is wrong is found out slowly.
  IF batch - '{appends,actor,principal,correlation_id,causation_id,lease}'::text[] = '{}'
    AND jsonb_typeof(batch -> 'appends') = 'array'
    AND NOT batch @? '$.appends[*] ? (@.type() != "object" || @.stream.type() != "string" || !exists (@.stream) || @.events.type() != "array"
      || !exists (@.events) || exists (@.keyvalue() ? (@.key != "stream" && @.key != "expected" && @.key != "events")))'
    AND NOT batch @? '$.appends[*].events[*] ? (@.type() != "object" || !exists (@.type) || @.type.type() != "string" || exists (@.keyvalue() ?
      (@.key != "type" && @.key != "data" && @.key != "schema" && @.key != "id" && @.key != "occurred_at" && @.key != "idempotency_key")))'
  THEN
    RETURN;
  END IF;
  SELECT p.problem INTO v_problem FROM (
    SELECT 1 AS place, format('unknown key %s', to_json(k)) AS problem
    FROM jsonb_object_keys(batch - '{appends,actor,principal,correlation_id,causation_id,lease}'::text[]) k
    UNION ALL
    SELECT 2, 'appends must be a list' WHERE jsonb_typeof(batch -> 'appends') IS DISTINCT FROM 'array'
    UNION ALL
    SELECT 3, CASE
      WHEN jsonb_typeof(a.append) <> 'object' THEN format('append %s is not an object', a.place)
      WHEN jsonb_typeof(a.append -> 'stream') IS DISTINCT FROM 'string' THEN format('append %s names no stream', a.place)
      WHEN jsonb_typeof(a.append -> 'events') IS DISTINCT FROM 'array' THEN format('append %s: events must be a list', a.place)
      WHEN a.append - '{stream,expected,events}'::text[] <> '{}' THEN format('append %s: unknown key in %s', a.place, a.append - 'events')
    END
    FROM jsonb_array_elements(CASE jsonb_typeof(batch -> 'appends') WHEN 'array' THEN batch -> 'appends' END) WITH ORDINALITY a (append, place)
    UNION ALL
    SELECT 4, CASE
      WHEN jsonb_typeof(e.event) <> 'object' THEN format('append %s, event %s is not an object', a.place, e.place)
      WHEN jsonb_typeof(e.event -> 'type') IS DISTINCT FROM 'string' THEN format('append %s, event %s has no type', a.place, e.place)
      WHEN e.event - '{id,type,schema,data,occurred_at,idempotency_key}'::text[] <> '{}' THEN
        format('append %s, event %s: unknown key %s', a.place, e.place,
          (SELECT to_json(k) FROM jsonb_object_keys(e.event - '{id,type,schema,data,occurred_at,idempotency_key}'::text[]) k LIMIT 1))
    END
    FROM jsonb_array_elements(CASE jsonb_typeof(batch -> 'appends') WHEN 'array' THEN batch -> 'appends' END) WITH ORDINALITY a (append, place)
      CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(a.append -> 'events') WHEN 'array' THEN a.append -> 'events' END)
        WITH ORDINALITY e (event, place)
  ) p WHERE p.problem IS NOT NULL ORDER BY p.place LIMIT 1;
  RAISE EXCEPTION 'this is not a batch to append: %', coalesce(v_problem, 'it has another form') USING ERRCODE = 'invalid_parameter_value',
    HINT = '{"appends": [{"stream", "expected", "events": [{"type", "data", "schema", "id", "occurred_at", "idempotency_key"}]}], "actor", …}';
END $$;
COMMENT ON FUNCTION kedge.check_batch IS 'Refuses (22023) what is not a batch to append, saying what is wrong.';
