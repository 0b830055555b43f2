-- The probe: writes nothing and takes no lock. The snapshot may be older than the one that the rows are read with: the
-- ranges hold only transactions that had ended by it, and whose rows are visible ever after.
CREATE OR REPLACE FUNCTION kedge.has_unsealed(snap_xmax xid8, snap_xip xid8[], first bigint) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off
-- The number leaves out partitions; in the others it must not be what is searched by. Only the index on the transaction gives
-- rows in the order of transactions without sorting them.
SET enable_sort = off AS $$
DECLARE
  v_bounds xid8[] := kedge.ended_between(snap_xmax, snap_xip, pg_current_snapshot());
BEGIN
  FOR v_at IN 1 .. cardinality(v_bounds) BY 2 LOOP
    IF (SELECT e.number FROM kedge.event e WHERE e.xid > v_bounds[v_at] AND e.xid < v_bounds[v_at + 1] AND e.number >= first
      ORDER BY e.xid LIMIT 1) IS NOT NULL THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;
COMMENT ON FUNCTION kedge.has_unsealed IS 'Whether an event became visible since the snapshot of a seal.';
