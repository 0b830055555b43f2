-- Appends to one stream. What most appends are, events without idempotency keys and given ids, takes two statements;
-- all else goes the way of the batch form, whose rules are the same: what the first statement does not find (a new stream,
-- another version), too, since only there the lease comes before the version.
CREATE OR REPLACE FUNCTION kedge.append(
  stream text, expected bigint, events jsonb, actor text DEFAULT session_user, correlation_id uuid DEFAULT NULL,
  causation_id uuid DEFAULT NULL, lease jsonb DEFAULT NULL
) RETURNS TABLE (id uuid, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_event jsonb := events -> 0;
  v_count integer;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'cannot append in a transaction that is %', current_setting('transaction_isolation')
      USING ERRCODE = 'active_sql_transaction', HINT = 'Use READ COMMITTED: an earlier snapshot would hide what the locks waited for.';
  END IF;
  -- One event.
  IF events -> 1 IS NULL THEN
    IF v_event - '{type,data,schema,occurred_at}'::text[] = '{}' AND jsonb_typeof(v_event -> 'type') = 'string' THEN
      UPDATE kedge.stream h SET version = h.version + 1
      WHERE h.name = append.stream AND (append.expected = -1 OR h.version = append.expected)
      RETURNING h.version INTO version;
      IF FOUND THEN
        IF kedge.event_shapes() ? (v_event ->> 'type') THEN
          PERFORM kedge.shaped(v_event ->> 'type', coalesce(v_event -> 'data', '{}'));
        END IF;
        IF lease IS NOT NULL THEN
          PERFORM kedge.check_lease(
            (lease ->> 'work')::uuid, (lease ->> 'token')::bigint, coalesce((lease ->> 'complete')::boolean, false));
        END IF;
        id := gen_random_uuid();
        -- The number is drawn here, by the statement that holds the lock on the table: raising an epoch relies on it.
        INSERT INTO kedge.event (
          id, stream, version, type, schema, data, actor, principal, correlation_id, causation_id, occurred_at, recorded_at)
        VALUES (
          append.id, append.stream, append.version, v_event ->> 'type', coalesce((v_event ->> 'schema')::integer, 1),
          coalesce(v_event -> 'data', '{}'), coalesce(append.actor, session_user), session_user, append.correlation_id, append.causation_id,
          coalesce((v_event ->> 'occurred_at')::timestamptz, clock_timestamp()), clock_timestamp());
        RETURN NEXT;
        RETURN;
      END IF;
    END IF;
  -- Several.
  ELSIF lease IS NULL AND jsonb_typeof(events) = 'array' AND NOT events @? '$[*].id' AND NOT events @? '$[*].idempotency_key' THEN
    v_count := jsonb_array_length(events);
    UPDATE kedge.stream h SET version = h.version + v_count
    WHERE h.name = append.stream AND (append.expected = -1 OR h.version = append.expected)
    RETURNING h.version - v_count INTO version;
    IF FOUND THEN
      RETURN QUERY
      INSERT INTO kedge.event AS e (
        stream, version, type, schema, data, actor, principal, correlation_id, causation_id, occurred_at, recorded_at)
      SELECT
        append.stream, append.version + n.place, n.event ->> 'type', coalesce((n.event ->> 'schema')::integer, 1),
        CASE WHEN kedge.event_shapes() ? (n.event ->> 'type') THEN kedge.shaped(n.event ->> 'type', coalesce(n.event -> 'data', '{}'))
          ELSE coalesce(n.event -> 'data', '{}') END,
        coalesce(append.actor, session_user), session_user, append.correlation_id, append.causation_id,
        coalesce((n.event ->> 'occurred_at')::timestamptz, clock_timestamp()), clock_timestamp()
      -- A subquery, because a list whose length the planner sees is planned anew by each call.
      FROM jsonb_array_elements((SELECT events)) WITH ORDINALITY n (event, place)
      WHERE n.event - '{type,data,schema,occurred_at}'::text[] = '{}' AND jsonb_typeof(n.event -> 'type') = 'string'
      ORDER BY n.place
      RETURNING e.id, e.version;
      GET DIAGNOSTICS v_count = ROW_COUNT;
      IF v_count < jsonb_array_length(events) THEN
        -- One of them is no event; this says which.
        PERFORM kedge.check_batch(jsonb_build_object('appends', jsonb_build_array(jsonb_build_object('stream', append.stream, 'events', events))));
      END IF;
      RETURN;
    END IF;
  END IF;
  RETURN QUERY SELECT a.id, a.version FROM kedge.append(jsonb_build_object(
    'appends', jsonb_build_array(jsonb_build_object('stream', append.stream, 'expected', append.expected, 'events', append.events)),
    'actor', append.actor, 'correlation_id', append.correlation_id, 'causation_id', append.causation_id,
    'lease', append.lease)) a;
END $$;
COMMENT ON FUNCTION kedge.append(text, bigint, jsonb, text, uuid, uuid, jsonb) IS
  'Appends events to one stream: [{"type", "data", "schema", "id", "occurred_at", "idempotency_key"}]. expected: -1 any, 0 none yet, n exactly n. '
  'lease: {"work", "token", "complete"}, checked in the same statement. '
  'KE001 at another version, KE002 key used with other content, KE003 stale lease, KE004 wrong shape.';
