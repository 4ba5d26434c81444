\echo accounts
SELECT array_agg(id ORDER BY id) AS cargos FROM crm_cargo \gset
SELECT (:now - interval '1 month'
        * coalesce((SELECT value::int FROM ir_config_parameter
                     WHERE key = 'crm_gestion.former_months'), 24))::date AS customer_since \gset
CREATE TEMP TABLE buyer AS
SELECT p.commercial_partner_id AS id, max(day) AS day
  FROM (SELECT partner_id, date_order::date AS day FROM sale_order WHERE state = 'sale'
        UNION ALL
        SELECT partner_id, invoice_date FROM account_move
         WHERE state = 'posted' AND move_type = 'out_invoice') sale
  JOIN res_partner p ON p.id = sale.partner_id
 GROUP BY 1;
-- completeness: eleven data of an organization, five of a contact; all of these have people,
-- street, city and country
UPDATE res_partner p
   SET origination_id = origination, market_id = market, cargo_id = cargo,
       account_status = CASE WHEN day IS NULL THEN 'potential'
                             WHEN day >= :'customer_since' THEN 'customer' ELSE 'former' END,
       completeness = round(100.0 * CASE
           WHEN p.is_company
           THEN 4 + num_nonnulls(vat, email, phone, website, market, origination, user_id)
           ELSE 1 + num_nonnulls(email, phone, origination, cargo) END
           / CASE WHEN p.is_company THEN 11 ELSE 5 END)
  FROM (SELECT c.id, day,
               CASE WHEN pg_temp.draw(c.id, 150) < CASE WHEN c.is_company THEN 0.6 ELSE 0.2 END
                    THEN pg_temp.one(:'originations', pg_temp.draw(c.id, 151)) END
                   AS origination,
               pg_temp.one(:'markets',
                           pg_temp.draw(c.commercial_partner_id - :p0 - 1, 142) ^ 1.5) AS market,
               CASE WHEN NOT c.is_company AND pg_temp.draw(c.id, 152) < 0.7
                    THEN pg_temp.one(:'cargos', pg_temp.draw(c.id, 153)) END AS cargo
          FROM res_partner c LEFT JOIN buyer ON buyer.id = c.commercial_partner_id) known
 WHERE known.id = p.id
   AND p.id BETWEEN :p0 + 1 AND :p0 + :organizations + :persons;
-- one person in fifty works for a second organization
INSERT INTO crm_affiliation (
    contact_id, organization_id, is_main, date_from, create_date, write_date, create_uid,
    write_uid)
SELECT id, :p0 + 1 + (nth + 1) % :organizations, false, create_date::date, create_date,
       create_date, 1, 1
  FROM (SELECT *, id - :p0 - 1 AS nth FROM res_partner
         WHERE NOT is_company
           AND id BETWEEN :p0 + 1 AND :p0 + :organizations + :persons) person
 WHERE pg_temp.draw(id, 154) < 0.02;
