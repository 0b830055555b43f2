-- Appends to several streams at once: locks in sorted order, then idempotency, the lease, the versions, and the insert.
CREATE OR REPLACE FUNCTION kedge.append(batch jsonb) RETURNS TABLE (id uuid, stream text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
-- Lists in jsonb are estimated by their length when it is known: without this each call would be planned anew.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
  v_appends jsonb := batch -> 'appends';
  v_actor text := coalesce(batch ->> 'actor', session_user);
  v_principal text := session_user;
  v_names text[];
  v_heads bigint[] := '{}';
  v_first bigint[];
  v_bases bigint[] := '{}';
  v_last bigint;
  v_name text;
  v_head bigint;
  v_at integer;
  v_append jsonb;
  v_expected bigint;
  v_keyed boolean := v_appends @? '$[*].events[*].idempotency_key';
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'cannot append in a transaction that is %', current_setting('transaction_isolation')
      USING ERRCODE = 'active_sql_transaction', HINT = 'Use READ COMMITTED: an earlier snapshot would hide what the locks waited for.';
  END IF;
  PERFORM kedge.check_batch(batch);
  IF batch ->> 'principal' <> v_principal THEN
    IF left(batch ->> 'principal', 6) <> 'token:' OR NOT pg_has_role(session_user, 'kedge_server', 'MEMBER') THEN
      RAISE EXCEPTION '% may not append as principal %', session_user, quote_literal(batch ->> 'principal')
        USING ERRCODE = 'insufficient_privilege', HINT = 'Only members of kedge_server may, and only as token:NAME.';
    END IF;
    v_principal := batch ->> 'principal';
  END IF;

  -- 1. The locks, in sorted order.
  v_names := ARRAY(SELECT DISTINCT (a ->> 'stream') COLLATE "C" AS name FROM jsonb_array_elements(v_appends) a ORDER BY name);
  FOREACH v_name IN ARRAY v_names LOOP
    SELECT h.version INTO v_head FROM kedge.stream h WHERE h.name = v_name FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      INSERT INTO kedge.stream (name, version) VALUES (v_name, 0) ON CONFLICT DO NOTHING;
      SELECT h.version INTO STRICT v_head FROM kedge.stream h WHERE h.name = v_name FOR NO KEY UPDATE;
    END IF;
    v_heads := v_heads || v_head;
  END LOOP;

  -- 2. Idempotency. A replay comes before the lease: it must be answered also when the lease is done.
  IF v_keyed AND kedge.is_replay(v_appends) THEN
    RETURN QUERY SELECT r.id, r.stream, r.version FROM kedge.replayed(v_appends) r;
    RETURN;
  END IF;

  -- Identifiers that are given, not made here: each partition guards its own, this looks into all.
  IF v_appends @? '$[*].events[*].id' THEN
    PERFORM FROM jsonb_path_query(v_appends, '$[*].events[*].id') g
    WHERE EXISTS (SELECT FROM kedge.event e WHERE e.id = (g #>> '{}')::uuid OFFSET 0);
    IF FOUND THEN
      RAISE EXCEPTION 'an event with this id exists already' USING ERRCODE = 'unique_violation',
        HINT = 'Leave the id out and one is made, or send an idempotency key to have a repeated append recognised.';
    END IF;
  END IF;

  -- 3. The lease.
  IF jsonb_typeof(batch -> 'lease') = 'object' THEN
    PERFORM kedge.check_lease(
      (batch #>> '{lease,work}')::uuid, (batch #>> '{lease,token}')::bigint, coalesce((batch #>> '{lease,complete}')::boolean, false));
  END IF;

  -- 4. The versions. A stream that comes twice is at the version that its first append brings it to.
  v_first := v_heads;
  FOR v_number IN 0 .. jsonb_array_length(v_appends) - 1 LOOP
    v_append := v_appends -> v_number;
    v_at := array_position(v_names, v_append ->> 'stream');
    v_expected := coalesce((v_append ->> 'expected')::bigint, -1);
    IF v_expected NOT IN (-1, v_heads[v_at]) THEN
      RAISE EXCEPTION 'stream % is at version %, not %', v_names[v_at], v_heads[v_at], v_expected USING ERRCODE = 'KE001',
        DETAIL = jsonb_build_object('stream', v_names[v_at], 'expected', v_expected, 'actual', v_heads[v_at])::text,
        HINT = 'Read the stream again and decide again.';
    END IF;
    v_bases := v_bases || v_heads[v_at];
    v_heads[v_at] := v_heads[v_at] + jsonb_array_length(v_append -> 'events');
  END LOOP;

  -- 5. The events.
  v_last := (SELECT n.last_value FROM kedge.event_number n);
  FOR v_at IN 1 .. cardinality(v_names) LOOP
    UPDATE kedge.stream h SET version = v_heads[v_at] WHERE h.name = v_names[v_at] AND h.version <> v_heads[v_at];
  END LOOP;
  -- The numbers are drawn here, by the statement that holds the lock on the table: raising an epoch relies on it.
  RETURN QUERY
  INSERT INTO kedge.event AS e (
    id, stream, version, type, schema, data, actor, principal, correlation_id, causation_id, idempotency_key, occurred_at, recorded_at)
  SELECT
    coalesce((n.event ->> 'id')::uuid, gen_random_uuid()), a.append ->> 'stream', v_bases[a.place] + n.place, n.event ->> 'type',
    coalesce((n.event ->> 'schema')::integer, 1),
    CASE WHEN kedge.event_shapes() ? (n.event ->> 'type') THEN kedge.shaped(n.event ->> 'type', coalesce(n.event -> 'data', '{}'))
      ELSE coalesce(n.event -> 'data', '{}') END,
    v_actor, v_principal, (batch ->> 'correlation_id')::uuid, (batch ->> 'causation_id')::uuid, n.event ->> 'idempotency_key',
    coalesce((n.event ->> 'occurred_at')::timestamptz, clock_timestamp()), clock_timestamp()
  FROM jsonb_array_elements(v_appends) WITH ORDINALITY a (append, place)
    CROSS JOIN LATERAL jsonb_array_elements(a.append -> 'events') WITH ORDINALITY n (event, place)
  ORDER BY a.place, n.place
  RETURNING e.id, e.stream::text, e.version;
  IF v_keyed THEN
    FOR v_number IN 1 .. cardinality(v_names) LOOP
      INSERT INTO kedge.idempotency_key (stream, key, event)
      SELECT e.stream, e.idempotency_key, e.number FROM kedge.event e
      -- Only in the newest partition, or two, however many there are.
      WHERE e.number >= v_last AND e.stream = v_names[v_number] AND e.version > v_first[v_number] AND e.version <= v_heads[v_number] AND e.idempotency_key IS NOT NULL;
    END LOOP;
  END IF;
END $$;
COMMENT ON FUNCTION kedge.append(jsonb) IS
  'Appends to several streams, all or nothing: {"appends": [{"stream", "expected", "events"}], "actor", "principal", "correlation_id", '
  '"causation_id", "lease": {"work", "token", "complete"}}. Rows in input order. KE001 version, KE002 key, KE003 stale lease, KE004 shape.';
