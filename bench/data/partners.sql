\echo organizations and contacts
SELECT max(id) AS p0 FROM res_partner \gset
CREATE TEMP TABLE place AS
SELECT row_number() OVER (ORDER BY city) - 1 AS number, c.id AS country_id, s.id AS state_id, country,
       city, zip, prefix
  FROM (VALUES ('ES', 'M', 'Madrid', '28', '+34 91'), ('ES', 'B', 'Barcelona', '08', '+34 93'),
               ('ES', 'V', 'Valencia', '46', '+34 96'), ('ES', 'SE', 'Sevilla', '41', '+34 95'),
               ('ES', 'BA', 'Badajoz', '06', '+34 92'), ('ES', 'Z', 'Zaragoza', '50', '+34 97'),
               ('ES', 'BI', 'Bilbao', '48', '+34 94'), ('AR', 'C', 'Buenos Aires', 'C1', '+54 11'),
               ('AR', 'B', 'La Plata', 'B1', '+54 11'), ('AR', 'S', 'Rosario', 'S2', '+54 11')
       ) AS given (country, state, city, zip, prefix)
  JOIN res_country c ON c.code = country
  JOIN res_country_state s ON s.country_id = c.id AND s.code = state;
-- person j works for organization j modulo the number of organizations; 20 % have no phone
CREATE TEMP TABLE people AS
SELECT :p0 + 1 + n AS id, n < :organizations AS is_company, n % :organizations AS org,
       CASE WHEN n < :organizations THEN 'Organization ' || n
            ELSE 'Person ' || n - :organizations END AS name,
       CASE WHEN pg_temp.draw(n, 1) < CASE WHEN n < :organizations THEN 0.8 ELSE 0.9 END
            THEN CASE WHEN n < :organizations THEN 'info'
                      ELSE 'person' || n - :organizations END
                 || '@organization' || n % :organizations || '.example' END AS email,
       CASE WHEN pg_temp.draw(n, 2) < 0.8
            THEN lpad(floor(pg_temp.draw(n, 3) * 1000000)::text, 6, '0') END AS digits,
       floor(10 * pg_temp.draw(n % :organizations, 4)) AS place,
       -- an organization is there shortly before its first opportunity
       coalesce(first, :now - pg_temp.draw(n % :organizations, 5) * interval '10 years')
           - interval '1 day' * (1 + floor(20 * pg_temp.draw(n % :organizations, 6))) AS born,
       n
  FROM generate_series(0, :organizations + :persons - 1) n
  LEFT JOIN (SELECT org, min(born) AS first FROM life GROUP BY org) known
    ON known.org = n % :organizations;
INSERT INTO res_partner (
    id, name, complete_name, is_company, active, type, autopost_bills, partner_share, lang,
    user_id, parent_id, commercial_partner_id, commercial_company_name, function, email,
    email_normalized, phone, phone_sanitized, website, vat, street, zip, city, state_id,
    country_id, color, supplier_rank, customer_rank, create_date, write_date, create_uid,
    write_uid)
SELECT p.id, p.name,
       CASE WHEN is_company THEN '' ELSE 'Organization ' || org || ', ' END || p.name,
       is_company, true, 'contact', 'ask', true, 'es_ES', s.id,
       CASE WHEN NOT is_company THEN :p0 + 1 + org END, :p0 + 1 + org,
       'Organization ' || org,
       CASE WHEN NOT is_company
            THEN (ARRAY['Purchasing manager', 'Managing director', 'Technician',
                        'Administration'])[1 + (n / :organizations) % 4] END,
       email, email, phone, replace(replace(phone, ' ', ''), '-', ''),
       CASE WHEN is_company AND pg_temp.draw(n, 7) < 0.7
            THEN 'http://www.organization' || org || '.example' END,
       CASE WHEN pg_temp.draw(org, 8) < 0.6 THEN 'B' || 10000000 + org END,
       'Street ' || floor(pg_temp.draw(org, 9) * 200), zip || '001', city, state_id,
       country_id, 0, 0, 0, born, born, coalesce(s.id, 1), coalesce(s.id, 1)
  FROM (SELECT people.*, place.country_id, place.state_id, place.city, place.zip,
               CASE WHEN digits IS NULL THEN NULL
                    WHEN country = 'ES' AND is_company
                    THEN prefix || '3 ' || substr(digits, 1, 2) || ' ' || substr(digits, 3, 2)
                         || ' ' || substr(digits, 5, 2)
                    WHEN country = 'ES'
                    THEN '+34 6' || (n % 90 + 10)::text || ' ' || substr(digits, 1, 2) || ' '
                         || substr(digits, 3, 2) || ' ' || substr(digits, 5, 2)
                    ELSE '+54 11 43' || substr(digits, 1, 2) || '-' || substr(digits, 3, 4)
                    END AS phone
          FROM people JOIN place ON place.number = people.place) p
  -- of 3 % nobody is in charge
  LEFT JOIN seller s
    ON s.number = org % :sellers AND pg_temp.draw(org, 10) >= 0.03
 ORDER BY p.id;
CREATE TEMP TABLE partner AS
SELECT id, id - :p0 - 1 AS nth, name, is_company, email, phone, phone_sanitized, function,
       website, street, zip, city, state_id, country_id, commercial_company_name, vat
  FROM res_partner WHERE id > :p0;
CREATE UNIQUE INDEX ON partner (id);
ANALYZE partner;
