-- Fills a new plain database, in which bench/fill.py made users, teams, products, campaigns:
-- organizations and contacts, opportunities, what is planned and was done with them, orders,
-- invoices, tasks, e-mails. Variables: opportunities, sellers, teams, day.
-- Everything follows from a number by a hash: the same size and day, the same data.
\set ON_ERROR_STOP on
\set QUIET on
SET session_replication_role = replica;  -- no foreign keys to check: it is all made up
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SET work_mem = '256MB';
SET client_min_messages = warning;
BEGIN;
\ir common.sql
\set tables '{account_full_reconcile,account_move,account_move_line,account_move_line_account_tax_rel,account_partial_reconcile,account_tax_sale_order_line_rel,calendar_attendee,calendar_event,calendar_event_res_partner_rel,crm_lead,crm_tag_rel,mail_activity,mail_followers,mail_followers_mail_message_subtype_rel,mail_message,mail_tracking_value,mailing_trace,project_task,res_partner,sale_order,sale_order_line,sale_order_line_invoice_rel}'
\ir drop_indexes.sql
\ir lives.sql
\ir partners.sql
\ir opportunities.sql
\ir orders.sql
\ir invoices.sql
\ir days.sql
\ir make_indexes.sql
COMMIT;
VACUUM ANALYZE;
