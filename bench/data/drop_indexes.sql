-- Drops the indexes of the variable "tables"; make_indexes.sql makes them again.
CREATE TEMP TABLE bench_index AS
SELECT indexname, indexdef, obj_description(indexname::regclass, 'pg_class') AS definition
  FROM pg_indexes
 WHERE tablename = ANY (:'tables'::text[])
   AND indexname NOT IN (SELECT conname FROM pg_constraint);
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT indexname FROM bench_index LOOP
        EXECUTE format('DROP INDEX %I', name);
    END LOOP;
END $$;
