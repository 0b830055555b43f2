-- Whether a batch was appended before: false when none of its keys was used, KE002 when some were, or with other content.
-- Content is type, schema and data. An event without a key belongs to the append whose keys tell at which versions it stands.
CREATE OR REPLACE FUNCTION kedge.is_replay(appends jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_keys bigint;
  v_distinct bigint;
  v_used bigint;
  v_stream text;
  v_key text;
BEGIN
  -- The lookup is a subquery, which always goes by the index: joined, a generic plan would read all keys of history.
  SELECT count(*), count(DISTINCT (g.stream, g.key)), count(g.event), min(g.stream), min(g.key)
  INTO v_keys, v_distinct, v_used, v_stream, v_key
  FROM (
    SELECT a ->> 'stream' AS stream, e ->> 'idempotency_key' AS key, (
      SELECT k.event FROM kedge.idempotency_key k WHERE k.stream = a ->> 'stream' AND k.key = e ->> 'idempotency_key') AS event
    FROM jsonb_array_elements(appends) a CROSS JOIN LATERAL jsonb_array_elements(a -> 'events') e
    WHERE e ->> 'idempotency_key' IS NOT NULL) g;
  IF v_distinct < v_keys THEN
    RAISE EXCEPTION 'an idempotency key stands twice in one append' USING ERRCODE = 'KE002',
      DETAIL = jsonb_build_object('stream', v_stream, 'key', v_key)::text, HINT = 'Give each event a key of its own, for instance KEY/0, KEY/1.';
  END IF;
  IF v_used = 0 THEN
    RETURN false;
  END IF;
  SELECT r.stream, r.key INTO v_stream, v_key FROM kedge.replayed(appends) r WHERE NOT r.same ORDER BY r.key NULLS LAST LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'idempotency key % of stream % was used with other content, or only part of this append was appended before',
      quote_nullable(v_key), v_stream USING ERRCODE = 'KE002', DETAIL = jsonb_build_object('stream', v_stream, 'key', v_key)::text,
      HINT = 'Use a new key for a new append.';
  END IF;
  RETURN true;
END $$;
COMMENT ON FUNCTION kedge.is_replay IS 'Whether these appends were appended before; KE002 when only partly, or with other content.';
