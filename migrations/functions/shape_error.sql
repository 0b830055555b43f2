-- What is wrong with the data of an event of a listed type: the first key that is missing or has another type; NULL if nothing.
CREATE OR REPLACE FUNCTION kedge.shape_error(data jsonb, required jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN jsonb_typeof(data) <> 'object' THEN format('data is %s, not an object', jsonb_typeof(data))
    ELSE (
      SELECT CASE WHEN data -> r.key IS NULL THEN format('data.%s is missing', r.key)
        ELSE format('data.%s is %s, not %s', r.key, jsonb_typeof(data -> r.key), replace(r.type, '|', ' or ')) END
      FROM jsonb_each_text(required) r (key, type)
      WHERE data -> r.key IS NULL
        OR NOT (r.type = 'any' OR jsonb_typeof(data -> r.key) = ANY (string_to_array(r.type, '|')))
      ORDER BY r.key LIMIT 1)
  END
$$;
COMMENT ON FUNCTION kedge.shape_error IS 'The first key of the data that is missing or of another type than required; NULL when there is none.';
