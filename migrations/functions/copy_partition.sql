-- Copies a closed partition, with its indexes, to a tablespace, beside the live one: ALTER TABLE … SET TABLESPACE would lock it
-- until all is copied, and with it every seal. Returns how many events; swap_partition puts the copy in its place.
CREATE OR REPLACE FUNCTION kedge.copy_partition(partition text, tablespace text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_old text := format('kedge.%I', partition);
  v_copy text := format('kedge.%I', partition || '_archived');
  v_index record;
  v_count bigint[];
  v_digest bigint[];
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = v_old::regclass AND t.tgname = 'refuse_insert' AND t.tgenabled = 'A') THEN
    RAISE EXCEPTION 'partition % is not closed', partition USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  PERFORM set_config('default_tablespace', copy_partition.tablespace, true);
  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMMENTS)', v_copy, v_old);
  EXECUTE format('INSERT INTO %s SELECT * FROM ONLY %s ORDER BY number', v_copy, v_old);
  FOR v_index IN
    SELECT c.relname AS name, x.indisprimary AS is_primary, pg_get_indexdef(c.oid) AS definition
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = v_old::regclass ORDER BY c.relname
  LOOP
    EXECUTE regexp_replace(
      v_index.definition, '^CREATE (UNIQUE )?INDEX .* ON .* (USING .*)$', format('CREATE \1INDEX %I ON %s \2', v_index.name || '_archived', v_copy));
    IF v_index.is_primary THEN
      EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY USING INDEX %I', v_copy, v_index.name || '_archived');
    END IF;
  END LOOP;
  EXECUTE format(
    'SELECT array_agg(n), array_agg(d) FROM (
      SELECT count(*) AS n, bit_xor(hash_record_extended(e, 0)) AS d FROM ONLY %s e
      UNION ALL SELECT count(*), bit_xor(hash_record_extended(e, 0)) FROM ONLY %s e) b', v_old, v_copy) INTO v_count, v_digest;
  IF v_count[1] <> v_count[2] OR v_digest[1] IS DISTINCT FROM v_digest[2] THEN
    RAISE EXCEPTION 'the copy of partition % is not what it was made of', partition USING ERRCODE = 'data_corrupted';
  END IF;
  RETURN v_count[1];
END $$;
COMMENT ON FUNCTION kedge.copy_partition IS 'Copies a closed partition of the log to a tablespace; returns how many events it has.';
