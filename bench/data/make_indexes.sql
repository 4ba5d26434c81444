\echo indexes
-- Odoo keeps its definition of an index as a comment, and changes none without one
DO $$ DECLARE made record; BEGIN
    FOR made IN SELECT * FROM bench_index LOOP
        EXECUTE made.indexdef;
        EXECUTE format('COMMENT ON INDEX %I IS %L', made.indexname, made.definition);
    END LOOP;
END $$;
-- ids go on behind those that were given here
DO $$ DECLARE made record; last bigint; BEGIN
    FOR made IN SELECT s.relname AS name, t.relname AS "table"
                  FROM pg_class s
                  JOIN pg_depend d ON d.objid = s.oid AND d.deptype = 'a'
                  JOIN pg_class t ON t.oid = d.refobjid
                  JOIN pg_attribute a
                    ON a.attrelid = t.oid AND a.attnum = d.refobjsubid AND a.attname = 'id'
                 WHERE s.relkind = 'S'
    LOOP
        EXECUTE format('SELECT max(id) FROM %I', made."table") INTO last;
        PERFORM setval(made.name::regclass, greatest(last, 1), last IS NOT NULL);
    END LOOP;
END $$;
