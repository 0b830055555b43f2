-- How far each follower has read, who drives it, and what it could not digest.

CREATE TABLE kedge.follower (
  name text PRIMARY KEY,
  position bigint NOT NULL DEFAULT 0,
  epoch bigint NOT NULL DEFAULT 0,
  hash bytea,
  term bigint NOT NULL DEFAULT 0,
  holder text,
  expires_at timestamptz,
  stopped text,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE kedge.follower IS 'Projections and policies: the checkpoint of each, and the process that drives it.';
COMMENT ON COLUMN kedge.follower.position IS 'Everything up to here has taken effect.';
COMMENT ON COLUMN kedge.follower.epoch IS 'The epoch of the seal at that position.';
COMMENT ON COLUMN kedge.follower.hash IS 'The hash at that position: if the log has another, it is another log, and the follower stops. Null: not known.';
COMMENT ON COLUMN kedge.follower.term IS 'One higher each time a process takes the follower over; a checkpoint of an older term is refused.';
COMMENT ON COLUMN kedge.follower.holder IS 'The process that drives it.';
COMMENT ON COLUMN kedge.follower.expires_at IS 'When another process may take over, unless prolonged.';
COMMENT ON COLUMN kedge.follower.stopped IS 'Why it does not go on, if it does not: what its process said last.';

CREATE TABLE kedge.follower_state (
  follower text NOT NULL,
  key text NOT NULL,
  state jsonb NOT NULL,
  PRIMARY KEY (follower, key)
);
COMMENT ON TABLE kedge.follower_state IS 'What followers remember beside the tables that they write; derived, rebuilt by replay.';

CREATE TABLE kedge.halted_stream (
  follower text NOT NULL,
  stream text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  event uuid NOT NULL,
  error text NOT NULL,
  parked bigint NOT NULL DEFAULT 0,
  halted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (follower, stream)
);
COMMENT ON TABLE kedge.halted_stream IS 'Streams with an event that a follower cannot digest: it and later ones wait until they are released. Not part of the log.';
COMMENT ON COLUMN kedge.halted_stream.position IS 'The position of the event that could not be digested.';
COMMENT ON COLUMN kedge.halted_stream.parked IS 'How many later events of the stream wait behind it.';

CREATE TABLE kedge.duty (
  name text PRIMARY KEY,
  term bigint NOT NULL DEFAULT 0,
  holder text,
  expires_at timestamptz
);
COMMENT ON TABLE kedge.duty IS 'What one process at a time does, e.g. seal. Not part of the log.';
