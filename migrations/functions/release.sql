CREATE OR REPLACE FUNCTION kedge.release(work uuid, token bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE kedge.lease l SET holder = NULL, expires_at = NULL, claimed_at = NULL, available_at = clock_timestamp()
  WHERE l.work = release.work AND l.token = release.token AND l.holder IS NOT NULL AND NOT l.done;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION kedge.release IS 'Gives work back at once; false when it was no longer ours.';
