-- A copy of a database pushes nobody and asks nothing in the name of the company.
UPDATE crm_doppler_account
   SET api_key = NULL, state = 'stopped', error = NULL;
