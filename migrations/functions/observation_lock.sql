CREATE OR REPLACE FUNCTION kedge.observation_lock(p_model text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT hashtextextended('kedge.observation/' || p_model, 0)
$$;
COMMENT ON FUNCTION kedge.observation_lock IS
  'The advisory lock of a model''s observations: shared by those who post, exclusive for whoever makes a window, so that no lower number comes later.';
