-- Tokens with which machines call the API. What is kept is a digest: a token is shown once, when it is made.

CREATE TABLE kedge.api_token (
  name text PRIMARY KEY,
  role text NOT NULL,
  digest bytea NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz,
  used_at timestamptz,
  CONSTRAINT api_token_role_is_known CHECK (role IN ('viewer', 'operator', 'approver', 'admin')),
  CONSTRAINT api_token_digest_is_a_sha256 CHECK (octet_length(digest) = 32),
  CONSTRAINT api_token_digest_is_unique UNIQUE (digest)
);
COMMENT ON TABLE kedge.api_token IS 'Tokens of the API; only members of kedge_server read or make them. Not part of the log, which says that they were made and revoked.';
COMMENT ON COLUMN kedge.api_token.name IS 'Stands in the log as the principal token:NAME: never given twice.';
COMMENT ON COLUMN kedge.api_token.digest IS 'SHA-256 of the token, which is 32 random bytes: there is nothing to guess, so no slow hash is needed.';
COMMENT ON COLUMN kedge.api_token.used_at IS 'When it was last used, to the minute.';
