-- One process at a time: takes the duty when it is free, its holder's lease has run out, or it is ours already.
CREATE OR REPLACE FUNCTION kedge.take_duty(duty text, holder text, lease interval) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_term bigint;
  v_ours boolean;
BEGIN
  -- SKIP LOCKED: who is stopped in the middle of this must not stop the others.
  SELECT d.holder IS NOT DISTINCT FROM take_duty.holder AND d.expires_at > (SELECT clock_timestamp()) INTO v_ours FROM kedge.duty d
  WHERE d.name = duty AND (d.holder IS NULL OR d.holder = take_duty.holder OR d.expires_at <= (SELECT clock_timestamp()))
  FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    UPDATE kedge.duty d SET holder = take_duty.holder, expires_at = clock_timestamp() + lease, term = d.term + CASE WHEN v_ours THEN 0 ELSE 1 END
    WHERE d.name = duty RETURNING d.term INTO v_term;
  ELSIF NOT EXISTS (SELECT FROM kedge.duty d WHERE d.name = duty) THEN
    INSERT INTO kedge.duty AS d (name, term, holder, expires_at) VALUES (duty, 1, take_duty.holder, clock_timestamp() + lease)
    ON CONFLICT DO NOTHING RETURNING d.term INTO v_term;
  END IF;
  RETURN v_term;
END $$;
COMMENT ON FUNCTION kedge.take_duty IS 'Takes or keeps what one process at a time does; returns the term, or null when another has it.';
