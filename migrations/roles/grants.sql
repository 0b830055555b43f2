-- Who may do what. Run after every migration, so that new tables are covered.
DO $$
DECLARE
  -- Only functions write these. The app reads them.
  c_log CONSTANT text[] := ARRAY[
    'stream', 'event', 'idempotency_key', 'log_lock', 'log_epoch', 'log_floor', 'log_seal', 'log_order', 'lease', 'duty', 'migration'];
  -- Only the server's: a worker must not be able to make itself a token.
  c_server CONSTANT text[] := ARRAY['api_token'];
  -- Not for auditors: secrets and raw observations. Name a table here when it is made.
  c_hidden CONSTANT text[] := ARRAY['token', 'api_token', 'credential', 'observation', 'prediction', 'label', 'join_key'];
  -- Auditors call these besides what is in audit: they read.
  c_reading CONSTANT text[] := ARRAY['stream_events'];
  -- Only other functions call these.
  c_inner CONSTANT text[] := ARRAY[
    'raise_epoch', 'chain', 'log_state', 'has_unsealed', 'ended_between', 'shorten_idle', 'check_lease', 'check_batch', 'is_replay', 'replayed', 'refuse_change', 'offer_work', 'forget_stale_hash', 'close_partition', 'copy_partition', 'swap_partition'];
  v_table record;
  v_function record;
BEGIN
  REVOKE ALL ON SCHEMA kedge, audit FROM PUBLIC;
  GRANT USAGE ON SCHEMA kedge TO kedge_app, kedge_auditor;
  GRANT USAGE ON SCHEMA audit TO kedge_app, kedge_auditor;

  FOR v_table IN
    SELECT c.relname AS name, c.oid::regclass AS relation,
      c.relname = ANY (c_log) OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent = 'kedge.event'::regclass) AS of_log
    FROM pg_class c WHERE c.relnamespace = 'kedge'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, kedge_app, kedge_auditor, kedge_server', v_table.relation);
    IF v_table.name = ANY (c_server) THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %s TO kedge_server', v_table.relation);
    ELSIF v_table.of_log THEN
      EXECUTE format('GRANT SELECT ON %s TO kedge_app', v_table.relation);
    ELSE
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON %s TO kedge_app', v_table.relation);
    END IF;
    IF v_table.name <> ALL (c_hidden) THEN
      EXECUTE format('GRANT SELECT ON %s TO kedge_auditor', v_table.relation);
    END IF;
  END LOOP;
  GRANT SELECT ON ALL TABLES IN SCHEMA audit TO kedge_app, kedge_auditor;
  GRANT SELECT ON ALL SEQUENCES IN SCHEMA kedge TO kedge_app, kedge_auditor;

  FOR v_function IN
    SELECT p.oid::regprocedure AS signature, p.pronamespace = 'audit'::regnamespace OR p.proname = ANY (c_reading) AS for_people, p.proname = ANY (c_inner) AS inner_only
    FROM pg_proc p WHERE p.pronamespace IN ('kedge'::regnamespace, 'audit'::regnamespace)
  LOOP
    EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', v_function.signature);
    IF v_function.for_people THEN
      EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO kedge_app, kedge_auditor', v_function.signature);
    ELSIF NOT v_function.inner_only THEN
      EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO kedge_app', v_function.signature);
    END IF;
  END LOOP;
  -- What differs between live and replayed rows is kept in temporary tables.
  EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO kedge_app', current_database());
END $$;

-- Two whole partitions ahead, from the first migration on; later the projector on duty makes them.
SELECT kedge.extend_log();
