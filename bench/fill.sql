-- Fills a new database: 300,000 partners, 1,000,000 opportunities, 5,000,000 gestiones,
-- with what belongs to them. Sellers are there already (bench/fill.py makes them).
-- Account 0 is the large one: about 5,000 events, scattered over all tables.
\set ON_ERROR_STOP on
\set QUIET on
SET session_replication_role = replica;  -- no foreign keys to check: it is all made up
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SET client_min_messages = warning;

CREATE TEMP TABLE bench_index AS
SELECT indexname, indexdef, obj_description(indexname::regclass, 'pg_class') AS definition
  FROM pg_indexes
 WHERE tablename IN (
           'account_move', 'calendar_attendee', 'calendar_event', 'crm_gestion',
           'crm_lead', 'crm_opportunity_closure', 'crm_opportunity_stage',
           'mailing_trace', 'project_task', 'res_partner', 'sale_order')
   AND indexname NOT LIKE '%\_pkey';
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT indexname FROM bench_index LOOP
        EXECUTE format('DROP INDEX %I', name);
    END LOOP;
END $$;

CREATE TEMP TABLE seller AS
SELECT row_number() OVER (ORDER BY u.id) - 1 AS number, u.id, u.partner_id,
       m.crm_team_id AS team_id
  FROM res_users u
  JOIN crm_team_member m ON m.user_id = u.id
 WHERE u.login LIKE 'bench_seller_%';
CREATE UNIQUE INDEX ON seller (number);

SELECT max(id) AS p0 FROM res_partner \gset
SELECT coalesce(max(id), 0) AS l0 FROM crm_lead \gset
SELECT coalesce(max(id), 0) AS g0 FROM crm_gestion \gset
SELECT id AS company, currency_id AS currency FROM res_company ORDER BY id LIMIT 1 \gset
SELECT array_agg(id ORDER BY sequence) AS stages FROM crm_stage WHERE is_method \gset
SELECT array_agg(id ORDER BY id) AS results FROM crm_gestion_result \gset
SELECT array_agg(id ORDER BY id) AS types FROM mail_activity_type WHERE is_gestion \gset
SELECT min(id) AS reason FROM crm_lost_reason \gset

\echo partners
INSERT INTO res_partner (
    id, name, complete_name, is_company, active, type, autopost_bills, partner_share,
    user_id, commercial_partner_id, account_status, completeness, create_date)
SELECT :p0 + 1 + k, 'Organization ' || k, 'Organization ' || k, true, true, 'contact',
       'ask', true, s.id, :p0 + 1 + k, 'customer', 50, '2016-01-01'
  FROM generate_series(0, 59999) k JOIN seller s ON s.number = k % 200;
INSERT INTO res_partner (
    id, name, complete_name, is_company, active, type, autopost_bills, partner_share,
    user_id, parent_id, commercial_partner_id, account_status, completeness, create_date)
SELECT :p0 + 60001 + j, 'Person ' || j, 'Organization ' || j % 60000 || ', Person ' || j,
       false, true, 'contact', 'ask', true, s.id, :p0 + 1 + j % 60000,
       :p0 + 1 + j % 60000, 'customer', 50, '2016-01-01'
  FROM generate_series(0, 239999) j JOIN seller s ON s.number = j % 60000 % 200;

\echo opportunities
-- what happens to one must not follow from whose it is: mixed is from 0 to 10006
INSERT INTO crm_lead (
    id, name, type, active, company_id, organization_id, partner_id, user_id, team_id,
    stage_id, priority, probability, expected_revenue, won_status, closure_kind,
    create_date, date_closed)
SELECT :l0 + i, 'Opportunity ' || i, 'opportunity', mixed % 5 <> 0, :company,
       :p0 + 1 + org, :p0 + 60001 + org + 60000 * (i % 4),
       CASE WHEN mixed / 50 % 100 = 7 THEN NULL ELSE s.id END, s.team_id,
       (:'stages'::int[])[CASE WHEN mixed % 5 = 1 THEN 5 ELSE 1 + mixed / 500 % 4 END],
       '1', CASE mixed % 5 WHEN 0 THEN 0 WHEN 1 THEN 100 ELSE 30 END, 1000 + i % 900,
       CASE mixed % 5 WHEN 0 THEN 'lost' WHEN 1 THEN 'won' ELSE 'pending' END,
       CASE mixed % 5 WHEN 0 THEN 'rejected' WHEN 1 THEN 'won' END,
       timestamp '2016-01-01' + i * interval '5 minutes',
       CASE WHEN mixed % 5 < 2
            THEN timestamp '2016-02-01' + i * interval '5 minutes' END
  FROM (SELECT i, CASE WHEN i % 5000 = 9 THEN 0 ELSE i * 7 % 60000 END AS org,
               (i::bigint * 7919 % 10007)::int AS mixed
          FROM generate_series(1, 1000000) i) made
  JOIN seller s
    ON s.number = CASE WHEN mixed / 5 % 10 = 3 THEN i / 10 % 200 ELSE org % 200 END;

\echo passages and closures
INSERT INTO crm_opportunity_stage (
    lead_id, stage_id, from_stage_id, move, date_in, date_out, days, user_id, team_id,
    company_id)
SELECT id, (:'stages'::int[])[step], (:'stages'::int[])[step - 1],
       CASE step WHEN 1 THEN 'created' ELSE 'forward' END,
       create_date + (step - 1) * interval '3 days',
       CASE WHEN step = 1 OR closure_kind IS NOT NULL
            THEN create_date + step * interval '3 days' END,
       3, user_id, team_id, company_id
  FROM crm_lead, generate_series(1, 2) step
 WHERE id > :l0 ORDER BY create_date;
INSERT INTO crm_opportunity_closure (
    lead_id, kind, date, user_id, team_id, company_id, currency_id, stage_id,
    expected_revenue, lost_reason_id)
SELECT id, closure_kind, date_closed, COALESCE(user_id, 1), team_id, company_id,
       :currency, stage_id, expected_revenue,
       CASE closure_kind WHEN 'rejected' THEN :reason END
  FROM crm_lead WHERE id > :l0 AND closure_kind IS NOT NULL ORDER BY date_closed;

\echo gestiones
-- 17143 is the inverse of 7 modulo 60000: the opportunity is the organization's own
INSERT INTO crm_gestion (
    id, activity_type_id, date, direction, user_id, team_id, company_id, organization_id,
    contact_id, lead_id, result_id, outcome, name, description, duration, create_date)
SELECT :g0 + i, (:'types'::int[])[1 + mixed % array_length(:'types'::int[], 1)],
       timestamp '2016-01-01' + i * interval '1 minute', 'out', s.id, s.team_id, :company,
       :p0 + 1 + org, :p0 + 60001 + org + 60000 * (mixed % 4),
       CASE WHEN mixed / 50 % 5 < 3 AND org > 0
            THEN :l0 + org::bigint * 17143 % 60000 + 60000 * (i % 16) END,
       (:'results'::int[])[1 + mixed % array_length(:'results'::int[], 1)], 'neutral',
       'Call: Person ' || org + 60000 * (mixed % 4),
       'They asked for the new prices and will talk to their manager; call again in '
       || i % 30 || ' days, better in the morning.', 0.25,
       timestamp '2016-01-01' + i * interval '1 minute'
  FROM (SELECT i, CASE WHEN i % 1150 = 5 THEN 0 ELSE i::bigint * 13 % 60000 END::int AS org,
               (i::bigint * 7919 % 10007)::int AS mixed
          FROM generate_series(1, 5000000) i) made
  JOIN seller s
    ON s.number = CASE WHEN mixed / 5 % 10 = 3 THEN i / 10 % 200 ELSE org % 200 END;

\echo orders, invoices, meetings, tasks, e-mails
INSERT INTO sale_order (
    company_id, partner_id, partner_invoice_id, partner_shipping_id, name, date_order,
    create_date, state, user_id, team_id, opportunity_id, amount_total, currency_id)
SELECT company_id, partner_id, partner_id, partner_id, 'B' || id,
       create_date + interval '9 days', create_date + interval '9 days',
       CASE WHEN closure_kind = 'won' THEN 'sale' ELSE 'sent' END, user_id, team_id,
       CASE WHEN id % 10 <> 0 THEN id END, expected_revenue, :currency
  FROM crm_lead WHERE id > :l0 AND id % 3 = 0 ORDER BY create_date;
INSERT INTO account_move (
    journal_id, currency_id, state, move_type, auto_post, date, invoice_date, name,
    partner_id, commercial_partner_id, invoice_user_id, company_id, amount_total,
    amount_total_in_currency_signed)
SELECT 1, :currency, 'posted', 'out_invoice', 'no', date_order::date, date_order::date,
       'BENCH/' || o.id, o.partner_id, p.commercial_partner_id, o.user_id, o.company_id,
       o.amount_total, o.amount_total
  FROM sale_order o JOIN res_partner p ON p.id = o.partner_id WHERE o.name LIKE 'B%';
CREATE TEMP TABLE meeting AS
SELECT nextval('calendar_event_id_seq')::int AS event_id, id, partner_id, user_id,
       create_date + interval '4 days' AS start
  FROM crm_lead WHERE id > :l0 AND id % 10 = 9 AND user_id IS NOT NULL;
INSERT INTO calendar_event (
    id, name, show_as, start, stop, active, user_id, privacy, opportunity_id)
SELECT event_id, 'Meeting ' || event_id, 'busy', start, start + interval '1 hour', true,
       user_id, NULL, CASE WHEN id % 20 <> 9 THEN id END
  FROM meeting;
INSERT INTO calendar_attendee (event_id, partner_id, state)
SELECT event_id, partner_id, 'accepted' FROM meeting
 UNION ALL
SELECT event_id, s.partner_id, 'accepted' FROM meeting JOIN seller s ON s.id = user_id;
INSERT INTO calendar_event_res_partner_rel (calendar_event_id, res_partner_id)
SELECT event_id, partner_id FROM calendar_attendee ON CONFLICT DO NOTHING;
INSERT INTO project_task (name, state, active, partner_id, company_id, create_date, create_uid)
SELECT 'Incident ' || j, '01_in_progress', true, :p0 + 60001 + j * 7 % 240000, :company,
       timestamp '2016-01-01' + j * interval '1 hour', 1
  FROM generate_series(1, 50000) j;
INSERT INTO mailing_trace (trace_type, model, res_id, trace_status, sent_datetime)
SELECT 'mail', 'res.partner', :p0 + 60001 + j % 240000, 'sent',
       timestamp '2016-01-01' + j * interval '5 minutes'
  FROM generate_series(1, 1000000) j;

\echo indexes
-- Odoo keeps its definition of an index as a comment, and changes none without one
DO $$ DECLARE made record; BEGIN
    FOR made IN SELECT * FROM bench_index LOOP
        EXECUTE made.indexdef;
        EXECUTE format('COMMENT ON INDEX %I IS %L', made.indexname, made.definition);
    END LOOP;
END $$;
SELECT setval('res_partner_id_seq', (SELECT max(id) FROM res_partner)),
       setval('crm_lead_id_seq', (SELECT max(id) FROM crm_lead)),
       setval('crm_gestion_id_seq', (SELECT max(id) FROM crm_gestion)) \g /dev/null
VACUUM ANALYZE;
