-- Removes the tables of a replay.
CREATE OR REPLACE FUNCTION kedge.end_replay(schema text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
BEGIN
  IF schema !~ '^kedge_replay_[a-z0-9_]{1,40}$' THEN
    RAISE EXCEPTION '% is no schema of a replay', schema USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', schema);
END $$;
COMMENT ON FUNCTION kedge.end_replay IS 'Removes the tables of a replay.';
