\echo activities, meetings, messages, tasks, e-mails
SELECT array_agg(id ORDER BY id) AS types
  FROM mail_activity_type WHERE name->>'en_US' IN ('Email', 'Call', 'Meeting', 'To-Do') \gset
SELECT id AS call FROM mail_activity_type WHERE name->>'en_US' = 'Call' \gset
SELECT id AS partner_model FROM ir_model WHERE model = 'res.partner' \gset

-- what is planned for seven of ten open opportunities, and was done with a third of the others
INSERT INTO mail_activity (
    res_model, res_model_id, res_id, res_name, activity_type_id, user_id, user_tz,
    date_deadline, date_done, summary, active, automated, create_date, write_date, create_uid,
    write_uid)
SELECT 'crm.lead', :lead_model, l.id, l.name,
       pg_temp.one(:'types', pg_temp.draw(n, 71)), l.user_id, 'Europe/Madrid', day,
       CASE WHEN died IS NOT NULL THEN day END, 'Call again', died IS NULL, false,
       l.date_last_stage_update, l.date_last_stage_update, l.user_id, l.user_id
  FROM (SELECT life.*, CASE WHEN died IS NULL
                            THEN :now::date - 10 + floor(40 * pg_temp.draw(n, 72))::int
                            ELSE died::date END AS day
          FROM life) life
  JOIN crm_lead l ON l.id = :l0 + n
 WHERE l.user_id IS NOT NULL
   AND pg_temp.draw(n, 70) < CASE WHEN fate IN ('open', 'paused') THEN 0.7 ELSE 0.33 END
 ORDER BY n;
INSERT INTO mail_activity (
    res_model, res_model_id, res_id, res_name, activity_type_id, user_id, user_tz,
    date_deadline, summary, active, automated, create_date, write_date, create_uid, write_uid)
SELECT 'res.partner', :partner_model, id, complete_name, :call, user_id, 'Europe/Madrid',
       :now::date - 10 + floor(40 * pg_temp.draw(id, 73))::int, 'Visit', true, false,
       :now - interval '20 days', :now - interval '20 days', user_id, user_id
  FROM res_partner
 WHERE id > :p0 AND user_id IS NOT NULL AND pg_temp.draw(id, 74) < 0.05;

-- a tenth of all opportunities had a meeting, with its contact
CREATE TEMP TABLE meeting AS
SELECT (SELECT coalesce(max(id), 0) FROM calendar_event)
           + row_number() OVER (ORDER BY n) AS event_id, l.id, l.partner_id, l.user_id, n,
       pg_temp.at_work(least(:now - interval '1 day', born + interval '1 day'
           * (1 + floor(20 * pg_temp.draw(n, 76)))), pg_temp.draw(n, 77)) AS start
  FROM life JOIN crm_lead l ON l.id = :l0 + n
 WHERE l.user_id IS NOT NULL AND pg_temp.draw(n, 75) < 0.1;
INSERT INTO calendar_event (
    id, name, show_as, start, stop, duration, allday, active, user_id, res_model_id, res_model,
    res_id, opportunity_id, recurrency, create_date, write_date, create_uid, write_uid)
SELECT event_id, 'Meeting ' || n, 'busy', start, start + interval '1 hour', 1, false, true,
       user_id, :lead_model, 'crm.lead', id, id, false, start - interval '3 days',
       start - interval '3 days', user_id, user_id
  FROM meeting ORDER BY event_id;
INSERT INTO calendar_attendee (
    event_id, partner_id, state, common_name, create_date, write_date, create_uid, write_uid)
SELECT event_id, p.id, 'accepted', p.name, start - interval '3 days',
       start - interval '3 days', asked.user_id, asked.user_id
  FROM (SELECT event_id, partner_id, start, user_id FROM meeting
         UNION ALL
        SELECT event_id, s.partner_id, start, user_id FROM meeting JOIN seller s ON s.id = user_id
       ) asked
  JOIN res_partner p ON p.id = asked.partner_id
 ORDER BY event_id, p.id;
INSERT INTO calendar_event_res_partner_rel (calendar_event_id, res_partner_id)
SELECT event_id, partner_id FROM calendar_attendee WHERE event_id IN (SELECT event_id FROM meeting)
    ON CONFLICT DO NOTHING;

-- chatter and the salesperson as follower: of opportunities of the last year
SELECT id AS note FROM mail_message_subtype WHERE name->>'en_US' = 'Note' \gset
SELECT id AS discussion FROM mail_message_subtype WHERE name->>'en_US' = 'Discussions' \gset
SELECT id AS created
  FROM mail_message_subtype
 WHERE name->>'en_US' = 'Opportunity Created' AND res_model = 'crm.lead' \gset
SELECT id AS changed
  FROM mail_message_subtype
 WHERE name->>'en_US' = 'Stage Changed' AND res_model = 'crm.lead' \gset
SELECT id AS stage_field
  FROM ir_model_fields WHERE model = 'crm.lead' AND name = 'stage_id' \gset
SELECT max(id) AS m0 FROM mail_message \gset
SELECT max(id) AS f0 FROM mail_followers \gset
CREATE TEMP TABLE message AS
SELECT :m0 + row_number() OVER (ORDER BY date, n, kind) AS id, said.*
  FROM (SELECT l.id AS lead_id, n, kind, l.stage_id, l.user_id, s.partner_id, s.number,
               CASE kind WHEN 1 THEN born WHEN 2 THEN since
                    ELSE born + (coalesce(died, :now) - born) / 2 END AS date
          FROM life
          JOIN crm_lead l ON l.id = :l0 + n
          JOIN seller s ON s.id = l.user_id,
               generate_series(1, 3) kind
         WHERE (coalesce(died, :now) > :now - interval '1 year')
           AND (kind = 1 OR kind = 2 AND step > 1
                OR kind = 3 AND pg_temp.draw(n, 78) < 0.4)) said;
INSERT INTO mail_message (
    id, model, res_id, message_type, subtype_id, author_id, email_from, date, body, is_internal,
    message_id, reply_to_force_new, email_add_signature, create_date, write_date, create_uid,
    write_uid)
SELECT id, 'crm.lead', lead_id, CASE kind WHEN 3 THEN 'comment' ELSE 'notification' END,
       CASE kind WHEN 1 THEN :created WHEN 2 THEN :changed ELSE :note END, partner_id,
       '"Bench seller_' || number || '" <seller_' || number || '@bench.example>', date,
       CASE kind WHEN 3 THEN '<p>They will talk to their manager.</p>' ELSE '' END, kind = 3,
       '<bench-' || id || '@bench.example>', false, true, date, date, user_id, user_id
  FROM message ORDER BY id;
INSERT INTO mail_tracking_value (
    field_id, mail_message_id, old_value_integer, new_value_integer, old_value_char,
    new_value_char, create_date, write_date, create_uid, write_uid)
SELECT :stage_field, m.id, before.id, m.stage_id, before.name->>'es_ES',
       after.name->>'es_ES', date, date, user_id, user_id
  FROM message m
  JOIN crm_stage after ON after.id = m.stage_id
  JOIN crm_stage before ON before.id = (:'native_stages'::int[])
       [array_position(:'native_stages'::int[], m.stage_id) - 1]
 WHERE kind = 2;
INSERT INTO mail_followers (id, res_model, res_id, partner_id)
SELECT :f0 + row_number() OVER (ORDER BY lead_id), 'crm.lead', lead_id, partner_id
  FROM message WHERE kind = 1;
INSERT INTO mail_followers_mail_message_subtype_rel (mail_followers_id, mail_message_subtype_id)
SELECT id, :discussion FROM mail_followers WHERE id > :f0;

SELECT id AS project FROM project_project WHERE name->>'en_US' = 'Bench Support' \gset
SELECT array_agg(t.id ORDER BY t.sequence, t.id) AS task_stages
  FROM project_task_type t JOIN project_task_type_rel r ON r.type_id = t.id
 WHERE r.project_id = :project \gset
INSERT INTO project_task (
    name, project_id, stage_id, state, active, partner_id, partner_phone, company_id, priority,
    sequence, display_in_project, is_template, has_template_ancestor, recurring_task, color,
    date_end, date_last_stage_update, create_date, write_date, create_uid, write_uid)
SELECT 'Request ' || n, :project,
       (:'task_stages'::int[])[CASE WHEN n > count - 20 THEN 1 WHEN n > count - 200 THEN 2
                                    ELSE 3 END],
       CASE WHEN n > count - 200 THEN '01_in_progress' ELSE '1_done' END, true, p.id, p.phone,
       NULL, '0', 10, true, false, false, false, 0,
       CASE WHEN n <= count - 200 THEN born + interval '2 days' END, born, born, born, 1, 1
  -- two hundred are not solved yet, twenty of them are of the last day
  FROM (SELECT n, count,
               :now - CASE WHEN n > count - 200 THEN interval '1 hour' * (count - n + 1)
                           ELSE interval '10 days'
                                + (count - n + 1) * interval '3600 days' / count END AS born,
               :p0 + 1 + :organizations
               + floor(:persons * pg_temp.draw(n, 79))::int AS partner_id
          FROM (SELECT :opportunities / 20 AS count) size, generate_series(1, count) n) made
  JOIN partner p ON p.id = made.partner_id
 ORDER BY n;

-- each mailing went to a part of all contacts with an address
INSERT INTO mailing_trace (
    trace_type, model, res_id, email, mass_mailing_id, campaign_id, trace_status,
    sent_datetime, open_datetime, links_click_datetime, create_date, write_date, create_uid,
    write_uid)
SELECT 'mail', 'res.partner', p.id, p.email, m.id, m.campaign_id,
       CASE WHEN lot < 0.02 THEN 'bounce' WHEN lot < 0.35 THEN 'open' ELSE 'sent' END,
       m.sent_date, CASE WHEN lot BETWEEN 0.02 AND 0.35 THEN m.sent_date + lot * interval '3 days' END,
       CASE WHEN lot BETWEEN 0.02 AND 0.06 THEN m.sent_date + lot * interval '4 days' END,
       m.sent_date, m.sent_date, m.user_id, m.user_id
  FROM (SELECT *, row_number() OVER (ORDER BY id DESC) - 1 AS number, count(*) OVER () AS count
          FROM mailing_mailing WHERE state = 'done') m
  JOIN LATERAL (SELECT *, pg_temp.draw(id * 1000 + m.number, 80) AS lot FROM partner) p
    ON NOT p.is_company AND p.email IS NOT NULL AND (p.nth + m.number) % 25 = 0
 ORDER BY m.sent_date, p.id;
