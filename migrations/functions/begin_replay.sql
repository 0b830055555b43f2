-- Makes the tables of one replay, empty copies of live ones in a schema of their own, and removes what dead ones left.
-- A replay holds an advisory lock on the name of its schema from before it is made: a schema whose name is free is nobody's.
CREATE OR REPLACE FUNCTION kedge.begin_replay(schema text, tables text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  v_name text;
BEGIN
  IF schema !~ '^kedge_replay_[a-z0-9_]{1,40}$' THEN
    RAISE EXCEPTION 'the schema of a replay cannot be named %', schema USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR v_name IN
    SELECT n.nspname FROM pg_namespace n
    WHERE n.nspname ^@ 'kedge_replay_' AND n.nspname <> schema AND n.nspowner = (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user)
  LOOP
    IF pg_try_advisory_xact_lock(hashtextextended(v_name, 0)) THEN
      EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', v_name);
    END IF;
  END LOOP;
  EXECUTE format('CREATE SCHEMA %I', schema);
  FOREACH v_name IN ARRAY tables LOOP
    -- Not logged: whatever stops the server stops the replay too, and the next one begins anew.
    EXECUTE format('CREATE UNLOGGED TABLE %I.%I (LIKE kedge.%I INCLUDING ALL)', schema, v_name, v_name);
  END LOOP;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO kedge_app', schema);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO kedge_app', schema);
END $$;
COMMENT ON FUNCTION kedge.begin_replay IS
  'Makes the tables into which a replay writes, and removes those of replays that died. Hold an advisory lock on hashtextextended(schema, 0).';
