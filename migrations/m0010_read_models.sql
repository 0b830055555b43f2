-- Read models: what the projections make of the log. Each row is written from one stream only, by the follower
-- named in the table's comment; all of it can be dropped and rebuilt by replay.

CREATE TABLE kedge.model (
  name text PRIMARY KEY,
  task text NOT NULL,
  tags jsonb NOT NULL,
  registered_at timestamptz NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE kedge.model_version (
  name text PRIMARY KEY,
  model text NOT NULL,
  number bigint NOT NULL,
  artifact_sha256 text NOT NULL,
  artifact_size bigint NOT NULL,
  artifact_name text NOT NULL,
  run uuid,
  metrics jsonb NOT NULL,
  tags jsonb NOT NULL,
  archived boolean NOT NULL,
  registered_at timestamptz NOT NULL,
  position bigint NOT NULL,
  UNIQUE (model, number)
);

CREATE TABLE kedge.alias (
  model text NOT NULL,
  alias text NOT NULL,
  version text NOT NULL,
  moved_at timestamptz NOT NULL,
  PRIMARY KEY (model, alias)
);

CREATE TABLE kedge.monitor (
  name text PRIMARY KEY,
  model text NOT NULL,
  specification jsonb NOT NULL,
  baseline jsonb,
  defined_at timestamptz NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE kedge.monitor_window (
  id uuid PRIMARY KEY,
  monitor text NOT NULL,
  source text NOT NULL,
  size bigint NOT NULL,
  checksum text NOT NULL,
  start_at timestamptz NOT NULL,
  end_at timestamptz NOT NULL,
  found_at timestamptz NOT NULL,
  position bigint NOT NULL
);
CREATE INDEX monitor_window_by_end ON kedge.monitor_window (monitor, end_at);

CREATE TABLE kedge.label_file (
  monitor text NOT NULL,
  checksum text NOT NULL,
  source text NOT NULL,
  found_at timestamptz NOT NULL,
  windows jsonb,
  unmatched bigint,
  failure text,
  position bigint NOT NULL,
  PRIMARY KEY (monitor, checksum)
);

CREATE TABLE kedge.measurement (
  id uuid PRIMARY KEY,
  monitor text NOT NULL,
  window_id uuid NOT NULL,
  start_at timestamptz NOT NULL,
  end_at timestamptz NOT NULL,
  source text NOT NULL,
  part text NOT NULL,
  rows bigint,
  drift jsonb,
  schema_changes jsonb,
  columns jsonb,
  metrics jsonb,
  intervals jsonb,
  by_version jsonb,
  model_drift jsonb,
  segments jsonb,
  together jsonb,
  late boolean NOT NULL DEFAULT false,
  inconclusive boolean NOT NULL DEFAULT false,
  failure text,
  recorded_at timestamptz NOT NULL,
  position bigint NOT NULL
);
CREATE INDEX measurement_by_end ON kedge.measurement (monitor, part, end_at);

CREATE TABLE kedge.rule (
  name text PRIMARY KEY,
  monitor text NOT NULL,
  specification jsonb NOT NULL,
  defined_at timestamptz NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE kedge.alert (
  id uuid PRIMARY KEY,
  rule text NOT NULL,
  monitor text,
  endpoint text,
  model text,
  metric text,
  state text NOT NULL,
  severity text NOT NULL,
  value double precision,
  condition text NOT NULL,
  since_at timestamptz NOT NULL,
  raised_at timestamptz,
  acknowledged_by text,
  acknowledged_at timestamptz,
  resolved_at timestamptz,
  reason text,
  drifted_columns jsonb,
  position bigint NOT NULL
);

CREATE TABLE kedge.pipeline (
  name text PRIMARY KEY,
  model text NOT NULL,
  specification jsonb NOT NULL,
  defined_at timestamptz NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE kedge.run (
  id uuid PRIMARY KEY,
  model text NOT NULL,
  pipeline text NOT NULL,
  state text NOT NULL,
  reason jsonb NOT NULL,
  parameters jsonb NOT NULL,
  attempt bigint NOT NULL,
  worker text,
  version text,
  failure text,
  last_lines uuid,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL,
  started_at timestamptz,
  retry_at timestamptz,
  finished_at timestamptz,
  position bigint NOT NULL
);

CREATE TABLE kedge.evaluation (
  run uuid PRIMARY KEY,
  model text NOT NULL,
  pipeline text NOT NULL,
  champion text,
  challenger text NOT NULL,
  rows bigint NOT NULL,
  metrics jsonb NOT NULL,
  intervals jsonb NOT NULL,
  difference jsonb NOT NULL,
  gate jsonb NOT NULL,
  passed boolean NOT NULL,
  evaluated_at timestamptz NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE kedge.deployment (
  id uuid PRIMARY KEY,
  endpoint text NOT NULL,
  model text NOT NULL,
  version text NOT NULL,
  replaces text,
  run uuid,
  state text NOT NULL,
  stage bigint,
  stages jsonb NOT NULL,
  approvals_needed bigint NOT NULL,
  requested_by text NOT NULL,
  automatic boolean NOT NULL,
  gate_passed boolean NOT NULL,
  reason text,
  proposed_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE kedge.approval (
  id uuid PRIMARY KEY,
  deployment uuid NOT NULL,
  approved_by text NOT NULL,
  principal text NOT NULL,
  reason text,
  approved_at timestamptz NOT NULL,
  seen_position bigint NOT NULL,
  identity text NOT NULL,
  counts boolean NOT NULL,
  voided_at timestamptz,
  void_reason text,
  position bigint NOT NULL
);
CREATE INDEX approval_of_deployment ON kedge.approval (deployment);

CREATE TABLE kedge.analysis (
  id uuid PRIMARY KEY,
  deployment uuid NOT NULL,
  kind text NOT NULL,
  window_id uuid NOT NULL,
  end_at timestamptz NOT NULL,
  champion text NOT NULL,
  challenger text NOT NULL,
  rows bigint NOT NULL,
  results jsonb NOT NULL,
  outcome text NOT NULL,
  reason text,
  recorded_at timestamptz NOT NULL,
  position bigint NOT NULL
);
CREATE INDEX analysis_of_deployment ON kedge.analysis (deployment);

CREATE TABLE kedge.endpoint (
  name text PRIMARY KEY,
  model text NOT NULL,
  specification jsonb NOT NULL,
  current text,
  candidate text,
  share bigint NOT NULL,
  shadow boolean NOT NULL,
  frozen boolean NOT NULL,
  guarded boolean NOT NULL,
  deployment uuid,
  replaced text,
  pending jsonb,
  changed_at timestamptz NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE kedge.endpoint_change (
  id uuid PRIMARY KEY,
  endpoint text NOT NULL,
  type text NOT NULL,
  current text,
  candidate text,
  share bigint,
  shadow boolean,
  from_version text,
  to_version text,
  reason text,
  actor text NOT NULL,
  changed_at timestamptz NOT NULL,
  position bigint NOT NULL
);
CREATE INDEX endpoint_change_in_order ON kedge.endpoint_change (endpoint, position);

CREATE TABLE kedge.channel (
  name text PRIMARY KEY,
  specification jsonb NOT NULL,
  defined_at timestamptz NOT NULL,
  position bigint NOT NULL
);

CREATE TABLE kedge.message (
  id uuid PRIMARY KEY,
  channel text NOT NULL,
  alert uuid,
  state text NOT NULL,
  severity text NOT NULL,
  title text NOT NULL,
  text text NOT NULL,
  status text NOT NULL,
  attempts bigint NOT NULL,
  failure text,
  receipt jsonb,
  requested_at timestamptz NOT NULL,
  sent_at timestamptz,
  position bigint NOT NULL
);
CREATE INDEX message_of_alert ON kedge.message (channel, alert);

CREATE TABLE kedge.schedule (
  name text PRIMARY KEY,
  pipeline text NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  next_at timestamptz,
  last_due_at timestamptz,
  skipped text,
  defined_at timestamptz NOT NULL,
  position bigint NOT NULL
);

COMMENT ON TABLE kedge.model IS 'Registered models; written by the follower registry.';
COMMENT ON TABLE kedge.model_version IS 'Registered versions; written by the follower registry.';
COMMENT ON TABLE kedge.alias IS 'Names that point to a version, e.g. champion; written by the follower registry.';
COMMENT ON TABLE kedge.monitor IS 'Declared monitors; written by the follower monitors.';
COMMENT ON TABLE kedge.monitor_window IS 'Windows of data that monitors found; written by the follower monitors.';
COMMENT ON TABLE kedge.label_file IS 'Files of labels that monitors found, and what was joined with them; written by the follower monitors.';
COMMENT ON TABLE kedge.measurement IS 'What was measured of each window, or why it could not be; written by the follower monitors.';
COMMENT ON TABLE kedge.rule IS 'Declared alert rules; written by the follower alerts.';
COMMENT ON TABLE kedge.alert IS 'Alerts, from pending to resolved; written by the follower alerts.';
COMMENT ON TABLE kedge.pipeline IS 'Declared pipelines; written by the follower runs.';
COMMENT ON TABLE kedge.run IS 'Runs: training and evaluation of one challenger each; written by the follower runs.';
COMMENT ON TABLE kedge.evaluation IS 'Comparisons of a challenger with the champion and the gate; written by the follower runs.';
COMMENT ON TABLE kedge.deployment IS 'Deployments of versions to endpoints; written by the follower deployments.';
COMMENT ON TABLE kedge.approval IS 'Approvals of deployments; written by the follower deployments.';
COMMENT ON TABLE kedge.analysis IS 'Comparisons in production of a version with the one it replaces; written by the follower deployments.';
COMMENT ON TABLE kedge.endpoint IS 'Endpoints and what serves there; written by the follower endpoints.';
COMMENT ON TABLE kedge.endpoint_change IS 'Every change of what serves at an endpoint; written by the follower endpoints.';
COMMENT ON TABLE kedge.channel IS 'Declared channels; written by the follower channels.';
COMMENT ON TABLE kedge.message IS 'Messages to channels; written by the follower channels.';
COMMENT ON TABLE kedge.schedule IS 'Schedules of pipelines and their next firing; written by the follower schedules.';
