SELECT array_agg(p.id ORDER BY p.id) AS products, min(p.id) AS product0,
       min(t.uom_id) AS uom
  FROM product_product p JOIN product_template t ON t.id = p.product_tmpl_id
 WHERE t.name->>'en_US' LIKE 'Product %' \gset
SELECT id AS other FROM res_currency WHERE name = 'EUR' \gset
SELECT id AS pricelist FROM product_pricelist WHERE name->>'en_US' = 'Bench EUR' \gset

-- k: its place in time; life: of its opportunity, if it has one
CREATE TEMP TABLE cart AS
WITH wanted AS (
    SELECT n AS life, 0 AS copy, org, seller, 'sale' AS state,
           died - interval '1 hour' AS ordered, born + (died - born) * 0.6 AS written
      FROM life WHERE fate = 'won'
    UNION ALL
    SELECT n, 1, org, seller,
           CASE fate WHEN 'lost' THEN 'cancel' ELSE (ARRAY['draft', 'sent', 'sent'])
                [1 + floor(3 * pg_temp.draw(n, 50))] END,
           since + (coalesce(died, :now) - since) * 0.4,
           since + (coalesce(died, :now) - since) * 0.4
      FROM life
     WHERE fate <> 'won' AND step >= 3 AND pg_temp.draw(n, 51) < 0.7
    UNION ALL
    SELECT NULL, 2, org, seller, 'sale', written + interval '2 days', written
      FROM (SELECT org, seller,
                   pg_temp.at_work(:now - interval '4 days'
                       - pg_temp.draw(n, 52) * interval '3600 days', pg_temp.draw(n, 53))
                       AS written
              FROM life WHERE n % 50 = 3) alone
)
SELECT row_number() OVER (ORDER BY written, life, org, seller)::int AS k, wanted.*,
       NULL::numeric AS revenue, NULL::numeric AS rate, false AS is_other
  FROM wanted;
UPDATE cart
   SET is_other = k % 10 = 0,
       rate = CASE WHEN k % 10 = 0
              -- the weekly rates of bench/fill.py
              THEN 0.85 + ((date_trunc('week', :now)::date
                            - date_trunc('week', ordered)::date) / 7 % 20) * 0.01
              ELSE 1 END;
CREATE TEMP TABLE item AS
SELECT row_number() OVER (ORDER BY k, number)::int AS item, k, number, product, quantity,
       price, quantity * price AS subtotal, round(quantity * price * 0.15, 2) AS tax
  FROM (SELECT *, round((40 + 35 * product) * rate, 2) AS price
  FROM (SELECT k, rate, number, floor(20 * pg_temp.draw(k * 8 + number, 54))::int AS product,
               1 + floor(12 * pg_temp.draw(k * 8 + number, 55) ^ 2)::numeric AS quantity
          FROM cart, generate_series(1, 3) number
         WHERE number <= 1 + floor(3 * pg_temp.draw(k, 56))) drawn) priced;
UPDATE cart
   SET revenue = round(total / rate, 2)
  FROM (SELECT k, sum(subtotal) AS total FROM item GROUP BY k) sums
 WHERE sums.k = cart.k;
CREATE UNIQUE INDEX ON cart (k);
CREATE INDEX ON item (k);
ANALYZE cart;
ANALYZE item;
