CREATE OR REPLACE FUNCTION kedge.heartbeat(work uuid, token bigint, lease interval) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_expires timestamptz;
BEGIN
  UPDATE kedge.lease l SET expires_at = clock_timestamp() + lease, available_at = clock_timestamp() + lease, span = lease
  WHERE l.work = heartbeat.work AND l.token = heartbeat.token AND l.holder IS NOT NULL AND NOT l.done AND NOT l.gone
    AND l.expires_at > (SELECT clock_timestamp())
  RETURNING l.expires_at INTO v_expires;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the lease of work % with token % is over', work, token USING ERRCODE = 'KE003',
      DETAIL = jsonb_build_object('work', work, 'token', token)::text,
      HINT = 'It ran out, was given back, is done, or the work is wanted no longer: stop.';
  END IF;
  RETURN v_expires;
END $$;
COMMENT ON FUNCTION kedge.heartbeat IS 'Prolongs a lease from now on and returns when it runs out; KE003 when it is over.';
