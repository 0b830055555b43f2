-- The log: events, their sealed order, and what must be unique over all of history. LOG.md is the specification.

CREATE SCHEMA IF NOT EXISTS kedge;
CREATE SCHEMA IF NOT EXISTS audit;
COMMENT ON SCHEMA kedge IS 'The event log and the read models that are made of it.';
COMMENT ON SCHEMA audit IS 'Views and functions for people who ask what happened; documented and stable.';

-- Limits stand in domains: a CHECK of a table is parsed anew by every statement that inserts, which made a single
-- append a third slower; a domain's is kept ready by the session. Each still costs two parts in a hundred, so events repeat
-- none that holds already: streams and keys are limited where they are unique, principals are names of roles or tokens.
CREATE DOMAIN kedge.stream_name AS text COLLATE "C"
  CONSTRAINT stream_name_has_1_to_1024_bytes CHECK (octet_length(VALUE) BETWEEN 1 AND 1024);
CREATE DOMAIN kedge.event_type AS text COLLATE "C"
  CONSTRAINT event_type_has_1_to_1024_bytes CHECK (octet_length(VALUE) BETWEEN 1 AND 1024);
CREATE DOMAIN kedge.actor_name AS text
  CONSTRAINT actor_has_1_to_1024_bytes CHECK (octet_length(VALUE) BETWEEN 1 AND 1024);
CREATE DOMAIN kedge.principal_name AS text
  CONSTRAINT principal_has_1_to_1024_bytes CHECK (octet_length(VALUE) BETWEEN 1 AND 1024);
CREATE DOMAIN kedge.idempotency_key_text AS text COLLATE "C"
  CONSTRAINT idempotency_key_has_1_to_1024_bytes CHECK (octet_length(VALUE) BETWEEN 1 AND 1024);
-- The text is what is hashed and read; 1e131000 is a few bytes of jsonb and 131 001 of text.
CREATE DOMAIN kedge.event_data AS jsonb
  CONSTRAINT event_data_has_at_most_1_mib_of_text CHECK (octet_length(VALUE::text) <= 1048576);
-- Infinity, and years beyond, have no number of microseconds: sealing such an event would fail for ever.
CREATE DOMAIN kedge.event_time AS timestamptz
  CONSTRAINT event_time_is_in_years_1_to_9999
  CHECK (VALUE >= '0001-01-01 00:00:00+00' AND VALUE < '10000-01-01 00:00:00+00');

-- Order inside a stream needs numbers that grow with time: CACHE 1.
CREATE SEQUENCE kedge.event_number AS bigint CACHE 1;
COMMENT ON SEQUENCE kedge.event_number IS 'Insert numbers of events. They are no order of commits: positions are.';

CREATE TABLE kedge.stream (
  name kedge.stream_name PRIMARY KEY,
  version bigint NOT NULL,
  first_number bigint NOT NULL DEFAULT coalesce(pg_sequence_last_value('kedge.event_number'), 0)
  -- Each append updates one row and tidies its page: the fewer rows there, the less it costs.
) WITH (fillfactor = 40);
COMMENT ON TABLE kedge.stream IS 'The head of each stream: append locks its row, so that writers to one stream queue and others do not wait.';
COMMENT ON COLUMN kedge.stream.name IS 'CATEGORY/NAME.';
COMMENT ON COLUMN kedge.stream.version IS 'Version of the newest event; 0 while there is none.';
COMMENT ON COLUMN kedge.stream.first_number IS
  'No event of the stream has a lower insert number: where reading begins. It was the newest number before the first event drew its own.';

CREATE TABLE kedge.event (
  number bigint NOT NULL DEFAULT nextval('kedge.event_number'),
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  stream text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  type kedge.event_type NOT NULL,
  schema integer NOT NULL,
  data kedge.event_data NOT NULL,
  actor kedge.actor_name NOT NULL,
  principal text NOT NULL,
  correlation_id uuid,
  causation_id uuid,
  idempotency_key text COLLATE "C",
  occurred_at kedge.event_time NOT NULL,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT event_number_is_unique PRIMARY KEY (number)
) PARTITION BY RANGE (number);
-- Sealing finds what became visible by ranges of transaction ids.
CREATE INDEX event_by_transaction ON kedge.event (xid);

COMMENT ON TABLE kedge.event IS 'Every event, for good; sealed or not. Partitioned by insert number. audit.event shows the sealed ones.';
COMMENT ON COLUMN kedge.event.number IS 'Insert number: names the row, says nothing about the order of commits.';
COMMENT ON COLUMN kedge.event.xid IS 'The transaction that inserted it; sealing compares it with snapshots.';
COMMENT ON COLUMN kedge.event.id IS 'Names the event everywhere.';
COMMENT ON COLUMN kedge.event.stream IS 'CATEGORY/NAME.';
COMMENT ON COLUMN kedge.event.version IS '1 for the first event of the stream, then one higher each.';
COMMENT ON COLUMN kedge.event.type IS 'What happened: snake_case, past tense.';
COMMENT ON COLUMN kedge.event.schema IS 'Which shape the data of this type has.';
COMMENT ON COLUMN kedge.event.data IS 'The facts; other causes than causation_id stand in the list data.because.';
COMMENT ON COLUMN kedge.event.actor IS 'Who they say they are.';
COMMENT ON COLUMN kedge.event.principal IS 'Who the database says they are: its session user, or token:NAME.';
COMMENT ON COLUMN kedge.event.correlation_id IS 'The event with which the whole story began.';
COMMENT ON COLUMN kedge.event.causation_id IS 'The event that made this one happen.';
COMMENT ON COLUMN kedge.event.idempotency_key IS 'Unique in its stream: the same append sent again is appended once.';
COMMENT ON COLUMN kedge.event.occurred_at IS 'When it happened, as the writer says.';
COMMENT ON COLUMN kedge.event.recorded_at IS 'When it was inserted, by the clock of the database.';

CREATE TABLE kedge.idempotency_key (
  stream kedge.stream_name NOT NULL,
  key kedge.idempotency_key_text NOT NULL,
  event bigint NOT NULL,
  CONSTRAINT idempotency_key_is_used_once PRIMARY KEY (stream, key)
);
COMMENT ON TABLE kedge.idempotency_key IS 'Keys that were used, over all of history.';
COMMENT ON COLUMN kedge.idempotency_key.event IS 'Insert number of the event that was appended under it.';

CREATE TABLE kedge.log_lock (
  one boolean PRIMARY KEY DEFAULT true,
  CONSTRAINT log_lock_has_one_row CHECK (one)
);
INSERT INTO kedge.log_lock DEFAULT VALUES;
COMMENT ON TABLE kedge.log_lock IS
  'Sealing locks its one row and never updates it: a row updated 50 times a second beside an old snapshot grows slow.';

CREATE TABLE kedge.log_epoch (
  number bigint PRIMARY KEY,
  system_identifier bigint NOT NULL,
  timeline text NOT NULL,
  database_oid oid NOT NULL,
  lock_oid oid NOT NULL,
  first bigint NOT NULL,
  raised_at timestamptz NOT NULL
);
COMMENT ON TABLE kedge.log_epoch IS 'Transaction ids can be compared within one epoch: the life of one database in one cluster on one timeline.';
COMMENT ON COLUMN kedge.log_epoch.first IS 'From this insert number on events are candidates of this epoch; older ones were sealed when it was raised.';

CREATE TABLE kedge.log_floor (
  one boolean PRIMARY KEY DEFAULT true,
  epoch bigint NOT NULL,
  number bigint NOT NULL,
  next_number bigint NOT NULL,
  waits_for text[] NOT NULL,
  CONSTRAINT log_floor_has_one_row CHECK (one)
);
COMMENT ON TABLE kedge.log_floor IS
  'From which insert number on sealing looks for events, so that it need not look into every partition; raised by kedge.raise_floor.';
COMMENT ON COLUMN kedge.log_floor.epoch IS 'In another epoch it does not count.';
COMMENT ON COLUMN kedge.log_floor.number IS 'Each event with a lower number has its position, or will never be seen: its transaction has ended.';
COMMENT ON COLUMN kedge.log_floor.next_number IS 'The number that it will have when those transactions have ended that may have drawn lower ones.';
COMMENT ON COLUMN kedge.log_floor.waits_for IS 'Those transactions, as pg_locks names them.';

CREATE TABLE kedge.log_seal (
  number bigint PRIMARY KEY,
  epoch bigint NOT NULL,
  last_position bigint NOT NULL,
  hash bytea NOT NULL,
  sealed_at timestamptz NOT NULL,
  snap_xmax xid8 NOT NULL,
  snap_xip xid8[] NOT NULL,
  CONSTRAINT log_seal_hash_is_a_sha256 CHECK (octet_length(hash) = 32)
);
CREATE INDEX log_seal_by_time ON kedge.log_seal (sealed_at);
CREATE INDEX log_seal_by_position ON kedge.log_seal (last_position);
COMMENT ON TABLE kedge.log_seal IS 'One row for each seal; the newest is the state of the order.';
COMMENT ON COLUMN kedge.log_seal.last_position IS 'The position that was given last.';
COMMENT ON COLUMN kedge.log_seal.hash IS 'The hash at that position: the head of the chain.';
COMMENT ON COLUMN kedge.log_seal.sealed_at IS 'Never earlier than the seal before it: the time of a position.';
COMMENT ON COLUMN kedge.log_seal.snap_xmax IS 'The snapshot of the seal: the first transaction id that had not ended.';
COMMENT ON COLUMN kedge.log_seal.snap_xip IS 'The snapshot of the seal: the ids below snap_xmax that had not ended, the sealing one among them.';

CREATE TABLE kedge.log_order (
  position bigint PRIMARY KEY,
  event bigint NOT NULL,
  seal bigint NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT log_order_event_is_sealed_once UNIQUE (event)
);
COMMENT ON TABLE kedge.log_order IS 'The global order: gapless positions, and the chain of hashes.';
COMMENT ON COLUMN kedge.log_order.position IS '1, 2, 3 … without gaps.';
COMMENT ON COLUMN kedge.log_order.event IS 'Insert number of the event.';
COMMENT ON COLUMN kedge.log_order.seal IS 'The seal that gave the position.';
COMMENT ON COLUMN kedge.log_order.hash IS 'sha256(the hash before ‖ the event''s fields), see audit.hashed_bytes.';

CREATE FUNCTION kedge.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the log is append-only: % on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', HINT = 'Correct a mistake by appending another event.';
END $$;
COMMENT ON FUNCTION kedge.refuse_change IS 'Refuses every change to what the log holds.';

-- ALWAYS: a plain trigger is passed by session_replication_role = replica. The row triggers are for what fires no
-- statement triggers, the apply worker of logical replication. Partitions get theirs when they are made.
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['event', 'idempotency_key', 'log_lock', 'log_epoch', 'log_seal', 'log_order'] LOOP
    EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kedge.%I
      FOR EACH STATEMENT EXECUTE FUNCTION kedge.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER refuse_change_of_row BEFORE UPDATE OR DELETE ON kedge.%I
      FOR EACH ROW EXECUTE FUNCTION kedge.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE kedge.%I ENABLE ALWAYS TRIGGER refuse_change', v_table);
    EXECUTE format('ALTER TABLE kedge.%I ENABLE ALWAYS TRIGGER refuse_change_of_row', v_table);
  END LOOP;
END $$;
