-- Work: what has to be done is a read model; who is doing it right now lies beside the log.

CREATE TABLE kedge.work (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  stream text NOT NULL,
  subject text NOT NULL,
  data jsonb NOT NULL DEFAULT '{}',
  exclusive text,
  sequence bigint NOT NULL,
  pool text,
  due_at timestamptz,
  position bigint NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT work_is_wanted_once UNIQUE (kind, subject)
);
CREATE INDEX work_in_turn ON kedge.work (exclusive, sequence, id) WHERE exclusive IS NOT NULL;
CREATE INDEX work_of_stream ON kedge.work (stream);
COMMENT ON TABLE kedge.work IS 'What has to be done, as it follows from the log; written by the follower work. Who is doing it: kedge.lease.';
COMMENT ON COLUMN kedge.work.id IS 'UUIDv5 of the event that asks for it and the kind.';
COMMENT ON COLUMN kedge.work.kind IS 'What is to be done.';
COMMENT ON COLUMN kedge.work.stream IS 'The stream whose event asks for it.';
COMMENT ON COLUMN kedge.work.subject IS 'What it is to be done about; one row for each kind and subject.';
COMMENT ON COLUMN kedge.work.exclusive IS 'Of rows with the same key one at a time can be claimed: the one with the smallest (sequence, id).';
COMMENT ON COLUMN kedge.work.pool IS 'The pool whose slots it takes; null takes none.';
COMMENT ON COLUMN kedge.work.due_at IS 'Not before this time; null is at once.';
COMMENT ON COLUMN kedge.work.position IS 'The log position of the event that asks for it.';

CREATE TABLE kedge.pool (
  name text PRIMARY KEY,
  slots bigint NOT NULL,
  position bigint NOT NULL
);
COMMENT ON TABLE kedge.pool IS 'How many pieces of work of a pool may be under way at once; written by the follower work. A pool without a row has no limit.';

CREATE SEQUENCE kedge.lease_token AS bigint CACHE 1;
COMMENT ON SEQUENCE kedge.lease_token IS
  'Fencing tokens: one higher at each claim, over all work, so that what one piece of work did is never undone by a zombie of another.';

CREATE TABLE kedge.lease (
  work uuid PRIMARY KEY,
  kind text NOT NULL,
  pool text NOT NULL DEFAULT '',
  exclusive text,
  available_at timestamptz NOT NULL,
  waiting boolean NOT NULL DEFAULT false,
  gone boolean NOT NULL DEFAULT false,
  done boolean NOT NULL DEFAULT false,
  token bigint NOT NULL DEFAULT 0,
  holder text,
  span interval,
  claimed_at timestamptz,
  expires_at timestamptz
) WITH (fillfactor = 70);
-- What can be claimed is a range of this: work that is held, done, not due or not in turn is not in the way.
CREATE INDEX lease_claimable ON kedge.lease (kind, pool, available_at) WHERE NOT done AND NOT waiting AND NOT gone;
CREATE INDEX lease_in_pool ON kedge.lease (pool, expires_at) WHERE holder IS NOT NULL AND NOT done AND pool <> '';
CREATE INDEX lease_exclusive ON kedge.lease (exclusive) WHERE exclusive IS NOT NULL AND holder IS NOT NULL AND NOT done;
CREATE INDEX lease_gone ON kedge.lease (work) WHERE gone;
COMMENT ON TABLE kedge.lease IS 'Who is doing which work right now; one row for each row of kedge.work, kept by its triggers. Not part of the log.';
COMMENT ON COLUMN kedge.lease.available_at IS 'From when it may be claimed: when it is due, or when the lease runs out.';
COMMENT ON COLUMN kedge.lease.waiting IS 'Other work of the same exclusive key comes first.';
COMMENT ON COLUMN kedge.lease.gone IS 'The work is wanted no longer; swept soon. A rebuild that puts the work back finds its lease here.';
COMMENT ON COLUMN kedge.lease.done IS 'Its outcome is in the log, and not yet in kedge.work.';
COMMENT ON COLUMN kedge.lease.token IS 'The fencing token of the newest claim.';
COMMENT ON COLUMN kedge.lease.span IS 'How long a heartbeat prolonged the lease last.';

CREATE TABLE kedge.worker (
  id uuid PRIMARY KEY,
  role text NOT NULL,
  host text NOT NULL,
  pid bigint NOT NULL,
  started_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL
);
COMMENT ON TABLE kedge.worker IS 'Worker processes that say they are there. Not part of the log.';
COMMENT ON COLUMN kedge.worker.seen_at IS 'When it last said so.';
