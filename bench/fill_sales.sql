-- Adds to the database of fill.sql what is sold: 300,000 confirmed orders of the last three
-- years with two lines each, 200,000 invoices, their payments and credit notes, and 500
-- campaigns (50 with nine below each) with half of all opportunities and 200,000 members.
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
 WHERE tablename IN (
           'account_move', 'account_move_line', 'account_partial_reconcile',
           'crm_campaign_member', 'crm_lead', 'sale_order', 'sale_order_line')
   AND indexname NOT LIKE '%\_pkey'
   AND indexname NOT IN (SELECT conname FROM pg_constraint);
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT indexname FROM bench_index LOOP
        EXECUTE format('DROP INDEX %I', name);
    END LOOP;
END $$;

SELECT coalesce(max(id), 0) AS c0 FROM utm_campaign \gset
SELECT coalesce(max(id), 0) AS o0 FROM sale_order \gset
SELECT coalesce(max(id), 0) AS m0 FROM account_move \gset
SELECT coalesce(max(id), 0) AS a0 FROM account_move_line \gset
SELECT min(id) AS l0, max(id) AS l1 FROM crm_lead WHERE name LIKE 'Opportunity %' \gset
SELECT id AS company, currency_id AS currency FROM res_company ORDER BY id LIMIT 1 \gset
SELECT id AS other FROM res_currency
 WHERE name IN ('EUR', 'USD') AND id <> :currency ORDER BY name LIMIT 1 \gset
SELECT p.id AS product, t.uom_id AS uom
  FROM product_product p JOIN product_template t ON t.id = p.product_tmpl_id
 ORDER BY p.id LIMIT 1 \gset
SELECT id AS journal FROM account_journal WHERE type = 'sale' ORDER BY id LIMIT 1 \gset
SELECT id AS bank FROM account_journal WHERE type = 'bank' ORDER BY id LIMIT 1 \gset
SELECT id AS receivable FROM account_account
 WHERE account_type = 'asset_receivable' ORDER BY id LIMIT 1 \gset
SELECT id AS income FROM account_account
 WHERE account_type = 'income' ORDER BY id LIMIT 1 \gset
SELECT id AS cash FROM account_account
 WHERE account_type = 'asset_cash' ORDER BY id LIMIT 1 \gset

\echo rates and campaigns
UPDATE res_currency SET active = true WHERE id = :other;
INSERT INTO res_currency_rate (currency_id, company_id, name, rate)
SELECT :other, :company, day::date, 0.9 + (extract(doy FROM day)::int % 20) * 0.01
  FROM generate_series(timestamp '2015-12-01', '2025-08-01', '1 week') day
    ON CONFLICT DO NOTHING;
INSERT INTO utm_campaign (
    id, name, title, user_id, stage_id, active, company_id, parent_id, parent_path,
    campaign_type, date_from, date_to)
SELECT :c0 + 1 + k, 'bench_campaign_' || k,
       jsonb_build_object('en_US', 'Campaign ' || k), u.id, s.id, true, :company,
       CASE WHEN k >= 50 THEN :c0 + 1 + k % 50 END,
       CASE WHEN k >= 50 THEN :c0 + 1 + k % 50 || '/' ELSE '' END || :c0 + 1 + k || '/',
       (ARRAY['email', 'call', 'event', 'visit', 'advertising'])[1 + k % 5],
       date '2022-07-01' + k * 2, date '2022-07-01' + k * 2 + 90
  FROM generate_series(0, 499) k,
       (SELECT id FROM res_users WHERE login = 'bench_marketing') u,
       (SELECT min(id) AS id FROM utm_stage) s;
UPDATE crm_lead SET campaign_id = :c0 + 1 + id::bigint * 7919 % 500
 WHERE id BETWEEN :l0 AND :l1 AND id % 4 < 2;
UPDATE crm_gestion g SET campaign_id = l.campaign_id
  FROM crm_lead l
 WHERE l.id = g.lead_id AND l.campaign_id IS NOT NULL AND g.id % 10 = 0;
INSERT INTO crm_campaign_member (
    campaign_id, partner_id, state, date, contact_date, source)
SELECT :c0 + 1 + k % 500, p.id,
       (ARRAY['planned', 'contacted', 'opened', 'clicked', 'answered'])[1 + k % 7 % 5],
       timestamp '2022-07-01' + k * interval '5 minutes',
       CASE WHEN k % 7 % 5 > 0 THEN timestamp '2022-07-01' + k * interval '5 minutes' END,
       'mailing'
  FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS k FROM res_partner
         WHERE name LIKE 'Person %' ORDER BY id LIMIT 200000) p;

\echo orders
UPDATE sale_order o
   SET amount_untaxed = amount_total, currency_rate = 1, campaign_id = l.campaign_id
  FROM crm_lead l WHERE o.name LIKE 'B%' AND l.id = substr(o.name, 2)::int;
INSERT INTO sale_order (
    id, company_id, partner_id, partner_invoice_id, partner_shipping_id, name, date_order,
    create_date, state, user_id, team_id, opportunity_id, campaign_id, currency_id,
    currency_rate, amount_untaxed, amount_tax, amount_total)
SELECT :o0 + k, company_id, partner_id, partner_id, partner_id, 'S' || :o0 + k,
       create_date + interval '20 days', create_date + interval '9 days', 'sale', user_id,
       team_id, CASE WHEN id % 2 = 0 THEN id END,
       CASE WHEN id % 4 < 2 THEN campaign_id END,
       CASE WHEN k % 10 = 0 THEN :other ELSE :currency END,
       CASE WHEN k % 10 = 0 THEN 0.95 ELSE 1 END, 1000 + k % 900, 200, 1200 + k % 900
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS k FROM crm_lead
         WHERE id BETWEEN :l1 - 315000 AND :l1 ORDER BY id LIMIT 300000) l;
INSERT INTO sale_order_line (
    order_id, company_id, currency_id, order_partner_id, salesman_id, state, name,
    product_id, product_uom_id, product_uom_qty, price_unit, price_subtotal, price_total,
    customer_lead, sequence)
SELECT o.id, o.company_id, o.currency_id, o.partner_id, o.user_id, o.state,
       'Product ' || line, :product, :uom, 2, o.amount_untaxed / 4, o.amount_untaxed / 2,
       o.amount_total / 2, 0, 10
  FROM sale_order o, generate_series(1, 2) line WHERE o.id > :o0;

\echo invoices, payments, credit notes
UPDATE account_move m
   SET amount_untaxed_signed = m.amount_total, team_id = o.team_id,
       amount_untaxed_in_currency_signed = m.amount_total
  FROM sale_order o
 WHERE m.name LIKE 'BENCH/%'
   AND o.id = substr(m.name, 7)::int;
CREATE TEMP TABLE invoice AS
SELECT k, :m0 + k AS id, o.id AS order_id, o.partner_id, p.commercial_partner_id,
       o.user_id, o.team_id, o.campaign_id, o.company_id, o.currency_id,
       (o.date_order + interval '5 days')::date AS day, o.amount_untaxed, o.amount_total,
       round(o.amount_untaxed / o.currency_rate, 2) AS untaxed,
       round(o.amount_total / o.currency_rate, 2) AS total
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS k FROM sale_order
         WHERE id > :o0 AND id % 3 < 2 ORDER BY id LIMIT 200000) o
  JOIN res_partner p ON p.id = o.partner_id;
-- of ten invoices eight are paid, three of those in two parts; one has a credit note
CREATE TEMP TABLE part AS
SELECT 200000 + row_number() OVER (ORDER BY number, k) AS k, id AS invoice_id,
       k AS invoice_k, CASE WHEN k % 10 = 8 THEN 'out_refund' ELSE 'entry' END AS move_type,
       CASE WHEN k % 10 < 3 THEN 2 ELSE 1 END AS parts, partner_id, commercial_partner_id,
       user_id, team_id, campaign_id, company_id, currency_id, day + 30 * number AS day,
       total, untaxed, amount_total, amount_untaxed
  FROM invoice, generate_series(1, 2) number
 WHERE k % 10 < 9 AND (number = 1 OR k % 10 < 3);
INSERT INTO account_move (
    id, journal_id, currency_id, state, move_type, auto_post, date, invoice_date, name,
    partner_id, commercial_partner_id, invoice_user_id, team_id, campaign_id, company_id,
    invoice_origin, amount_untaxed, amount_total, amount_untaxed_signed,
    amount_untaxed_in_currency_signed, amount_total_signed,
    amount_total_in_currency_signed)
SELECT id, :journal, currency_id, 'posted', 'out_invoice', 'no', day, day, 'BI/' || k,
       partner_id, commercial_partner_id, user_id, team_id, campaign_id, company_id,
       'S' || order_id, amount_untaxed, amount_total, untaxed, amount_untaxed, total,
       amount_total
  FROM invoice;
INSERT INTO account_move (
    id, journal_id, currency_id, state, move_type, auto_post, date, invoice_date, name,
    partner_id, commercial_partner_id, invoice_user_id, team_id, campaign_id, company_id,
    amount_untaxed, amount_total, amount_untaxed_signed,
    amount_untaxed_in_currency_signed, amount_total_signed)
SELECT :m0 + k, CASE move_type WHEN 'entry' THEN :bank ELSE :journal END, currency_id,
       'posted', move_type, 'no', day, CASE move_type WHEN 'out_refund' THEN day END,
       'BP/' || k, partner_id, commercial_partner_id,
       CASE move_type WHEN 'out_refund' THEN user_id END,
       CASE move_type WHEN 'out_refund' THEN team_id END,
       CASE move_type WHEN 'out_refund' THEN campaign_id END, company_id,
       CASE move_type WHEN 'out_refund' THEN untaxed END, amount_total,
       CASE move_type WHEN 'out_refund' THEN -untaxed END,
       CASE move_type WHEN 'out_refund' THEN -amount_untaxed END, -total
  FROM part;
-- of each move: the receivable line first, then its counterpart
INSERT INTO account_move_line (
    id, move_id, journal_id, company_id, move_name, parent_state, date, account_id,
    partner_id, currency_id, company_currency_id, display_type, name, quantity, debit,
    credit, balance, amount_currency, product_id, price_subtotal)
SELECT :a0 + 2 * (m.k - 1) + line, :m0 + m.k, v.journal_id, v.company_id, v.name, v.state,
       v.date, CASE WHEN line = 1 THEN :receivable
                    WHEN v.move_type = 'entry' THEN :cash ELSE :income END,
       v.partner_id, v.currency_id, :currency,
       CASE line WHEN 1 THEN 'payment_term' ELSE 'product' END, v.name, 1,
       greatest(balance, 0), greatest(-balance, 0), balance,
       CASE WHEN v.currency_id = :currency THEN balance ELSE balance * 0.95 END,
       CASE WHEN line = 2 AND v.move_type <> 'entry' THEN :product END, abs(balance)
  FROM (SELECT k, total AS owed FROM invoice
         UNION ALL SELECT k, -total / parts FROM part) m
  JOIN account_move v ON v.id = :m0 + m.k,
       generate_series(1, 2) line,
       LATERAL (SELECT CASE line WHEN 1 THEN owed ELSE -owed END AS balance) b;
INSERT INTO account_partial_reconcile (
    debit_move_id, credit_move_id, company_id, debit_currency_id, credit_currency_id,
    max_date, amount, debit_amount_currency, credit_amount_currency)
SELECT :a0 + 2 * (invoice_k - 1) + 1, :a0 + 2 * (k - 1) + 1, company_id, currency_id,
       currency_id, day, total / parts, amount_total / parts, amount_total / parts
  FROM part ORDER BY day;
CREATE INDEX ON sale_order_line (order_id);
INSERT INTO sale_order_line_invoice_rel (order_line_id, invoice_line_id)
SELECT l.id, :a0 + 2 * i.k FROM invoice i JOIN sale_order_line l ON l.order_id = i.order_id;
DROP INDEX sale_order_line_order_id_idx;

\echo indexes
-- Odoo keeps its definition of an index as a comment, and changes none without one
DO $$ DECLARE made record; BEGIN
    FOR made IN SELECT * FROM bench_index LOOP
        EXECUTE made.indexdef;
        EXECUTE format('COMMENT ON INDEX %I IS %L', made.indexname, made.definition);
    END LOOP;
END $$;
SELECT setval('utm_campaign_id_seq', (SELECT max(id) FROM utm_campaign)),
       setval('sale_order_id_seq', (SELECT max(id) FROM sale_order)),
       setval('account_move_id_seq', (SELECT max(id) FROM account_move)),
       setval('account_move_line_id_seq', (SELECT max(id) FROM account_move_line))
       \g /dev/null
COMMIT;
VACUUM ANALYZE;
