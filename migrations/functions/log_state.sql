-- The state of the order, and whether the transaction ids in it are still those of this database: not after a restore, a
-- promotion, or before the first seal.
CREATE OR REPLACE FUNCTION kedge.log_state(
  OUT holds boolean, OUT epoch bigint, OUT first bigint, OUT snap_xmax xid8, OUT snap_xip xid8[]
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
  v_seal kedge.log_seal;
  v_epoch kedge.log_epoch;
BEGIN
  SELECT s.* INTO v_seal FROM kedge.log_seal s ORDER BY s.number DESC LIMIT 1;
  SELECT e.* INTO v_epoch FROM kedge.log_epoch e WHERE e.number = v_seal.epoch;
  epoch := v_epoch.number;
  first := greatest(v_epoch.first, (SELECT f.number FROM kedge.log_floor f WHERE f.one AND f.epoch = v_epoch.number));
  snap_xmax := v_seal.snap_xmax;
  snap_xip := v_seal.snap_xip;
  holds := coalesce(
    v_epoch.system_identifier = (pg_control_system()).system_identifier
      AND v_epoch.timeline = left(pg_walfile_name(pg_current_wal_lsn()), 8)
      AND v_epoch.database_oid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND v_epoch.lock_oid = 'kedge.log_lock'::regclass::oid
      AND v_seal.snap_xmax <= pg_snapshot_xmax(pg_current_snapshot()), false);
END $$;
COMMENT ON FUNCTION kedge.log_state IS 'The newest seal and its epoch, whether that epoch still holds, and from which insert number on events can be unsealed.';
