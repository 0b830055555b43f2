-- Transaction ids mean nothing outside the cluster, timeline and database in which they were given.
CREATE OR REPLACE FUNCTION kedge.epoch_holds() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN coalesce((
    SELECT e.system_identifier = (SELECT c.system_identifier FROM pg_control_system() c)
      AND e.timeline = left(pg_walfile_name(pg_current_wal_lsn()), 8)
      AND e.database_oid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND e.lock_oid = 'kedge.log_lock'::regclass::oid
      AND s.snap_xmax <= pg_snapshot_xmax(pg_current_snapshot())
    FROM kedge.log_epoch e
      CROSS JOIN (SELECT l.snap_xmax FROM kedge.log_seal l ORDER BY l.number DESC LIMIT 1) s
    ORDER BY e.number DESC LIMIT 1), false);
END $$;
COMMENT ON FUNCTION kedge.epoch_holds IS
  'Whether the transaction ids in the log are still those of this database: false after a restore, a promotion, or before the first seal.';
