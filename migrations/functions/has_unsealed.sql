-- The probe: reads and writes nothing, takes no lock. What is visible and has no position in a committed seal shows here,
-- also while another sealer is about to commit it.
CREATE OR REPLACE FUNCTION kedge.has_unsealed() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN EXISTS (
    WITH last AS MATERIALIZED (
      SELECT s.snap_xmax, s.snap_xip, e.first
      FROM kedge.log_seal s JOIN kedge.log_epoch e ON e.number = s.epoch
      ORDER BY s.number DESC LIMIT 1
    ), ended AS MATERIALIZED (
      SELECT r.above, r.below, last.first
      FROM last CROSS JOIN LATERAL kedge.ended_between(last.snap_xmax, last.snap_xip, pg_current_snapshot()) r
    )
    SELECT FROM ended r JOIN kedge.event e ON e.xid > r.above AND e.xid < r.below WHERE e.number >= r.first);
END $$;
COMMENT ON FUNCTION kedge.has_unsealed IS 'Whether an event that is visible has no position yet; nothing about epochs.';
