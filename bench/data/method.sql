-- Fills what only the add-on has, in a copy of the plain database on which it was installed
-- and bench/fill.py gave the roles: opportunities go to the stages of the method, with what
-- the method would have recorded of them; five gestiones for each of them; accounts,
-- campaigns, incidents. Variables: opportunities, sellers, teams, day.
\set ON_ERROR_STOP on
\set QUIET on
SET session_replication_role = replica;  -- no foreign keys to check: it is all made up
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SET work_mem = '256MB';
SET client_min_messages = warning;
\ir common.sql
SELECT array_agg(id ORDER BY sequence) AS stages FROM crm_stage WHERE is_method \gset
SELECT min(id) - 1 AS p0 FROM res_partner WHERE name = 'Organization 0' \gset
SELECT min(id) - 1 AS l0 FROM crm_lead WHERE name = 'Opportunity 1' \gset
\ir lives.sql
\set tables '{crm_campaign_member,crm_gestion,crm_incident_passage,crm_lead,crm_opportunity_closure,crm_opportunity_forecast_log,crm_opportunity_stage,project_task,res_partner}'
\ir drop_indexes.sql
\ir gestiones.sql
\ir passages.sql
\ir method_leads.sql
\ir accounts.sql
\ir method_days.sql
-- what was rewritten lies there twice: the plain database has no such holes to read
VACUUM FULL crm_lead;
VACUUM FULL res_partner;
VACUUM FULL project_task;
\ir make_indexes.sql
VACUUM ANALYZE;
