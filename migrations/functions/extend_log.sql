-- Partitions are made ahead of need, never inside seal or append. Without a default partition, and by ATTACH: it takes no
-- lock that writers wait for.
CREATE OR REPLACE FUNCTION kedge.extend_log(ahead bigint DEFAULT 2) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  -- At least 8 million: the probe of each seal costs 4 µs for each partition.
  c_size CONSTANT bigint := 10000000;
  v_current bigint := (SELECT s.last_value FROM kedge.event_number s) / c_size;
  v_made integer := 0;
  v_name text;
BEGIN
  IF ahead IS NULL OR ahead < 1 THEN
    RAISE EXCEPTION 'ahead is %, not at least 1', ahead USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT EXISTS (SELECT FROM generate_series(v_current, v_current + ahead) n WHERE to_regclass(format('kedge.event_%s', n)) IS NULL) THEN
    RETURN 0;
  END IF;
  LOCK TABLE kedge.event IN SHARE UPDATE EXCLUSIVE MODE;  -- one at a time
  FOR v_number IN v_current .. v_current + ahead LOOP
    v_name := format('event_%s', v_number);
    CONTINUE WHEN to_regclass(format('kedge.%I', v_name)) IS NOT NULL;
    EXECUTE format('CREATE TABLE kedge.%I (LIKE kedge.event INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING STORAGE)', v_name);
    EXECUTE format('CREATE UNIQUE INDEX %I ON kedge.%I (stream, version)', v_name || '_by_stream', v_name);
    EXECUTE format('CREATE UNIQUE INDEX %I ON kedge.%I (id)', v_name || '_by_id', v_name);
    EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kedge.%I
      FOR EACH STATEMENT EXECUTE FUNCTION kedge.refuse_change()', v_name);
    EXECUTE format('ALTER TABLE kedge.%I ENABLE ALWAYS TRIGGER refuse_change', v_name);
    EXECUTE format('COMMENT ON TABLE kedge.%I IS %L', v_name,
      format('Events with insert numbers from %s up to, not including, %s.', v_number * c_size, (v_number + 1) * c_size));
    EXECUTE format('ALTER TABLE kedge.event ATTACH PARTITION kedge.%I FOR VALUES FROM (%s) TO (%s)',
      v_name, v_number * c_size, (v_number + 1) * c_size);
    EXECUTE format('ALTER TABLE kedge.%I ENABLE ALWAYS TRIGGER refuse_change_of_row', v_name);
    v_made := v_made + 1;
  END LOOP;
  RETURN v_made;
END $$;
COMMENT ON FUNCTION kedge.extend_log IS
  'Makes partitions until so many whole ones lie ahead of the newest event; returns how many it made. 55P03: try again.';
