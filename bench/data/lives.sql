\echo what became of each opportunity
-- 300 of each seller are open and 60 paused, most of them of the last months. The others are
-- of ten years, more of them in later ones and before the summer, three of ten won.
CREATE TEMP TABLE life AS
WITH drawn AS (
    SELECT i,
           CASE WHEN i <= 300 * :sellers THEN 'open'
                WHEN i <= 360 * :sellers THEN 'paused'
                WHEN pg_temp.draw(i, 20) < 0.3 THEN 'won' ELSE 'lost' END AS fate,
           CASE WHEN i % 5000 = 9 THEN 0  -- the large account
                ELSE pg_temp.customer(pg_temp.draw(i, 21), :organizations) END AS org,
           CASE WHEN i <= 360 * :sellers
                THEN least(700, ceil(-ln(1 - pg_temp.draw(i, 22)) * 70))
                ELSE 1 + 3650 * (1.5 - sqrt(0.25 + 2 * pg_temp.draw(i, 22))) END AS age,
           CASE WHEN pg_temp.draw(i, 23) < 0.9 THEN -1
                ELSE floor(pg_temp.draw(i, 24) * :sellers)::int END AS colleague
      FROM generate_series(1, :opportunities) i
), begun AS (
    SELECT *, pg_temp.at_work(
               least(:now - interval '1 day',
                     :now - interval '1 day' * (age + 18 * sin(
                         2 * pi() * (extract(doy FROM :now) - age) / 365.25))),
               pg_temp.draw(i, 25)) AS born
      FROM drawn
), ended AS (
    SELECT *, CASE WHEN fate IN ('won', 'lost')
                   THEN least(born + interval '1 hour'
                                   + interval '1 day' * -ln(1 - pg_temp.draw(i, 26)) * 55,
                              born + (:now - born) * (0.3 + 0.6 * pg_temp.draw(i, 27)))
                   END AS died
      FROM begun
)
SELECT row_number() OVER (ORDER BY born, i)::int AS n, fate, org, born, died,
       CASE WHEN colleague < 0 THEN org % :sellers ELSE colleague END AS seller,
       -- of the five stages of the method: in how many it has been
       CASE WHEN fate = 'won' THEN 5
            ELSE 1 + floor(pg_temp.draw(i, 28) ^ 1.5 * 4)::int END AS step,
       -- since when it is where it is
       born + (coalesce(died, :now) - born)
              * CASE WHEN fate = 'won' THEN 1 ELSE pg_temp.draw(i, 29) * 0.8 END AS since
  FROM ended;
UPDATE life SET since = born WHERE step = 1;
CREATE UNIQUE INDEX ON life (n);
CREATE INDEX ON life (org);
ANALYZE life;
