-- What is hashed of a sealed event. Each field is a 4-byte big-endian length and its UTF-8 bytes; NULL is ffffffff.
-- array_send writes just that for each element, after a header of 20 bytes, and is five times faster than doing it by hand.
CREATE OR REPLACE FUNCTION audit.hashed_bytes(
  epoch bigint, "position" bigint, id uuid, stream text, version bigint, type text, schema integer, data jsonb, actor text,
  principal text, correlation_id uuid, causation_id uuid, idempotency_key text, occurred_at timestamptz,
  recorded_at timestamptz, sealed_at timestamptz
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.substring(pg_catalog.array_send(ARRAY[
  pg_catalog.convert_to('kedge1', 'UTF8'),
  pg_catalog.convert_to(epoch::text, 'UTF8'),
  pg_catalog.convert_to("position"::text, 'UTF8'),
  pg_catalog.convert_to(id::text, 'UTF8'),
  pg_catalog.convert_to(stream, 'UTF8'),
  pg_catalog.convert_to(version::text, 'UTF8'),
  pg_catalog.convert_to(type, 'UTF8'),
  pg_catalog.convert_to(schema::text, 'UTF8'),
  pg_catalog.convert_to(data::text, 'UTF8'),
  pg_catalog.convert_to(actor, 'UTF8'),
  pg_catalog.convert_to(principal, 'UTF8'),
  pg_catalog.convert_to(correlation_id::text, 'UTF8'),
  pg_catalog.convert_to(causation_id::text, 'UTF8'),
  pg_catalog.convert_to(idempotency_key, 'UTF8'),
  pg_catalog.convert_to((EXTRACT(epoch FROM occurred_at) * 1000000)::bigint::text, 'UTF8'),
  pg_catalog.convert_to((EXTRACT(epoch FROM recorded_at) * 1000000)::bigint::text, 'UTF8'),
  pg_catalog.convert_to((EXTRACT(epoch FROM sealed_at) * 1000000)::bigint::text, 'UTF8')
]::bytea[]), 21);
COMMENT ON FUNCTION audit.hashed_bytes IS
  'The bytes of an event that the chain hashes after the previous hash (the first is 32 zero bytes): kedge1, epoch, position, id, '
  'stream, version, type, schema, data, actor, principal, correlation_id, causation_id, idempotency_key, occurred_at, recorded_at, '
  'sealed_at; each a 4-byte big-endian length and its UTF-8 bytes, NULL as ffffffff, times as microseconds since 1970.';
