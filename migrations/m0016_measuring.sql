-- What measuring keeps beside the log: profiles, by their content, and which rows windows and files of labels hold, so that they find each other without being read again.

CREATE TABLE kedge.join_key (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  monitor text NOT NULL,
  side text NOT NULL,
  owner text NOT NULL,
  about jsonb NOT NULL,
  keys bytea NOT NULL,
  CONSTRAINT join_key_side CHECK (side IN ('window', 'labels')),
  CONSTRAINT join_key_once UNIQUE (monitor, side, owner)
);
CREATE INDEX join_key_by_number ON kedge.join_key (monitor, side, number);
ALTER TABLE kedge.join_key ALTER COLUMN keys SET STORAGE EXTERNAL;
COMMENT ON TABLE kedge.join_key IS 'Hashes of the row ids of each window and of each file of labels; derived, and free to be dropped: what was joined stays joined.';

CREATE TABLE kedge.sketch (
  sha256 text PRIMARY KEY,
  content bytea NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE kedge.sketch ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE kedge.sketch IS 'Profiles of baselines and windows that events name by their checksum: JSON packed with gzip. They may be dropped: a baseline is then read from its file again.';
