-- A stopped process must not block its successor: no fencing breaks the row locks of an open transaction.
CREATE OR REPLACE FUNCTION kedge.shorten_idle(lease interval) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit bigint := greatest(1, (EXTRACT(epoch FROM lease) * 1000 / 3)::bigint);
  v_now bigint := (SELECT s.setting::bigint FROM pg_settings s WHERE s.name = 'idle_in_transaction_session_timeout');
BEGIN
  IF v_now = 0 OR v_now > v_limit THEN
    PERFORM set_config('idle_in_transaction_session_timeout', least(v_limit, 2147483647)::text, true);
  END IF;
END $$;
COMMENT ON FUNCTION kedge.shorten_idle IS 'Lets the rest of the transaction be idle for at most a third of the lease.';
