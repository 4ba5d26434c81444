-- Adds to the database of fill.sql what dashboards and reports tell, as of June 27, 2025:
-- the opportunities of the last year are open (some 300 of each seller) or paused, older
-- ones decided, with reasons, originations, markets and expected closings; 5,000,000
-- passages through stages, 900,000 closures, 500,000 forecast changes, next steps.
\set ON_ERROR_STOP on
\set QUIET on
SET session_replication_role = replica;  -- no foreign keys to check: it is all made up
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SET client_min_messages = warning;
BEGIN;

CREATE TEMP TABLE bench_index AS
SELECT indexname, indexdef, obj_description(indexname::regclass, 'pg_class') AS definition
  FROM pg_indexes
 WHERE tablename IN ('crm_lead', 'crm_opportunity_closure', 'crm_opportunity_stage')
   AND indexname NOT LIKE '%\_pkey'
   AND indexname NOT IN (SELECT conname FROM pg_constraint);
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT indexname FROM bench_index LOOP
        EXECUTE format('DROP INDEX %I', name);
    END LOOP;
END $$;

SELECT min(id) - 1 AS l0, max(id) AS l1 FROM crm_lead WHERE name LIKE 'Opportunity %' \gset
SELECT min(id) AS g0 FROM crm_gestion WHERE name LIKE 'Call: Person %' \gset
SELECT currency_id AS currency FROM res_company ORDER BY id LIMIT 1 \gset
SELECT array_agg(id ORDER BY sequence) AS stages FROM crm_stage WHERE is_method \gset
SELECT array_agg(id ORDER BY id) AS originations FROM crm_origination \gset
SELECT array_agg(id ORDER BY id) AS markets FROM crm_market \gset
SELECT array_agg(id ORDER BY id) AS rejected
  FROM crm_lost_reason WHERE closure_kind = 'rejected' \gset
SELECT array_agg(id ORDER BY id) AS unqualified
  FROM crm_lost_reason WHERE closure_kind = 'unqualified' \gset
SELECT min(id) AS type FROM mail_activity_type WHERE is_gestion \gset
SELECT id AS lead_model FROM ir_model WHERE model = 'crm.lead' \gset
SELECT id AS partner_model FROM ir_model WHERE model = 'res.partner' \gset
\set today 'timestamp ''2025-06-27 12:00'''

\echo opportunities
UPDATE crm_stage SET rotting_threshold_days = 15 WHERE is_method AND is_won IS NOT TRUE;
UPDATE crm_lead l
   SET closure_kind = fate,
       active = fate IS NULL OR fate = 'won',
       won_status = CASE WHEN fate = 'won' THEN 'won'
                         WHEN fate IN ('rejected', 'unqualified') THEN 'lost'
                         ELSE 'pending' END,
       probability = CASE WHEN fate = 'won' THEN 100
                          WHEN fate IN ('rejected', 'unqualified') THEN 0
                          ELSE 30 END,
       prorated_revenue = CASE WHEN fate = 'won' THEN expected_revenue
                               WHEN fate IN ('rejected', 'unqualified') THEN 0
                               ELSE expected_revenue * 0.3 END,
       stage_id = CASE WHEN fate = 'won' THEN (:'stages'::int[])[5]
                       WHEN l.id / 13 % 2 = 0 THEN (:'stages'::int[])[1 + l.id / 17 % 4]
                       ELSE least(stage_id, (:'stages'::int[])[4]) END,
       date_closed = closed,
       day_close = extract(epoch FROM closed - create_date) / 86400,
       date_last_stage_update = coalesce(
           closed,
           greatest(create_date,
                    least(create_date + l.id % 40 * interval '1 day', :today))),
       date_deadline = create_date::date + 60 + l.id % 200,
       standby_until = CASE fate WHEN 'standby' THEN :today::date + l.id % 90 - 2 END,
       push_count = CASE WHEN l.id % 33 = 0 THEN 3 + l.id % 3
                         WHEN l.id % 4 = 2 THEN 1 ELSE 0 END,
       origination_id = (:'originations'::int[])
           [1 + l.id / 3 % array_length(:'originations'::int[], 1)],
       market_id = (:'markets'::int[])[1 + l.id / 11 % array_length(:'markets'::int[], 1)],
       lost_reason_id = CASE fate
           WHEN 'rejected' THEN (:'rejected'::int[])
               [1 + l.id / 2 % array_length(:'rejected'::int[], 1)]
           WHEN 'unqualified' THEN (:'unqualified'::int[])
               [1 + l.id / 2 % array_length(:'unqualified'::int[], 1)] END,
       source_gestion_id = CASE WHEN l.id % 10 = 0
                                THEN :g0 + (l.id - :l0) * 5 - 2 END
  FROM (SELECT id, fate,
               CASE WHEN fate <> 'standby'
                    THEN coalesce(date_closed,
                                  create_date + (5 + id % 80) * interval '1 day')
                    END AS closed
          FROM (SELECT id, date_closed, create_date,
                       CASE WHEN won_status = 'won' THEN 'won'
                            WHEN won_status = 'lost' AND id % 3 = 0 THEN 'unqualified'
                            WHEN won_status = 'lost' THEN 'rejected'
                            WHEN create_date < :today - interval '1 year'
                            THEN (ARRAY['won', 'rejected', 'rejected', 'rejected',
                                        'unqualified'])[1 + id / 7 % 5]
                            WHEN id % 25 = 0 THEN 'standby' END AS fate
                  FROM crm_lead WHERE id BETWEEN :l0 + 1 AND :l1) old) made
 WHERE l.id = made.id;
CREATE TEMP TABLE life AS
SELECT id, stage_id, user_id, team_id, company_id, closure_kind, create_date AS born,
       CASE WHEN closure_kind IS NULL THEN date_last_stage_update
            ELSE coalesce(date_closed, date_last_stage_update) END AS died
  FROM crm_lead WHERE id BETWEEN :l0 + 1 AND :l1;

\echo passages
TRUNCATE crm_opportunity_stage;
INSERT INTO crm_opportunity_stage (
    lead_id, stage_id, from_stage_id, next_stage_id, move, skipped_count, date_in,
    date_out, days, conversion, user_id, team_id, company_id)
SELECT id, stages[step], stages[step - 1], stages[step + 1],
       CASE WHEN step = 1 THEN 'created'
            WHEN step = 3 AND id % 7 = 0 THEN 'skipped'
            WHEN step = 4 AND id % 5 = 0 THEN 'back'
            WHEN step < 5 OR closure_kind IS NULL THEN 'forward'
            WHEN closure_kind = 'won' THEN 'won' ELSE 'closed' END,
       CASE WHEN step = 3 AND id % 7 = 0 THEN 1 ELSE 0 END,
       born + (died - born) * (step - 1) / 4,
       CASE WHEN step < 5 THEN born + (died - born) * step / 4
            WHEN closure_kind IS NOT NULL THEN died END,
       CASE WHEN step < 5 THEN extract(epoch FROM died - born) / 86400 / 4 END,
       CASE WHEN step = 4 THEN (closure_kind = 'won' OR closure_kind IS NULL)::int
            WHEN step = 3 THEN (id % 5 > 0)::int
            WHEN step < 5 THEN 1 END,
       user_id, team_id, company_id
  FROM (SELECT *, ARRAY[s[1], s[2], s[3], CASE id % 5 WHEN 0 THEN s[2] ELSE s[4] END,
                        stage_id] AS stages
          FROM life, (SELECT :'stages'::int[] AS s) method) made,
       generate_series(1, 5) step
 ORDER BY born, step;

\echo closures
TRUNCATE crm_opportunity_closure;
INSERT INTO crm_opportunity_closure (
    lead_id, kind, date, user_id, team_id, company_id, currency_id, stage_id,
    expected_revenue, probability, lost_reason_id, wake_date, reopen_date, days_paused)
SELECT id, kind, date, coalesce(user_id, 1), team_id, company_id, :currency, stage_id,
       expected_revenue, 30, lost_reason_id, wake_date, reopen_date, days_paused
  FROM (SELECT l.*, l.closure_kind AS kind, life.died AS date, standby_until AS wake_date,
               NULL::timestamp AS reopen_date, 0 AS days_paused
          FROM crm_lead l JOIN life USING (id) WHERE l.closure_kind IS NOT NULL
         UNION ALL
        SELECT l.*, 'standby', born + interval '2 days', born::date + 17,
               born + interval '17 days', 15
          FROM crm_lead l JOIN life USING (id) WHERE id % 20 = 7) closed
 ORDER BY date;

\echo forecast changes
INSERT INTO crm_opportunity_forecast_log (
    lead_id, field, old, new, change, user_id, date, team_id, company_id)
SELECT id, field, CASE field WHEN 'expected_revenue' THEN '900.00' ELSE '2025-01-01' END,
       CASE field WHEN 'expected_revenue' THEN '1000.00' ELSE '2025-01-31' END,
       CASE field WHEN 'expected_revenue' THEN 100 ELSE 30 END,
       coalesce(user_id, 1), born + (died - born) / 2, team_id, company_id
  FROM (SELECT *, CASE id % 4 WHEN 0 THEN 'expected_revenue'
                                     ELSE 'date_deadline' END AS field
          FROM life WHERE id % 2 = 0) changed
 ORDER BY born;

\echo next steps
INSERT INTO mail_activity (
    res_model, res_model_id, res_id, res_name, activity_type_id, user_id, date_deadline,
    summary, active, date_done, automated)
SELECT 'crm.lead', :lead_model, id, 'Opportunity ' || id, :type, user_id,
       CASE WHEN closure_kind IS NULL THEN :today::date + id % 40 - 10
            ELSE died::date END,
       'Call again', closure_kind IS NULL,
       CASE WHEN closure_kind IS NOT NULL THEN died::date END, false
  FROM life
 WHERE user_id IS NOT NULL AND CASE WHEN closure_kind IS NULL THEN id % 10 < 7
                                    ELSE id % 3 = 0 END;
INSERT INTO mail_activity (
    res_model, res_model_id, res_id, res_name, activity_type_id, user_id, date_deadline,
    summary, active, automated)
SELECT 'res.partner', :partner_model, id, name, :type, user_id,
       :today::date + id % 40 - 10, 'Visit', true, false
  FROM res_partner WHERE user_id IS NOT NULL AND id % 10 = 3;

\echo indexes
-- Odoo keeps its definition of an index as a comment, and changes none without one
DO $$ DECLARE made record; BEGIN
    FOR made IN SELECT * FROM bench_index LOOP
        EXECUTE made.indexdef;
        EXECUTE format('COMMENT ON INDEX %I IS %L', made.indexname, made.definition);
    END LOOP;
END $$;
COMMIT;
VACUUM ANALYZE;
