-- Which transactions ended between two snapshots, as ranges of ids between exclusive bounds: one for each gap between the
-- running ones above the older xmax, and one for each member of the older xip that has ended. Ranges, because each is a
-- range scan on the index; what is still running is in none, so that an open bulk load is not read again by every probe.
CREATE OR REPLACE FUNCTION kedge.ended_between(old_xmax xid8, old_xip xid8[], now_at pg_snapshot)
RETURNS TABLE (above xid8, below xid8)
LANGUAGE plpgsql STABLE ROWS 4 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_own bigint := pg_current_xact_id_if_assigned()::text::bigint;
  v_end bigint := pg_snapshot_xmax(now_at)::text::bigint;
  v_start bigint := old_xmax::text::bigint - 1;
  v_running bigint[];
  v_xid bigint;
BEGIN
  -- The snapshot does not list the caller's own id, whose rows the caller sees.
  SELECT coalesce(array_agg(r.xid ORDER BY r.xid), '{}') INTO v_running FROM (
    SELECT x::text::bigint AS xid FROM pg_snapshot_xip(now_at) x UNION SELECT v_own WHERE v_own < v_end) r;
  FOREACH v_xid IN ARRAY v_running || v_end LOOP
    CONTINUE WHEN v_xid <= v_start;
    IF v_xid - v_start > 1 THEN
      above := v_start::text::xid8;
      below := v_xid::text::xid8;
      RETURN NEXT;
    END IF;
    v_start := v_xid;
  END LOOP;
  FOREACH v_xid IN ARRAY old_xip::text[]::bigint[] LOOP
    CONTINUE WHEN v_xid = ANY (v_running);
    above := (v_xid - 1)::text::xid8;
    below := (v_xid + 1)::text::xid8;
    RETURN NEXT;
  END LOOP;
END $$;
COMMENT ON FUNCTION kedge.ended_between IS 'The transactions that ended between two snapshots, as ranges of ids; both bounds are excluded.';
