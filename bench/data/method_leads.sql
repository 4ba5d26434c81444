\echo opportunities in the method
SELECT array_agg(id ORDER BY id) AS originations FROM crm_origination \gset
SELECT array_agg(id ORDER BY id) AS markets FROM crm_market \gset
UPDATE crm_lead l
   SET organization_id = :p0 + 1 + life.org,
       origination_id = CASE WHEN pg_temp.draw(life.n, 140) < 0.85
                             THEN pg_temp.one(:'originations', pg_temp.draw(life.n, 141)) END,
       market_id = pg_temp.one(:'markets', pg_temp.draw(life.org, 142) ^ 1.5),
       native_stage_id = stage_id,
       stage_id = (:'stages'::int[])[life.step],
       closure_kind = closure.kind,
       standby_until = CASE closure.kind WHEN 'standby' THEN closure.wake_date END,
       lost_reason_id = CASE life.fate WHEN 'lost' THEN closure.reason_id END,
       push_count = CASE WHEN l.date_deadline IS NULL THEN 0 ELSE coalesce(times, 0) END,
       source_gestion_id = said.id
  FROM life
  LEFT JOIN closure ON closure.n = life.n AND closure.stage = -1
  LEFT JOIN pushed ON pushed.n = life.n
  LEFT JOIN said ON said.birth = life.n
 WHERE l.id = :l0 + life.n;
-- what is planned for a paused one waits for its day
UPDATE mail_activity a SET date_deadline = greatest(a.date_deadline, l.standby_until)
  FROM crm_lead l
 WHERE a.res_model = 'crm.lead' AND a.res_id = l.id AND a.active
   AND l.closure_kind = 'standby';
