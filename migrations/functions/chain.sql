-- Gives the events the next positions in the order given, chains their hashes, and records the seal. Called by seal and
-- raise_epoch, which hold the lock row.
CREATE OR REPLACE FUNCTION kedge.chain(events bigint[], epoch bigint, now_at pg_snapshot) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_sort = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
  -- Hashes are gathered for so many events before they are written: it bounds the memory.
  c_piece CONSTANT integer := 4096;
  v_seal bigint;
  v_position bigint;
  v_hash bytea;
  v_sealed_at timestamptz := clock_timestamp();
  v_count bigint := cardinality(events);
  v_end bigint;
  v_piece bigint[];
  v_lowest bigint;
  v_highest bigint;
  v_hashes bytea[];
  v_payload bytea;
BEGIN
  SELECT s.number + 1, s.last_position, s.hash, greatest(v_sealed_at, s.sealed_at)
  INTO v_seal, v_position, v_hash, v_sealed_at FROM kedge.log_seal s ORDER BY s.number DESC LIMIT 1;
  IF NOT FOUND THEN
    v_seal := 1; v_position := 0; v_hash := decode(repeat('00', 32), 'hex'); v_sealed_at := clock_timestamp();
  END IF;
  v_end := v_position + v_count;
  FOR v_from IN 1 .. v_count BY c_piece LOOP
    v_piece := events[v_from : v_from + c_piece - 1];
    v_hashes := '{}';
    SELECT min(n.n), max(n.n) INTO v_lowest, v_highest FROM unnest(v_piece) n;
    FOR v_payload IN
      SELECT audit.hashed_bytes(
        chain.epoch, v_position + n.ordinality, e.id, e.stream, e.version, e.type, e.schema, e.data, e.actor, e.principal,
        e.correlation_id, e.causation_id, e.idempotency_key, e.occurred_at, e.recorded_at, v_sealed_at)
      FROM unnest(v_piece) WITH ORDINALITY n JOIN kedge.event e ON e.number = n.n
      -- Leaves out partitions.
      WHERE e.number BETWEEN v_lowest AND v_highest ORDER BY n.ordinality
    LOOP
      v_hash := sha256(v_hash || v_payload);
      v_hashes := v_hashes || v_hash;
    END LOOP;
    INSERT INTO kedge.log_order (position, event, seal, hash)
    SELECT v_position + n.ordinality, n.event, v_seal, n.hash
    FROM unnest(v_piece, v_hashes) WITH ORDINALITY n (event, hash, ordinality);
    v_position := v_position + cardinality(v_piece);
  END LOOP;
  INSERT INTO kedge.log_seal (number, epoch, last_position, hash, sealed_at, snap_xmax, snap_xip)
  SELECT v_seal, chain.epoch, v_end, v_hash, v_sealed_at, pg_snapshot_xmax(now_at), ARRAY(
    SELECT r.xid FROM (
      SELECT x AS xid FROM pg_snapshot_xip(now_at) x
      -- Whoever seals may append later in the same transaction: without its id here those events would be lost for good.
      UNION SELECT pg_current_xact_id() WHERE pg_current_xact_id() < pg_snapshot_xmax(now_at)) r ORDER BY r.xid);
  RETURN v_count;
END $$;
COMMENT ON FUNCTION kedge.chain IS 'Gives events the next positions and records the seal.';
