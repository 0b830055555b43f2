-- The roles of Kedge. Roles belong to the whole cluster: several databases share them, and two migrations may make
-- them at the same moment, so a role that is there already is left as it is.
DO $$
DECLARE v_role text;
BEGIN
  FOREACH v_role IN ARRAY ARRAY['kedge_app', 'kedge_server', 'kedge_auditor'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = v_role) THEN
      BEGIN
        EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', v_role);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- another database's migration was faster
      END;
    END IF;
  END LOOP;
  -- The HTTP server may do what every worker may, and say on whose behalf.
  IF NOT pg_catalog.pg_has_role('kedge_server', 'kedge_app', 'MEMBER') THEN
    BEGIN
      GRANT kedge_app TO kedge_server;
    EXCEPTION WHEN unique_violation OR internal_error THEN
      NULL;
    END;
  END IF;
END $$;
