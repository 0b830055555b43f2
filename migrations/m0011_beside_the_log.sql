-- What lies beside the log: artifacts and the output of runs by their content, what may be personal or bulky,
-- and states of long streams, kept only so that they need not be read from their beginning.

CREATE TABLE kedge.artifact (
  sha256 text PRIMARY KEY,
  size bigint NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE kedge.artifact IS 'Files kept by their content; a row stands here once all of its chunks do.';

CREATE TABLE kedge.artifact_chunk (
  sha256 text NOT NULL,
  number integer NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (sha256, number)
);
ALTER TABLE kedge.artifact_chunk ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE kedge.artifact_chunk IS 'Pieces of artifacts, in order from 0.';

CREATE TABLE kedge.run_output (
  run uuid NOT NULL,
  step text NOT NULL,
  attempt bigint NOT NULL,
  number bigint NOT NULL,
  content bytea NOT NULL,
  written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run, step, attempt, number)
);
COMMENT ON TABLE kedge.run_output IS 'Standard output and error of trainers and evaluators, in pieces, while they run and after.';

CREATE TABLE kedge.attachment (
  id uuid PRIMARY KEY,
  content jsonb NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE kedge.attachment IS 'What events refer to and do not carry, because it may be personal or bulky; it can be erased, and the chain still verifies.';

CREATE TABLE kedge.stream_state (
  stream text NOT NULL,
  kind text NOT NULL,
  version bigint NOT NULL,
  number bigint NOT NULL,
  state jsonb NOT NULL,
  PRIMARY KEY (stream, kind)
);
COMMENT ON TABLE kedge.stream_state IS 'States of long streams at some version: derived, and free to be dropped.';
COMMENT ON COLUMN kedge.stream_state.number IS 'Insert number of the event at that version: later ones have higher numbers.';
