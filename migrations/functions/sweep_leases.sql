-- Removes the leases of work that is wanted no longer: the work projection has passed its outcome.
CREATE OR REPLACE FUNCTION kedge.sweep_leases(most bigint DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_count bigint;
BEGIN
  WITH swept AS (
    SELECT l.work FROM kedge.lease l
    WHERE l.gone AND NOT EXISTS (SELECT FROM kedge.work w WHERE w.id = l.work)
    LIMIT most FOR UPDATE SKIP LOCKED
  )
  DELETE FROM kedge.lease l USING swept s WHERE l.work = s.work AND l.gone;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
COMMENT ON FUNCTION kedge.sweep_leases IS 'Removes leases of work that is gone; returns how many.';
