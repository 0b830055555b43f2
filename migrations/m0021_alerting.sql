-- What alerts, rules and silences have besides what m0010 knows.

ALTER TABLE kedge.alert
  ADD COLUMN series text,
  ADD COLUMN recovering_since timestamptz,
  ADD COLUMN flapping integer,
  ADD COLUMN actions jsonb;
ALTER TABLE kedge.rule ADD COLUMN no_data_since timestamptz;

CREATE TABLE kedge.silence (
  id uuid PRIMARY KEY,
  monitor text,
  rule text,
  model text,
  started_at timestamptz NOT NULL,
  until_at timestamptz NOT NULL,
  started_by text NOT NULL,
  reason text,
  ended_at timestamptz,
  ended_by text,
  position bigint NOT NULL
);
COMMENT ON TABLE kedge.silence IS 'Silences: who wants not to be told of which alerts, and until when; written by the follower alerts.';
