-- What was posted to /v1/predictions and /v1/labels: raw rows, which may be personal, so they lie beside the log and are dropped when they are old.

CREATE TABLE kedge.observation (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  model text NOT NULL,
  kind text NOT NULL,
  id text NOT NULL,
  digest text NOT NULL,
  content json NOT NULL,
  at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT observation_kind CHECK (kind IN ('prediction', 'label')),
  CONSTRAINT observation_once UNIQUE (model, kind, id, digest)
);
CREATE INDEX observation_by_number ON kedge.observation (model, kind, number);
COMMENT ON TABLE kedge.observation IS 'Predictions and labels as they were posted, in the order of their arrival; windows are stretches of their numbers.';
COMMENT ON COLUMN kedge.observation.digest IS 'Empty for predictions, of which each id has one; of labels the checksum of the content, as a label may be corrected.';
COMMENT ON COLUMN kedge.observation.at IS 'When the row was, as it says itself, else when it came.';
