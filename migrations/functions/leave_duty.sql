CREATE OR REPLACE FUNCTION kedge.leave_duty(duty text, holder text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE kedge.duty d SET holder = NULL, expires_at = NULL WHERE d.name = leave_duty.duty AND d.holder = leave_duty.holder
$$;
COMMENT ON FUNCTION kedge.leave_duty IS 'Gives a duty up, so that another process need not wait for the lease to run out.';
