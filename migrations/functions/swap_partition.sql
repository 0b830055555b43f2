-- Puts the copy of a partition in its place and drops the old one: only names and entries of catalogues change, under a short lock.
CREATE OR REPLACE FUNCTION kedge.swap_partition(partition text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  v_old text := format('kedge.%I', partition);
  v_copy text := format('kedge.%I', partition || '_archived');
  v_bounds text := (SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_class c WHERE c.oid = format('kedge.%I', partition)::regclass);
  v_comment text := obj_description(format('kedge.%I', partition)::regclass);
  v_index text;
BEGIN
  -- Known to hold, so that ATTACH need not read all of it.
  EXECUTE format('ALTER TABLE %s ADD CONSTRAINT in_bounds CHECK (number >= %s AND number < %s)', v_copy,
    substring(v_bounds FROM 'FROM \(''(\d+)''\)'), substring(v_bounds FROM 'TO \(''(\d+)''\)'));
  LOCK TABLE kedge.event IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('ALTER TABLE kedge.event DETACH PARTITION %s', v_old);
  EXECUTE format('DROP TABLE %s', v_old);
  EXECUTE format('ALTER TABLE %s RENAME TO %I', v_copy, partition);
  FOR v_index IN SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = v_old::regclass LOOP
    EXECUTE format('ALTER INDEX kedge.%I RENAME TO %I', v_index, regexp_replace(v_index, '_archived$', ''));
  END LOOP;
  EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
    FOR EACH STATEMENT EXECUTE FUNCTION kedge.refuse_change()', v_old);
  EXECUTE format('CREATE TRIGGER refuse_insert BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION kedge.refuse_change()', v_old);
  EXECUTE format('ALTER TABLE kedge.event ATTACH PARTITION %s %s', v_old, v_bounds);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER refuse_change, ENABLE ALWAYS TRIGGER refuse_insert, ENABLE ALWAYS TRIGGER refuse_change_of_row', v_old);
  EXECUTE format('ALTER TABLE %s DROP CONSTRAINT in_bounds', v_old);
  EXECUTE format('COMMENT ON TABLE %s IS %L', v_old, v_comment);
  EXECUTE format('GRANT SELECT ON %s TO kedge_app, kedge_auditor', v_old);
END $$;
COMMENT ON FUNCTION kedge.swap_partition IS
  'Puts the copy that copy_partition has made in the place of a partition. Waits at most 2 s for readers and writers, else 55P03: try again.';
