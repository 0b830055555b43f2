-- The lease of an append: live, ours and not done, on the database's clock; its row stays locked, so that nobody can claim
-- the work before this transaction ends. Completing marks it done at once.
CREATE OR REPLACE FUNCTION kedge.check_lease(work uuid, token bigint, complete boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_span interval;
BEGIN
  UPDATE kedge.lease l SET done = complete
  WHERE l.work = check_lease.work AND l.token = check_lease.token AND l.holder IS NOT NULL AND NOT l.done AND NOT l.gone
    AND l.expires_at > (SELECT clock_timestamp())
  RETURNING l.span INTO v_span;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the lease of work % with token % is over', work, token USING ERRCODE = 'KE003',
      DETAIL = jsonb_build_object('work', work, 'token', token)::text,
      HINT = 'It ran out, was given back, is done, or somebody else has the work now: record nothing.';
  END IF;
  PERFORM kedge.shorten_idle(v_span);
END $$;
COMMENT ON FUNCTION kedge.check_lease IS 'KE003 unless the lease is live; locks it, and marks it done when complete.';
