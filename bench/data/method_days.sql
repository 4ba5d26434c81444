\echo campaigns and their members
-- one in ten is at the head of the nine after it
UPDATE utm_campaign c
   SET company_id = :company,
       parent_id = CASE WHEN nth % 10 > 0 THEN c.id - nth % 10 END,
       parent_path = CASE WHEN nth % 10 > 0 THEN c.id - nth % 10 || '/' ELSE '' END
                     || c.id || '/',
       campaign_type = (ARRAY['email', 'call', 'event', 'visit', 'advertising'])[1 + nth % 5],
       date_from = first, date_to = first + 90,
       members_refreshed = :now
  FROM (SELECT id, nth, :now::date - 3700 + (nth * 3700 / count)::int AS first
          FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS nth, count(*) OVER () AS count
                  FROM utm_campaign WHERE name LIKE 'bench_campaign_%') numbered) made
 WHERE made.id = c.id;
INSERT INTO crm_campaign_member (
    campaign_id, partner_id, state, date, contact_date, source, create_date, write_date,
    create_uid, write_uid)
SELECT DISTINCT ON (campaign_id, res_id) campaign_id, res_id,
       CASE WHEN trace_status = 'bounce' THEN 'planned'
            WHEN links_click_datetime IS NOT NULL THEN 'clicked'
            WHEN open_datetime IS NOT NULL THEN 'opened' ELSE 'contacted' END,
       coalesce(links_click_datetime, open_datetime, sent_datetime),
       CASE WHEN trace_status <> 'bounce' THEN sent_datetime END, 'mailing', sent_datetime,
       sent_datetime, 1, 1
  FROM mailing_trace
 WHERE campaign_id = ANY (:'campaigns'::int[])
 ORDER BY campaign_id, res_id, links_click_datetime NULLS LAST, open_datetime NULLS LAST, id;

\echo incidents
SELECT id AS desk FROM project_project WHERE name->>'en_US' = 'Bench Support' \gset
UPDATE project_project SET crm_is_incident_desk = true WHERE id = :desk;
UPDATE project_task_type t
   SET crm_phase = (ARRAY['new', 'working', 'solved'])[t.sequence], user_id = NULL
  FROM project_task_type_rel r WHERE r.type_id = t.id AND r.project_id = :desk;
UPDATE project_task t
   SET crm_is_incident = true,
       crm_number = 'INC/' || extract(year FROM t.create_date) || '/B' || lpad(t.id::text, 6, '0'),
       crm_severity = (ARRAY['0_low', '1_normal', '1_normal', '2_high'])[1 + t.id % 4],
       crm_phase = s.crm_phase, crm_organization_id = p.commercial_partner_id,
       crm_answer_deadline = t.create_date + interval '1 day',
       crm_solution_deadline = t.create_date + interval '5 days',
       crm_answer_date = CASE WHEN s.crm_phase <> 'new'
                              THEN t.create_date + interval '12 hours' * (t.id % 3) END,
       crm_answer_outcome = CASE WHEN s.crm_phase <> 'new' THEN 'met' END,
       crm_solution_date = t.date_end,
       crm_solution_outcome = CASE WHEN t.date_end IS NOT NULL THEN 'met' END,
       crm_deadline = CASE s.crm_phase WHEN 'new' THEN t.create_date + interval '1 day'
                                       WHEN 'working' THEN t.create_date + interval '5 days' END
  FROM project_task_type s, res_partner p
 WHERE t.project_id = :desk AND s.id = t.stage_id AND p.id = t.partner_id;
INSERT INTO crm_incident_passage (
    task_id, phase, stage_id, is_reopening, date_in, date_out, hours, company_id, create_date,
    write_date, create_uid, write_uid)
SELECT t.id, s.crm_phase, s.id, false,
       CASE s.crm_phase WHEN 'new' THEN t.create_date WHEN 'working' THEN t.crm_answer_date
                        ELSE t.date_end END,
       CASE s.crm_phase WHEN 'new' THEN t.crm_answer_date
                        WHEN 'working' THEN t.crm_solution_date END,
       CASE WHEN CASE s.crm_phase WHEN 'new' THEN t.crm_answer_date
                                  WHEN 'working' THEN t.crm_solution_date END IS NOT NULL
            THEN 8 END,
       t.company_id, t.create_date, t.create_date, 1, 1
  FROM project_task t
  JOIN project_task_type_rel r ON r.project_id = t.project_id
  JOIN project_task_type s ON s.id = r.type_id
  JOIN project_task_type at ON at.id = t.stage_id
 WHERE t.project_id = :desk AND s.sequence <= at.sequence;
