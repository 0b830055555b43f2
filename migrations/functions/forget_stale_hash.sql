-- A checkpoint that is moved without its hash (a rebuild sets only the position) has none, rather than that of another position.
CREATE OR REPLACE FUNCTION kedge.forget_stale_hash() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.position <> OLD.position AND NEW.hash = OLD.hash THEN
    NEW.hash := NULL;
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION kedge.forget_stale_hash IS 'A checkpoint that is moved without its hash has none.';

CREATE OR REPLACE TRIGGER forget_stale_hash BEFORE UPDATE ON kedge.follower
  FOR EACH ROW EXECUTE FUNCTION kedge.forget_stale_hash();
