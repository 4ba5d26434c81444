-- A copy of a database pushes nobody and asks nothing in the name of the company.
UPDATE crm_doppler_account
   SET api_key = NULL, state = 'stopped', error = NULL;
-- Nor does it believe a proxy that it does not stand behind.
DELETE FROM ir_config_parameter
 WHERE key IN ('crm_gestion.eid_enabled', 'crm_gestion.eid_secret_digest');
