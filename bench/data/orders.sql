\echo quotations and orders
SELECT id AS tax FROM account_tax WHERE type_tax_use = 'sale' AND amount = 15 LIMIT 1 \gset
SELECT coalesce(max(id), 0) AS o0 FROM sale_order \gset
SELECT coalesce(max(id), 0) AS i0 FROM sale_order_line \gset
-- two of three confirmed orders are invoiced, whole
CREATE TEMP TABLE sold AS
SELECT c.k, :o0 + c.k AS id, c.life, c.org, c.state, c.is_other, c.rate,
       date_trunc('second', c.ordered) AS ordered, date_trunc('second', c.written) AS written,
       sums.untaxed, sums.tax,
       c.state = 'sale' AND c.ordered < :now - interval '6 days' AND pg_temp.draw(c.k, 60) < 0.7
           AS invoiced,
       coalesce(l.partner_id, :p0 + 1 + c.org + :organizations
           * (1 + floor(4 * pg_temp.draw(c.k, 61)))::int) AS partner_id,
       CASE WHEN c.life IS NULL THEN s.id ELSE l.user_id END AS user_id, s.team_id,
       :l0 + c.life AS lead_id, l.campaign_id, l.source_id, l.medium_id,
       CASE WHEN c.is_other THEN :other ELSE :currency END AS currency_id
  FROM cart c
  JOIN (SELECT k, sum(subtotal) AS untaxed, sum(tax) AS tax FROM item GROUP BY k) sums ON sums.k = c.k
  JOIN seller s ON s.number = c.seller
  LEFT JOIN crm_lead l ON l.id = :l0 + c.life;
INSERT INTO sale_order (
    id, name, company_id, partner_id, partner_invoice_id, partner_shipping_id, state,
    date_order, create_date, write_date, create_uid, write_uid, user_id, team_id,
    opportunity_id, campaign_id, source_id, medium_id, pricelist_id, currency_id,
    currency_rate, amount_untaxed, amount_tax, amount_total, invoice_status, locked,
    require_signature, require_payment, prepayment_percent, validity_date, origin)
SELECT id, 'B' || lpad(k::text, 6, '0'), :company, partner_id, partner_id, partner_id, state,
       ordered, written, ordered, coalesce(user_id, 1), coalesce(user_id, 1), user_id,
       team_id, lead_id, campaign_id, source_id, medium_id,
       CASE WHEN is_other THEN :pricelist END, currency_id, rate, untaxed, tax, untaxed + tax,
       CASE WHEN state <> 'sale' THEN 'no' WHEN invoiced THEN 'invoiced' ELSE 'to invoice' END,
       false, true, false, 1.0, (written + interval '30 days')::date,
       'Opportunity ' || life
  FROM sold ORDER BY k;
INSERT INTO sale_order_line (
    id, order_id, company_id, currency_id, order_partner_id, salesman_id, state, sequence,
    name, product_id, product_uom_id, product_uom_qty, price_unit, technical_price_unit,
    discount, price_subtotal, price_tax, price_total, price_reduce_taxexcl,
    price_reduce_taxinc, qty_delivered_method, qty_delivered, qty_invoiced, qty_to_invoice,
    untaxed_amount_invoiced, untaxed_amount_to_invoice, invoice_status, customer_lead,
    is_downpayment, is_expense, is_service, create_date, write_date, create_uid, write_uid)
SELECT :i0 + item, s.id, :company, s.currency_id, s.partner_id, s.user_id, s.state, 10,
       'Product ' || product, (:'products'::int[])[1 + product], :uom, quantity, price, price,
       0, subtotal, item.tax, subtotal + item.tax, price,
       round((subtotal + item.tax) / quantity, 2), 'manual', 0, CASE WHEN invoiced THEN quantity ELSE 0 END,
       CASE WHEN s.state = 'sale' AND NOT invoiced THEN quantity ELSE 0 END,
       CASE WHEN invoiced THEN subtotal ELSE 0 END,
       CASE WHEN s.state = 'sale' AND NOT invoiced THEN subtotal ELSE 0 END,
       CASE WHEN s.state <> 'sale' THEN 'no' WHEN invoiced THEN 'invoiced'
            ELSE 'to invoice' END,
       0, false, false, false, written, written, coalesce(user_id, 1), coalesce(user_id, 1)
  FROM item JOIN sold s ON s.k = item.k
 ORDER BY item;
INSERT INTO account_tax_sale_order_line_rel (sale_order_line_id, account_tax_id)
SELECT :i0 + item, :tax FROM item;
