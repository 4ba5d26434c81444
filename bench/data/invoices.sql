\echo invoices, payments, credit notes
SELECT id AS sales_journal FROM account_journal WHERE type = 'sale' ORDER BY id LIMIT 1 \gset
SELECT id AS bank_journal, default_account_id AS cash
  FROM account_journal WHERE type = 'bank' ORDER BY id LIMIT 1 \gset
SELECT default_account_id AS income FROM account_journal WHERE id = :sales_journal \gset
SELECT id AS receivable FROM account_account
 WHERE account_type = 'asset_receivable' ORDER BY id LIMIT 1 \gset
SELECT tax_group_id AS tax_group FROM account_tax WHERE id = :tax \gset
SELECT max(id) FILTER (WHERE document_type = 'invoice') AS invoice_part,
       max(id) FILTER (WHERE document_type = 'refund') AS refund_part,
       max(account_id) AS tax_account
  FROM account_tax_repartition_line
 WHERE tax_id = :tax AND repartition_type = 'tax' \gset
SELECT name->>'en_US' AS tax_name FROM account_tax WHERE id = :tax \gset
SELECT coalesce(max(id), 0) AS m0 FROM account_move \gset
SELECT coalesce(max(id), 0) AS a0 FROM account_move_line \gset
SELECT coalesce(max(id), 0) AS r0 FROM account_partial_reconcile \gset
SELECT coalesce(max(id), 0) AS f0 FROM account_full_reconcile \gset

-- of ten invoices eight are paid, three of those in two parts; one has a credit note. What
-- would be of a day to come has not happened.
CREATE TEMP TABLE move AS
SELECT :m0 + row_number() OVER (ORDER BY day, k, part) AS id, wanted.*,
       CASE kind WHEN 'out_invoice' THEN 'INV/' WHEN 'out_refund' THEN 'RINV/' ELSE 'BNK1/' END
           || extract(year FROM day) || '/' AS prefix,
       row_number() OVER (PARTITION BY kind, extract(year FROM day) ORDER BY day, k, part)
           AS sequence
  FROM (SELECT k, part,
               CASE WHEN part = 0 THEN 'out_invoice' WHEN k % 10 = 8 THEN 'out_refund'
                    ELSE 'entry' END AS kind,
               CASE WHEN part > 0 AND k % 10 < 3 THEN 2 ELSE 1 END AS parts,
               (ordered + interval '5 days')::date + 30 * part AS day
          FROM sold, generate_series(0, 2) part
         WHERE invoiced
           AND (part = 0 OR part = 1 AND k % 10 < 9 OR part = 2 AND k % 10 < 3)) wanted
 WHERE day < :now::date;
-- what each line of a move is, in the currency of the order, and what it is in ours
CREATE TEMP TABLE move_line AS
WITH amount AS (
    SELECT m.id AS move_id, m.kind, m.k, 0 AS sequence, i.item,
           CASE kind WHEN 'out_invoice' THEN -i.subtotal ELSE i.subtotal END AS amount
      FROM move m JOIN item i ON i.k = m.k WHERE m.kind <> 'entry'
    UNION ALL
    SELECT m.id, m.kind, m.k, 10000, NULL,
           CASE kind WHEN 'out_invoice' THEN -s.tax ELSE s.tax END
      FROM move m JOIN sold s ON s.k = m.k WHERE m.kind <> 'entry'
    UNION ALL
    SELECT m.id, m.kind, m.k, 100, NULL,
           CASE WHEN parts = 1 THEN untaxed + s.tax
                WHEN part = 1 THEN round((untaxed + s.tax) / 2, 2)
                ELSE untaxed + s.tax - round((untaxed + s.tax) / 2, 2) END
      FROM move m JOIN sold s ON s.k = m.k WHERE m.kind = 'entry'
), known AS (
    SELECT a.*, round(a.amount / s.rate, 2) AS balance FROM amount a JOIN sold s ON s.k = a.k
)
SELECT :a0 + row_number() OVER (ORDER BY move_id, sequence, item) AS id, lines.*
  FROM (SELECT * FROM known
         UNION ALL
        SELECT move_id, kind, k, 12000, NULL, -sum(amount), -sum(balance)
          FROM known GROUP BY move_id, kind, k) lines;
CREATE INDEX ON move_line (move_id);
-- two halves of a payment may differ by a cent from the whole, in our currency
UPDATE move_line l
   SET balance = l.balance + sign(l.balance) * off.cents
  FROM (SELECT v.k, v.cents, last.id AS move_id
          FROM (SELECT m.k, sum(l.balance) AS cents
                  FROM move m JOIN move_line l ON l.move_id = m.id AND l.sequence = 12000
                 GROUP BY m.k
                HAVING sum(l.amount) = 0 AND sum(l.balance) <> 0) v
          JOIN LATERAL (SELECT id FROM move WHERE k = v.k AND kind = 'entry'
                         ORDER BY part DESC LIMIT 1) last ON true) off
 WHERE l.move_id = off.move_id;
CREATE TEMP TABLE settled AS
SELECT :r0 + row_number() OVER (ORDER BY m.day, l.id) AS id, m.k, m.day, m.kind,
       debit.id AS debit_id, l.id AS credit_id, -l.balance AS balance, -l.amount AS amount,
       sum(-l.amount) OVER (PARTITION BY m.k) = debit.amount AS is_full
  FROM move m
  JOIN move_line l ON l.move_id = m.id AND l.sequence = 12000
  JOIN move v ON v.k = m.k AND v.kind = 'out_invoice'
  JOIN move_line debit ON debit.move_id = v.id AND debit.sequence = 12000
 WHERE m.kind <> 'out_invoice';
CREATE TEMP TABLE account AS  -- how each order's invoice stands
SELECT k, sum(balance) AS balance, sum(amount) AS amount, bool_and(is_full) AS is_full,
       max(kind) AS paid_by, min(id) AS partial,
       CASE WHEN bool_and(is_full)
            THEN :f0 + row_number() OVER (ORDER BY bool_and(is_full) DESC, k) END AS full_id
  FROM settled GROUP BY k;
CREATE UNIQUE INDEX ON account (k);
ANALYZE move;
ANALYZE move_line;
ANALYZE account;

INSERT INTO account_move (
    id, name, sequence_prefix, sequence_number, ref, payment_reference, journal_id, company_id,
    partner_id, commercial_partner_id, partner_shipping_id, invoice_partner_display_name,
    invoice_user_id, team_id, campaign_id, source_id, medium_id, currency_id,
    invoice_currency_rate, state, move_type, auto_post, payment_state, invoice_origin,
    reversed_entry_id, date, invoice_date, invoice_date_due, amount_untaxed, amount_tax,
    amount_total, amount_residual, amount_untaxed_signed, amount_untaxed_in_currency_signed,
    amount_tax_signed, amount_total_signed, amount_total_in_currency_signed,
    amount_residual_signed, always_tax_exigible, checked, posted_before, made_sequence_gap,
    is_manually_modified, create_date, write_date, create_uid, write_uid)
SELECT m.id, prefix || lpad(m.sequence::text, 5, '0'), prefix, m.sequence,
       CASE WHEN sign = 1 THEN o.name END,
       CASE WHEN sign = 1 THEN prefix || lpad(m.sequence::text, 5, '0') END,
       CASE kind WHEN 'entry' THEN :bank_journal ELSE :sales_journal END, :company,
       CASE WHEN sign <> 0 THEN s.partner_id END,
       CASE WHEN sign <> 0 THEN p.commercial_partner_id END,
       CASE WHEN sign <> 0 THEN s.partner_id END,
       CASE WHEN sign <> 0 THEN p.complete_name ELSE '#Creado por: OdooBot' END,
       CASE WHEN sign <> 0 THEN s.user_id END, CASE WHEN sign <> 0 THEN s.team_id END,
       CASE WHEN sign <> 0 THEN s.campaign_id END, CASE WHEN sign <> 0 THEN s.source_id END,
       CASE WHEN sign <> 0 THEN s.medium_id END,
       CASE WHEN sign <> 0 THEN s.currency_id ELSE :currency END,
       CASE WHEN sign <> 0 THEN s.rate ELSE 0 END, 'posted', kind, 'no', payment_state,
       CASE WHEN sign = 1 THEN o.name END, reversed_id, m.day,
       CASE WHEN sign <> 0 THEN m.day END, CASE WHEN sign <> 0 THEN m.day END,
       abs(sign) * s.untaxed, abs(sign) * s.tax,
       CASE WHEN sign <> 0 THEN s.untaxed + s.tax ELSE abs(t.amount) END,
       sign * residual, coalesce(-sign * t.untaxed, 0), sign * s.untaxed,
       coalesce(-sign * t.tax, 0),
       CASE WHEN sign <> 0 THEN t.balance ELSE abs(t.balance) END,
       CASE WHEN sign <> 0 THEN sign * (s.untaxed + s.tax) ELSE abs(t.amount) END,
       residual_balance, kind = 'entry', true, true, false, true, m.day + time '10:00',
       m.day + time '10:00', CASE WHEN sign <> 0 THEN coalesce(s.user_id, 1) ELSE 1 END,
       CASE WHEN sign <> 0 THEN coalesce(s.user_id, 1) ELSE 1 END
  FROM (SELECT *, CASE kind WHEN 'out_invoice' THEN 1 WHEN 'out_refund' THEN -1 ELSE 0 END
                  AS sign FROM move) m
  JOIN sold s ON s.k = m.k
  JOIN sale_order o ON o.id = s.id
  JOIN res_partner p ON p.id = s.partner_id
  LEFT JOIN account a ON a.k = m.k
  JOIN LATERAL (
       SELECT max(balance) FILTER (WHERE sequence = 12000) AS balance,
              max(amount) FILTER (WHERE sequence = 12000) AS amount,
              CASE WHEN m.sign = 1 THEN sum(balance) FILTER (WHERE sequence = 0)
                   ELSE -sum(balance) FILTER (WHERE sequence = 0) END AS untaxed,
              CASE WHEN m.sign = 1 THEN sum(balance) FILTER (WHERE sequence = 10000)
                   ELSE -sum(balance) FILTER (WHERE sequence = 10000) END AS tax
         FROM move_line l WHERE l.move_id = m.id) t ON true,
       LATERAL (
       SELECT CASE m.sign WHEN 1 THEN s.untaxed + s.tax - coalesce(a.amount, 0) ELSE 0 END
                  AS residual,
              CASE m.sign WHEN 1 THEN t.balance - coalesce(a.balance, 0) ELSE 0 END
                  AS residual_balance,
              CASE WHEN m.sign = 0 THEN 'not_paid'
                   WHEN m.sign = -1 THEN 'paid'
                   WHEN a.k IS NULL THEN 'not_paid' WHEN a.paid_by = 'out_refund' THEN 'reversed'
                   WHEN a.is_full THEN 'paid' ELSE 'partial' END AS payment_state,
              CASE WHEN m.sign = -1
                   THEN (SELECT id FROM move v WHERE v.k = m.k AND v.kind = 'out_invoice') END
                  AS reversed_id) r
 ORDER BY m.id;
INSERT INTO account_full_reconcile (id, create_uid, write_uid, create_date, write_date)
SELECT full_id, 1, 1, :now, :now FROM account WHERE full_id IS NOT NULL ORDER BY 1;
INSERT INTO account_move_line (
    id, move_id, move_name, ref, journal_id, company_id, company_currency_id, parent_state,
    date, invoice_date, date_maturity, sequence, account_id, partner_id, currency_id,
    display_type, name, product_id, product_uom_id, quantity, price_unit, discount,
    price_subtotal, price_total, debit, credit, balance, amount_currency, amount_residual,
    amount_residual_currency, reconciled, full_reconcile_id, matching_number, tax_line_id,
    tax_group_id, tax_repartition_line_id, tax_base_amount, is_storno, no_followup,
    deductible_amount, is_downpayment, create_date, write_date, create_uid, write_uid)
SELECT l.id, v.id, v.name, v.ref, v.journal_id, :company, :currency, 'posted', v.date,
       v.invoice_date, CASE WHEN l.sequence = 12000 AND v.move_type <> 'entry' THEN v.date END,
       CASE v.move_type WHEN 'entry' THEN 100 ELSE l.sequence END,
       CASE WHEN l.sequence = 12000 THEN :receivable WHEN l.sequence = 10000 THEN :tax_account
            WHEN l.sequence = 100 THEN :cash ELSE :income END,
       CASE WHEN l.sequence <> 100 THEN s.partner_id END, s.currency_id,
       CASE WHEN v.move_type = 'entry' THEN 'product' WHEN l.sequence = 12000 THEN 'payment_term'
            WHEN l.sequence = 10000 THEN 'tax' ELSE 'product' END,
       CASE l.sequence WHEN 0 THEN 'Product ' || i.product WHEN 10000 THEN :'tax_name'
            WHEN 12000 THEN CASE WHEN v.ref IS NOT NULL THEN v.ref || ' - ' || v.name END END,
       (:'products'::int[])[1 + i.product], CASE WHEN i.item IS NOT NULL THEN :uom END,
       CASE WHEN v.move_type = 'entry' THEN 1 ELSE coalesce(i.quantity, 0) END,
       coalesce(i.price, 0), 0,
       CASE WHEN v.move_type = 'entry' THEN l.amount ELSE coalesce(i.subtotal, 0) END,
       CASE WHEN v.move_type = 'entry' THEN l.amount
            ELSE coalesce(i.subtotal + i.tax, 0) END,
       greatest(l.balance, 0), greatest(-l.balance, 0), l.balance, l.amount,
       CASE WHEN open THEN l.balance - coalesce(a.balance, 0)
            WHEN l.sequence = 100 THEN l.balance ELSE 0 END,
       CASE WHEN open THEN l.amount - coalesce(a.amount, 0)
            WHEN l.sequence = 100 THEN l.amount ELSE 0 END,
       l.sequence = 12000 AND (NOT open OR coalesce(a.is_full, false)),
       CASE WHEN l.sequence = 12000 THEN a.full_id END,
       CASE WHEN l.sequence = 12000 THEN coalesce(a.full_id::text, 'P' || a.partial) END,
       CASE WHEN l.sequence = 10000 THEN :tax END,
       CASE WHEN l.sequence = 10000 THEN :tax_group END,
       CASE WHEN l.sequence = 10000
            THEN CASE v.move_type WHEN 'out_refund' THEN :refund_part ELSE :invoice_part END END,
       CASE WHEN l.sequence = 10000
            THEN (SELECT sum(balance) FROM move_line b
                   WHERE b.move_id = l.move_id AND b.sequence = 0) ELSE 0 END,
       false, false, 100, false, v.create_date, v.create_date, v.create_uid, v.create_uid
  FROM (SELECT *, sequence = 12000 AND kind = 'out_invoice' AS open FROM move_line) l
  JOIN account_move v ON v.id = l.move_id
  JOIN sold s ON s.k = l.k
  LEFT JOIN item i ON i.item = l.item
  LEFT JOIN account a ON a.k = l.k
 ORDER BY l.id;
INSERT INTO account_move_line_account_tax_rel (account_move_line_id, account_tax_id)
SELECT id, :tax FROM move_line WHERE sequence = 0;
INSERT INTO sale_order_line_invoice_rel (order_line_id, invoice_line_id)
SELECT :i0 + item, id FROM move_line WHERE sequence = 0 AND kind = 'out_invoice';
INSERT INTO account_partial_reconcile (
    id, debit_move_id, credit_move_id, full_reconcile_id, debit_currency_id,
    credit_currency_id, company_id, max_date, amount, debit_amount_currency,
    credit_amount_currency, create_uid, write_uid, create_date, write_date)
SELECT t.id, debit_id, credit_id, a.full_id, s.currency_id, s.currency_id, :company, t.day,
       t.balance, t.amount, t.amount, 1, 1, t.day, t.day
  FROM settled t JOIN sold s ON s.k = t.k LEFT JOIN account a ON a.k = t.k
 ORDER BY t.id;
UPDATE res_partner p SET customer_rank = sales.count
  FROM (SELECT partner_id, count(*) FROM account_move
         WHERE id > :m0 AND move_type = 'out_invoice' GROUP BY partner_id) sales
 WHERE p.id = sales.partner_id;
