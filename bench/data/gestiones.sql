\echo gestiones
SELECT array_agg(id ORDER BY array_position(ARRAY['Call', 'Email', 'Visit', 'Meeting',
                                                  'Chat Message'], name->>'en_US')) AS types
  FROM mail_activity_type WHERE is_gestion \gset
SELECT array_agg(id ORDER BY id) AS results,
       array_agg(id ORDER BY id) FILTER (WHERE opens_opportunity) AS opening
  FROM crm_gestion_result \gset
SELECT count(*) AS born FROM life WHERE pg_temp.draw(n, 100) < 0.1 \gset

-- one of which the opportunity was born, three with each opportunity, others with nobody's
-- opportunity; birth: of which one
CREATE TEMP TABLE said AS
WITH all_kinds AS (
    SELECT n::bigint * 8 AS lot, n AS birth, NULL::int AS life, org, seller,
           born - interval '1 hour' AS date
      FROM life WHERE pg_temp.draw(n, 100) < 0.1
    UNION ALL
    SELECT n::bigint * 8 + number, NULL, n, org, seller,
           born + (coalesce(died, :now) - born) * pg_temp.draw(n::bigint * 8 + number, 101)
      FROM life, generate_series(1, 3) number
    UNION ALL
    SELECT 100000000 + i, NULL, NULL, org, org % :sellers,
           pg_temp.at_work(:now - interval '1 day' - interval '1 day' * 3640
                           * (1.5 - sqrt(0.25 + 2 * pg_temp.draw(i, 102))),
                           pg_temp.draw(i, 103))
      FROM (SELECT i, CASE WHEN i % 500 = 5 THEN 0  -- the large account
                           ELSE pg_temp.customer(pg_temp.draw(i, 104), :organizations) END
                      AS org
              FROM generate_series(1, 2 * :opportunities - :born) i) others
)
SELECT row_number() OVER (ORDER BY date, lot)::int AS id, lot, birth, life, org,
       date_trunc('second', date) AS date,
       CASE WHEN pg_temp.draw(lot, 105) < 0.1
            THEN floor(pg_temp.draw(lot, 106) * :sellers)::int ELSE seller END AS seller,
       (ARRAY[1, 1, 1, 1, 2, 2, 3, 4, 4, 5])[1 + floor(10 * pg_temp.draw(lot, 107))::int] AS type
  FROM all_kinds;
INSERT INTO crm_gestion (
    id, activity_type_id, date, direction, user_id, team_id, company_id, organization_id,
    contact_id, lead_id, stage_id, campaign_id, result_id, outcome, name, description,
    duration, create_date, write_date, create_uid, write_uid)
SELECT said.id, t.id, said.date,
       CASE WHEN pg_temp.draw(lot, 108) < 0.2 THEN 'in' ELSE 'out' END, s.id,
       coalesce(l.team_id, s.team_id), :company, :p0 + 1 + said.org,
       CASE WHEN about.id IS NULL THEN :p0 + 1 + person.number
            WHEN about.partner_id <> :p0 + 1 + said.org THEN about.partner_id END,
       l.id,
       CASE WHEN l.id IS NOT NULL
            THEN (:'stages'::int[])[1 + floor(least(life.step, 4) * pg_temp.draw(lot, 109))] END,
       l.campaign_id, r.id, r.outcome,
       t.name->>'es_ES' || ': ' || CASE
           WHEN about.id IS NULL THEN 'Person ' || person.number - :organizations
           ELSE coalesce(about.contact_name, about.partner_name) END,
       'They asked for the new prices and will talk to their manager; call again in '
       || lot % 30 || ' days, better in the morning.',
       (ARRAY[0.1, 0.25, 1, 1.5, 0.25])[said.type], said.date, said.date, s.id, s.id
  FROM said
  JOIN seller s ON s.number = said.seller
  JOIN mail_activity_type t ON t.id = (:'types'::int[])[said.type]
  LEFT JOIN life ON life.n = said.life
  LEFT JOIN crm_lead l ON l.id = :l0 + said.life
  LEFT JOIN crm_lead about ON about.id = :l0 + coalesce(said.life, said.birth)
  LEFT JOIN crm_gestion_result r
    ON r.id = CASE WHEN birth IS NOT NULL
                   THEN pg_temp.one(:'opening', pg_temp.draw(lot, 110))
                   WHEN pg_temp.draw(lot, 111) < 0.97
                   THEN pg_temp.one(:'results', pg_temp.draw(lot, 112)) END,
       LATERAL (SELECT said.org + :organizations
                       * (1 + floor(4 * pg_temp.draw(lot, 113)))::int AS number) person
 ORDER BY said.id;
CREATE UNIQUE INDEX ON said (birth) WHERE birth IS NOT NULL;
