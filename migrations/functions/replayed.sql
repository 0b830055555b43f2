-- The events that a batch made when it was appended the first time, in input order. What has a key is found by it; what has
-- none stands at its place beside one of the same append that has, and was inserted by the same transaction.
CREATE OR REPLACE FUNCTION kedge.replayed(appends jsonb)
RETURNS TABLE (id uuid, stream text, version bigint, key text, same boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH given AS MATERIALIZED (
    -- Subqueries always go by the index: joined, a generic plan would read all keys of history.
    SELECT a.place AS append, e.place, a.append ->> 'stream' AS stream, e.event, e.event ->> 'idempotency_key' AS key, (
      SELECT k.event FROM kedge.idempotency_key k WHERE k.stream = a.append ->> 'stream' AND k.key = e.event ->> 'idempotency_key') AS number
    FROM jsonb_array_elements(appends) WITH ORDINALITY a (append, place)
      CROSS JOIN LATERAL jsonb_array_elements(a.append -> 'events') WITH ORDINALITY e (event, place)
  ), first AS MATERIALIZED (
    SELECT DISTINCT ON (g.append) g.append, o.version - g.place AS base, o.xid
    FROM given g CROSS JOIN LATERAL (SELECT e.version, e.xid FROM kedge.event e WHERE e.number = g.number OFFSET 0) o
    ORDER BY g.append, g.place
  )
  SELECT o.id, g.stream, o.version, g.key,
    coalesce(
      o.idempotency_key IS NOT DISTINCT FROM g.key AND (g.key IS NOT NULL OR o.xid = f.xid) AND o.type = g.event ->> 'type'
        AND o.schema = coalesce((g.event ->> 'schema')::integer, 1) AND o.data = coalesce(g.event -> 'data', '{}'), false)
  FROM given g LEFT JOIN first f ON f.append = g.append
    LEFT JOIN LATERAL (
      (SELECT e.* FROM kedge.event e WHERE e.number = g.number OFFSET 0)
      UNION ALL
      (SELECT e.* FROM kedge.event e WHERE g.key IS NULL AND e.stream = g.stream AND e.version = f.base + g.place OFFSET 0)) o ON true
  ORDER BY g.append, g.place
$$;
COMMENT ON FUNCTION kedge.replayed IS 'What a batch with idempotency keys made when it was appended the first time, and whether it is the same content.';
