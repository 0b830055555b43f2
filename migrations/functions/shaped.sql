-- The data, or KE004 with the first key that is missing or has another type. Stands in the INSERT of append, for types that
-- kedge.event_shapes lists.
CREATE OR REPLACE FUNCTION kedge.shaped(type text, data jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_problem text;
BEGIN
  IF jsonb_typeof(data) <> 'object' THEN
    v_problem := format('data is %s, not an object', jsonb_typeof(data));
  ELSE
    SELECT CASE WHEN data -> r.key IS NULL THEN format('data.%s is missing', r.key)
      ELSE format('data.%s is %s, not %s', r.key, jsonb_typeof(data -> r.key), replace(r.type, '|', ' or ')) END
    INTO v_problem
    FROM jsonb_each_text(kedge.event_shapes() -> shaped.type) r (key, type)
    WHERE data -> r.key IS NULL OR NOT (r.type = 'any' OR jsonb_typeof(data -> r.key) = ANY (string_to_array(r.type, '|')))
    ORDER BY r.key LIMIT 1;
  END IF;
  IF v_problem IS NOT NULL THEN
    RAISE EXCEPTION 'event % does not have its shape: %', type, v_problem USING ERRCODE = 'KE004',
      DETAIL = jsonb_build_object('type', type, 'problem', v_problem, 'required', kedge.event_shapes() -> type)::text,
      HINT = 'kedge.event_shapes() says what the data of Kedge''s own types must hold.';
  END IF;
  RETURN data;
END $$;
COMMENT ON FUNCTION kedge.shaped IS 'The data of an event if it has the shape of its type, else KE004.';
