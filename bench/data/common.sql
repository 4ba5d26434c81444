-- What native.sql and method.sql share: random numbers, who sells, what is there.

-- from 0 to 1, of a number and what is asked about it: the seed is the date in it
CREATE FUNCTION pg_temp.draw(number bigint, question int) RETURNS float8 LANGUAGE sql
    IMMUTABLE AS $$
    SELECT (hashint8extended(number, 20261122000 + question) & 4294967295)::float8
           / 4294967296 $$;
-- one of an array
CREATE FUNCTION pg_temp.one(choices int[], part float8) RETURNS int LANGUAGE sql
    IMMUTABLE AS $$ SELECT choices[1 + floor(part * cardinality(choices))::int] $$;
-- which organization: a tenth of the business is with one of a hundred, half with one of five
CREATE FUNCTION pg_temp.customer(part float8, organizations int) RETURNS int LANGUAGE sql
    IMMUTABLE AS $$
    SELECT floor(organizations * ((0.15 + 0.85 * part) ^ 3 - 0.003375) / 0.996625)::int $$;
-- a working hour of a working day, at or shortly before a moment
CREATE FUNCTION pg_temp.at_work(moment timestamp, part float8) RETURNS timestamp LANGUAGE sql
    IMMUTABLE AS $$
    SELECT date_trunc('day', moment)
           - CASE extract(isodow FROM moment) WHEN 6 THEN 1 WHEN 7 THEN 2 ELSE 0 END
             * interval '1 day'
           + interval '7 hours'
           + floor(part * 36000) * interval '1 second' $$;

SELECT :opportunities * 6 / 100 AS organizations, :opportunities * 24 / 100 AS persons,
       :'day'::timestamp AS now \gset
\set now 'timestamp ' :'now'
SELECT id AS company, currency_id AS currency FROM res_company ORDER BY id LIMIT 1 \gset
SELECT array_agg(id ORDER BY id) AS campaigns
  FROM utm_campaign WHERE name LIKE 'bench_campaign_%' \gset
SELECT array_agg(id ORDER BY sequence) AS native_stages
  FROM crm_stage WHERE name->>'en_US' IN ('New', 'Qualified', 'Proposition', 'Won') \gset

CREATE TEMP TABLE seller AS
SELECT substr(u.login, 14)::int AS number, u.id, u.partner_id, m.crm_team_id AS team_id
  FROM res_users u
  JOIN crm_team_member m ON m.user_id = u.id
 WHERE u.login LIKE 'bench_seller_%';
CREATE UNIQUE INDEX ON seller (number);
ANALYZE seller;
