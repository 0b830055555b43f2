CREATE OR REPLACE VIEW audit.head AS
SELECT s.epoch, s.last_position AS position, s.hash, s.sealed_at
FROM kedge.log_seal s ORDER BY s.number DESC LIMIT 1;
COMMENT ON VIEW audit.head IS 'The end of the chain. Keep a copy elsewhere: a log that does not contain it is not this log.';
COMMENT ON COLUMN audit.head.epoch IS 'The epoch of the newest seal.';
COMMENT ON COLUMN audit.head.position IS 'The position that was given last.';
COMMENT ON COLUMN audit.head.hash IS 'The hash at that position.';
COMMENT ON COLUMN audit.head.sealed_at IS 'When the newest seal was made.';
