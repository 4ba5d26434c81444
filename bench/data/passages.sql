\echo passages through stages
TRUNCATE crm_opportunity_stage, crm_opportunity_closure, crm_opportunity_forecast_log;
-- The way of each opportunity: numbers of stages, 0 a pause that is over, -1 the end. Some
-- skip a stage, some go back, some were paused after the first one.
CREATE TEMP TABLE way AS
WITH drawn AS (
    SELECT n, fate, step, born, since, died, pg_temp.draw(n, 120) AS lot,
           CASE fate WHEN 'paused' THEN since + (:now - since) / 2 ELSE died END AS ended
      FROM life
)
SELECT n, fate, born, since, ended,
       CASE WHEN step < 3 OR lot >= 0.25
            THEN (ARRAY[1, 2, 3, 4])[1:least(step, 4)]
            WHEN lot < 0.1 THEN ARRAY[1] || (ARRAY[3, 4])[1:least(step, 4) - 2]
            WHEN lot < 0.2 THEN ARRAY[1, 2, 3, 2] || (ARRAY[3, 4])[1:least(step, 4) - 2]
            ELSE ARRAY[1, 0] || (ARRAY[1, 2, 3, 4])[1:least(step, 4)] END
       || CASE WHEN ended IS NULL THEN '{}'::int[] ELSE '{-1}' END AS stages
  FROM drawn;
CREATE TEMP TABLE passage AS
SELECT n, fate, place, stage, date_trunc('second', date) AS date_in,
       date_trunc('second', lead(date) OVER w) AS next_date,
       lag(stage) OVER w AS before, lead(stage) OVER w AS after
  FROM (SELECT n, fate, place, stage,
               CASE WHEN stage = -1 THEN ended
                    WHEN fate = 'won' THEN born + (ended - born) * (place - 1) / (size - 1)
                    WHEN reached = 1 THEN born
                    ELSE born + (since - born) * (place - 1) / (reached - 1) END AS date
          FROM (SELECT *, cardinality(stages) AS size,
                       cardinality(stages) - CASE WHEN ended IS NULL THEN 0 ELSE 1 END
                           AS reached FROM way) way,
               unnest(stages) WITH ORDINALITY AS passed (stage, place)) dated
WINDOW w AS (PARTITION BY n ORDER BY place);
INSERT INTO crm_opportunity_stage (
    lead_id, stage_id, from_stage_id, next_stage_id, move, skipped_count, date_in, date_out,
    days, conversion, user_id, team_id, company_id, create_date, write_date, create_uid,
    write_uid)
SELECT l.id, (:'stages'::int[])[CASE WHEN stage > 0 THEN stage WHEN is_won THEN 5
                                     ELSE before END],
       (:'stages'::int[])[CASE WHEN before = 0 THEN stage ELSE before END],
       (:'stages'::int[])[CASE WHEN after > 0 THEN after WHEN after IS NULL THEN NULL
                               WHEN after = -1 AND fate = 'won' THEN 5
                               ELSE coalesce(nullif(stage, 0), before) END],
       CASE WHEN is_won THEN 'won' WHEN stage < 1 THEN 'closed' WHEN before IS NULL THEN 'created'
            WHEN before = 0 THEN 'reopened' WHEN stage < before THEN 'back'
            WHEN stage > before + 1 THEN 'skipped' ELSE 'forward' END,
       CASE WHEN stage > before + 1 AND before > 0 THEN stage - before - 1 ELSE 0 END,
       date_in, CASE WHEN stage < 1 THEN date_in ELSE next_date END,
       CASE WHEN stage > 0 THEN extract(epoch FROM next_date - date_in) / 86400 END,
       CASE WHEN stage > 0 AND after IS NOT NULL
            THEN (after > stage OR after = -1 AND fate = 'won')::int END,
       l.user_id, l.team_id, l.company_id, date_in, coalesce(next_date, date_in),
       coalesce(l.user_id, 1), coalesce(l.user_id, 1)
  FROM (SELECT *, stage = -1 AND fate = 'won' AS is_won FROM passage) p
  JOIN crm_lead l ON l.id = :l0 + n
 ORDER BY date_in, n, place;

\echo closures
SELECT array_agg(id ORDER BY id) AS reasons
  FROM crm_lost_reason WHERE closure_kind IN ('rejected', 'unqualified') \gset
SELECT array_agg(id ORDER BY id) AS standby_reasons
  FROM crm_lost_reason WHERE closure_kind = 'standby' \gset
-- of each opportunity the closure that holds, and a pause that is over
CREATE TEMP TABLE closure AS
SELECT n, place, fate, stage, before, p.date_in AS date, r.id AS reason_id,
       CASE WHEN stage = 0 OR fate = 'paused' THEN 'standby' WHEN fate = 'won' THEN 'won'
            ELSE r.closure_kind END AS kind,
       CASE WHEN stage = 0 THEN next_date END AS reopen_date,
       CASE WHEN stage = 0 THEN next_date::date
            WHEN fate = 'paused'
            THEN :now::date + 1 + floor(90 * pg_temp.draw(n, 121))::int END AS wake_date
  FROM passage p
  LEFT JOIN crm_lost_reason r
    ON r.id = CASE WHEN stage = 0 OR fate = 'paused'
                   THEN pg_temp.one(:'standby_reasons', pg_temp.draw(n, 122))
                   WHEN fate = 'lost' THEN pg_temp.one(:'reasons', pg_temp.draw(n, 123)) END
 WHERE stage < 1;
CREATE INDEX ON closure (n);
INSERT INTO crm_opportunity_closure (
    lead_id, kind, date, user_id, team_id, company_id, currency_id, stage_id,
    expected_revenue, probability, is_automated, lost_reason_id, wake_date, reopen_date,
    days_paused, order_id, create_date, write_date, create_uid, write_uid)
SELECT l.id, kind, date, coalesce(l.user_id, 1), l.team_id, l.company_id, :currency,
       (:'stages'::int[])[before], l.expected_revenue,
       floor(10 + 80 * pg_temp.draw(n, 124)), true, reason_id, wake_date, reopen_date,
       CASE WHEN kind = 'standby'
            THEN round((extract(epoch FROM reopen_date - date) / 86400)::numeric, 1) END,
       o.id, date, coalesce(reopen_date, date), coalesce(l.user_id, 1),
       coalesce(l.user_id, 1)
  FROM closure
  JOIN crm_lead l ON l.id = :l0 + n
  LEFT JOIN (SELECT opportunity_id, max(id) AS id FROM sale_order
              WHERE state = 'sale' GROUP BY opportunity_id) o
    ON o.opportunity_id = l.id AND kind = 'won'
 ORDER BY date, n;

\echo forecast changes
-- three of ten dates were put off, one to four times, and a quarter of the amounts changed
CREATE TEMP TABLE pushed AS
SELECT n, least(4, 1 + floor(-2 * ln(1 - pg_temp.draw(n, 131))))::int AS times,
       born, coalesce(died, :now) - born AS lived
  FROM life WHERE pg_temp.draw(n, 130) < 0.3;
CREATE UNIQUE INDEX ON pushed (n);
INSERT INTO crm_opportunity_forecast_log (
    lead_id, field, old, new, change, user_id, date, team_id, company_id, create_date,
    write_date, create_uid, write_uid)
SELECT l.id, field, old, new, change, coalesce(l.user_id, 1), date, l.team_id, l.company_id,
       date, date, coalesce(l.user_id, 1), coalesce(l.user_id, 1)
  FROM (SELECT n, 'date_deadline' AS field, (d.day - 21 * (times - number + 1))::text AS old,
               (d.day - 21 * (times - number))::text AS new, 21 AS change,
               date_trunc('second', born + lived * number / (times + 1)) AS date
          FROM pushed
          JOIN (SELECT id, date_deadline AS day FROM crm_lead) d ON d.id = :l0 + n,
               generate_series(1, times) number
         WHERE d.day IS NOT NULL
        UNION ALL
        SELECT n, 'expected_revenue', '900.00',
               to_char(l.expected_revenue, 'FM999999990.00'), l.expected_revenue - 900,
               date_trunc('second', born + (coalesce(died, :now) - born) / 2)
          FROM life JOIN crm_lead l ON l.id = :l0 + n
         WHERE pg_temp.draw(n, 132) < 0.25) changed
  JOIN crm_lead l ON l.id = :l0 + n
 ORDER BY date, n, field;
