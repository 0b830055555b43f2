-- A stopped process must not block its successor: no fencing breaks the row locks of an open transaction.
CREATE OR REPLACE FUNCTION kedge.shorten_idle(lease interval) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_limit interval := greatest(lease / 3, interval '1 millisecond');
  -- pg_settings would list all settings there are, each time.
  v_now interval := current_setting('idle_in_transaction_session_timeout')::interval;
BEGIN
  IF v_now = interval '0' OR v_now > v_limit THEN
    PERFORM set_config(
      'idle_in_transaction_session_timeout', least(EXTRACT(epoch FROM v_limit) * 1000, 2147483647)::integer::text, true);
  END IF;
END $$;
COMMENT ON FUNCTION kedge.shorten_idle IS 'Lets the rest of the transaction be idle for at most a third of the lease.';
