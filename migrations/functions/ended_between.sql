-- Which transactions ended between two snapshots, as ranges of ids: pairs of exclusive bounds, one for each gap between the
-- running ones above the older xmax, and one for each member of the older xip that has ended. Ranges, because each is a
-- range scan on the index; what is still running is in none, so that an open bulk load is not read again by every probe.
CREATE OR REPLACE FUNCTION kedge.ended_between(old_xmax xid8, old_xip xid8[], now_at pg_snapshot) RETURNS xid8[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_own bigint := pg_current_xact_id_if_assigned()::text::bigint;
  v_end bigint := pg_snapshot_xmax(now_at)::text::bigint;
  v_start bigint := old_xmax::text::bigint - 1;
  -- The text of a snapshot is xmin:xmax:xip, xip in ascending order.
  v_running bigint[] := string_to_array(nullif(split_part(now_at::text, ':', 3), ''), ',')::bigint[];
  v_xid bigint;
  v_bounds bigint[] := '{}';
BEGIN
  v_running := coalesce(v_running, '{}');
  -- The snapshot does not list the caller's own id, whose rows the caller sees.
  IF v_own < v_end THEN
    v_running := ARRAY(SELECT r FROM unnest(v_running || v_own) r ORDER BY r);
  END IF;
  FOREACH v_xid IN ARRAY v_running || v_end LOOP
    CONTINUE WHEN v_xid <= v_start;
    IF v_xid - v_start > 1 THEN
      v_bounds := v_bounds || v_start || v_xid;
    END IF;
    v_start := v_xid;
  END LOOP;
  IF old_xip <> '{}' THEN
    FOREACH v_xid IN ARRAY old_xip::text[]::bigint[] LOOP
      CONTINUE WHEN v_xid = ANY (v_running);
      v_bounds := v_bounds || (v_xid - 1) || (v_xid + 1);
    END LOOP;
  END IF;
  RETURN v_bounds::text[]::xid8[];
END $$;
COMMENT ON FUNCTION kedge.ended_between IS
  'The transactions that ended between two snapshots, as pairs of bounds of ranges of ids; both bounds are excluded.';
