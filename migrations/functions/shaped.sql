-- The data, or KE004 with the key. Stands in the INSERT of append, for types that are listed in kedge.event_shape.
CREATE OR REPLACE FUNCTION kedge.shaped(type text, data jsonb, required jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_error text := kedge.shape_error(data, required);
BEGIN
  IF v_error IS NOT NULL THEN
    RAISE EXCEPTION 'event % does not have its shape: %', type, v_error USING ERRCODE = 'KE004',
      DETAIL = jsonb_build_object('type', type, 'problem', v_error, 'required', required)::text,
      HINT = 'kedge.event_shape lists what the data of Kedge''s own types must hold.';
  END IF;
  RETURN data;
END $$;
COMMENT ON FUNCTION kedge.shaped IS 'The data of an event if it has the shape of its type, else KE004.';
