-- Keeps kedge.lease in step with kedge.work: a row for each piece of work, found by claim through one index.
-- A row that goes leaves its lease behind, marked, until it is swept: a rebuild deletes and inserts in one transaction.
CREATE OR REPLACE FUNCTION kedge.offer_work() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_waiting boolean := false;
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.id = OLD.id AND NEW.kind = OLD.kind AND NEW.pool IS NOT DISTINCT FROM OLD.pool
    AND NEW.due_at IS NOT DISTINCT FROM OLD.due_at AND NEW.exclusive IS NOT DISTINCT FROM OLD.exclusive AND NEW.sequence = OLD.sequence
  THEN
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    UPDATE kedge.lease SET gone = true WHERE work = OLD.id;
    IF OLD.exclusive IS NOT NULL THEN
      -- Whoever is first now need not wait.
      UPDATE kedge.lease SET waiting = false
      WHERE waiting AND work = (SELECT w.id FROM kedge.work w WHERE w.exclusive = OLD.exclusive ORDER BY w.sequence, w.id LIMIT 1);
    END IF;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    IF NEW.exclusive IS NOT NULL THEN
      v_waiting := EXISTS (
        SELECT FROM kedge.work w WHERE w.exclusive = NEW.exclusive AND (w.sequence, w.id) < (NEW.sequence, NEW.id));
      IF NOT v_waiting THEN
        -- Whoever was first waits now; its lease, if it has one, goes on.
        UPDATE kedge.lease SET waiting = true
        WHERE NOT waiting AND work = (
          SELECT w.id FROM kedge.work w WHERE w.exclusive = NEW.exclusive AND (w.sequence, w.id) > (NEW.sequence, NEW.id)
          ORDER BY w.sequence, w.id LIMIT 1);
      END IF;
    END IF;
    INSERT INTO kedge.lease AS l (work, kind, pool, exclusive, available_at, waiting)
    VALUES (NEW.id, NEW.kind, coalesce(NEW.pool, ''), NEW.exclusive, coalesce(NEW.due_at, NEW.created_at), v_waiting)
    ON CONFLICT (work) DO UPDATE SET
      kind = excluded.kind, pool = excluded.pool, exclusive = excluded.exclusive, waiting = excluded.waiting, gone = false,
      available_at = CASE WHEN l.holder IS NULL THEN excluded.available_at ELSE l.available_at END;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION kedge.offer_work IS 'Keeps kedge.lease in step with kedge.work.';

CREATE OR REPLACE TRIGGER offer_work AFTER INSERT OR UPDATE OR DELETE ON kedge.work
  FOR EACH ROW EXECUTE FUNCTION kedge.offer_work();
