\echo opportunities
SELECT array_agg(id ORDER BY id) AS lost_reasons FROM crm_lost_reason \gset
SELECT array_agg(id ORDER BY id) AS sources FROM utm_source WHERE name NOT LIKE 'Mailing%' \gset
SELECT array_agg(id ORDER BY id) AS mediums FROM utm_medium \gset
SELECT array_agg(id ORDER BY id) AS tags FROM crm_tag WHERE name->>'en_US' LIKE 'Bench %' \gset
SELECT id AS lang FROM res_lang WHERE code = 'es_ES' \gset
SELECT id AS lead_model FROM ir_model WHERE model = 'crm.lead' \gset
SELECT coalesce(max(id), 0) AS l0 FROM crm_lead \gset

-- what is sold: all that is won, and what was offered; two orders in a hundred without
-- opportunity. Amounts are in a second currency for a tenth of the orders.
\ir carts.sql

INSERT INTO crm_lead (
    id, name, type, active, company_id, partner_id, user_id, team_id, stage_id, priority,
    probability, automated_probability, expected_revenue, prorated_revenue,
    recurring_revenue_monthly, recurring_revenue_monthly_prorated,
    recurring_revenue_prorated, won_status, lost_reason_id, email_from, email_normalized,
    email_domain_criterion, email_state, phone, phone_sanitized, phone_state, contact_name,
    partner_name, function, website, street, zip, city, state_id, country_id, lang_id,
    campaign_id, source_id, medium_id, description, color, date_open, day_open, date_closed,
    day_close, date_last_stage_update, date_deadline, create_date, write_date, create_uid,
    write_uid)
SELECT :l0 + n, 'Opportunity ' || n, 'opportunity', fate IN ('open', 'won'), :company, p.id,
       user_id, team_id,
       (:'native_stages'::int[])[CASE WHEN step = 5 THEN 4 ELSE least(step, 3) END],
       (ARRAY['0', '0', '0', '1', '1', '2', '3'])[1 + floor(pg_temp.draw(n, 30) * 7)],
       probability, probability, revenue, round(revenue * probability::numeric / 100, 2), 0,
       0, 0, CASE fate WHEN 'won' THEN 'won' WHEN 'lost' THEN 'lost' ELSE 'pending' END,
       CASE fate WHEN 'lost'
            THEN pg_temp.one(:'lost_reasons', pg_temp.draw(n, 31)) END,
       p.email, p.email, substr(p.email, position('@' IN p.email)),
       CASE WHEN p.email IS NOT NULL THEN 'correct' END, p.phone, p.phone_sanitized,
       CASE WHEN p.phone IS NOT NULL THEN 'correct' END,
       CASE WHEN NOT p.is_company THEN p.name END, 'Organization ' || org, p.function,
       p.website, p.street, p.zip, p.city, p.state_id, p.country_id, :lang,
       CASE WHEN pg_temp.draw(n, 32) < 0.3 THEN pg_temp.one(:'campaigns',
           0.98 * (born::date - (:now::date - 3700)) / 3700.0) END,
       CASE WHEN pg_temp.draw(n, 33) < 0.4
            THEN pg_temp.one(:'sources', pg_temp.draw(n, 34)) END,
       CASE WHEN pg_temp.draw(n, 33) < 0.4
            THEN pg_temp.one(:'mediums', pg_temp.draw(n, 34)) END,
       CASE WHEN pg_temp.draw(n, 35) < 0.3
            THEN '<p>They asked for an offer and decide within the quarter.</p>' END,
       0, CASE WHEN user_id IS NOT NULL THEN born END,
       CASE WHEN user_id IS NOT NULL THEN 0 END, date_trunc('second', died),
       CASE WHEN died IS NOT NULL
            THEN floor(extract(epoch FROM date_trunc('second', died) - born) / 86400) END,
       date_trunc('second', since),
       CASE WHEN pg_temp.draw(n, 36) < 0.9
            THEN (coalesce(died, :now) + interval '1 day'
                      * (pg_temp.draw(n, 37) * 120 - 25))::date END,
       born, coalesce(died, since), coalesce(user_id, 1), coalesce(user_id, 1)
  FROM (SELECT life.*, s.team_id,
               CASE WHEN pg_temp.draw(n, 38) < 0.01 THEN NULL ELSE s.id END AS user_id,
               CASE fate WHEN 'won' THEN 100 WHEN 'lost' THEN 0
                    ELSE 10 + 20 * step END::float8 AS probability,
               coalesce(cart.revenue,
                        100 * (1 + floor(200 * pg_temp.draw(n, 39) ^ 3)))::numeric AS revenue,
               -- one in twenty is the organization's, without a person
               :p0 + 1 + org + CASE WHEN pg_temp.draw(n, 40) < 0.05 THEN 0
                   ELSE :organizations * (1 + floor(4 * pg_temp.draw(n, 41)))::int END
                   AS partner_id
          FROM life
          JOIN seller s ON s.number = life.seller
     LEFT JOIN (SELECT life, max(revenue) AS revenue FROM cart GROUP BY life) cart
            ON cart.life = life.n) l
  JOIN partner p ON p.id = l.partner_id
 ORDER BY n;
INSERT INTO crm_tag_rel (lead_id, tag_id)
SELECT DISTINCT :l0 + n, pg_temp.one(:'tags', pg_temp.draw(n, 42 + number) ^ 2)
  FROM life, generate_series(0, 1) number
 WHERE pg_temp.draw(n, 44 + number) < 0.3;
