"""What must hold in a filled database of the benchmark.

A fault here is one of the generator: it raises, and the database is not used.
"""

from odoo.tools import SQL

SAMPLE = 50
SAME = 0.005
# Editable stored fields that must be what Odoo would have filled in; of those that
# nobody edits all are held against their compute.
EDITABLE = {
    "crm.lead": (
        "contact_name", "partner_name", "function", "email_from", "phone", "website",
        "street", "zip", "city", "state_id", "country_id", "lang_id", "company_id",
    ),
    "sale.order": ("require_signature", "require_payment", "prepayment_percent"),
    "sale.order.line": ("product_uom_id", "discount"),
    "account.move": ("commercial_partner_id", "partner_shipping_id"),
    "account.move.line": ("debit", "credit"),
    "calendar.event": ("duration",),
    "project.task": ("partner_phone",),
}  # fmt: skip
# What depends on the moment in which it is worked out, on Odoo's predictions, or on the
# working hours of a calendar.
MOMENTS = {
    "crm.lead": ("date_open", "date_last_stage_update", "automated_probability"),
    "mail.activity": ("date_done",),
    "project.task": ("working_days_close", "working_hours_close"),
}
NATIVE = (
    "res.partner", "crm.lead", "sale.order", "sale.order.line", "account.move",
    "account.move.line", "account.partial.reconcile", "calendar.event",
    "calendar.attendee", "mail.activity", "project.task", "mailing.trace",
)  # fmt: skip
OURS = ("crm.gestion", "crm.opportunity.closure")


class Faults(list):
    """Collects what does not hold."""

    def __init__(self, env):
        super().__init__()
        self.env = env

    def none(self, what, query):
        """The query finds nothing."""
        found = self.env.execute_query(
            SQL("SELECT count(*) FROM (%s) found", SQL(query))
        )[0][0]
        if found:
            self.append(f"{what}: {found}")

    def count(self, what, query, expected):
        found = self.env.execute_query(SQL(query))[0][0]
        if found != expected:
            self.append(f"{what}: {found} instead of {expected}")

    def computed(self, models):
        """Stored computed fields of a sample are what the ORM works out."""
        for model in models:
            for difference in differences(self.env[model]):
                self.append(difference)

    def report(self):
        if self:
            raise AssertionError("\n".join(["the data are not right", *self]))


def recomputable(model):
    """:return: list of the fields whose stored values are held against their compute"""
    kept = MOMENTS.get(model._name, ())
    return [
        field
        for name, field in model._fields.items()
        if field.store
        and field.compute
        and field.column_type
        and not field.company_dependent
        and name not in kept
        and (field.readonly or name in EDITABLE.get(model._name, ()))
    ]


def differences(model):
    """Recompute a sample, as the ORM does it, and take it back.

    :return: list of what the database said and the ORM says
    """
    env, fields = model.env, recomputable(model)
    ids = [
        row[0]
        for row in env.execute_query(
            SQL(
                "SELECT id FROM %s WHERE %s ORDER BY hashint8(id), id LIMIT %s",
                SQL.identifier(model._table),
                SQL(MADE.get(model._name, "TRUE")),
                SAMPLE,
            )
        )
    ]
    if not ids:
        return [f"{model._name}: there is none"]
    records = model.browse(ids)
    before = stored(model, ids, fields)
    found = []
    savepoint = env.cr.savepoint(flush=False)
    for field in fields:
        env.add_to_compute(field, records)
    env.flush_all()
    for record_id, values in stored(model, ids, fields).items():
        for field, value, old in zip(fields, values, before[record_id], strict=True):
            if not is_same(value, old) and not is_half_cent(field, value, old):
                found.append(
                    f"{model._name},{record_id}: {field.name} is {old!r}, not {value!r}"
                )
    savepoint.rollback()
    savepoint.close()
    env.invalidate_all(flush=False)
    return found


# of the generator, not of what Odoo brings
MADE = {
    "res.partner": "name ~ '^(Organization|Person) '",
    "project.task": "starts_with(name, 'Request ')",
}


def stored(model, ids, fields):
    """:return: dict id -> values of the columns"""
    names = SQL(", ").join(SQL.identifier(field.name) for field in fields)
    rows = model.env.execute_query(
        SQL(
            "SELECT id, %s FROM %s WHERE id = ANY(%s)",
            names,
            SQL.identifier(model._table),
            ids,
        )
    )
    return {row[0]: row[1:] for row in rows}


def is_half_cent(field, value, old):
    """Half a cent of a binary fraction Python rounds to either side, SQL upwards."""
    return field.name == "prorated_revenue" and abs(value - old) < 0.0101


def is_same(one, other):
    """An empty number is a zero: Odoo reads both as that."""
    if isinstance(one or other, int | float) or hasattr(one or other, "as_tuple"):
        return abs(float(one or 0) - float(other or 0)) < SAME
    return (one or None) == (other or None)


def check_plain(env):
    faults = Faults(env)
    faults.computed(NATIVE)
    faults.none(
        "orders of another opportunity's customer",
        """SELECT FROM sale_order o JOIN crm_lead l ON l.id = o.opportunity_id
            WHERE o.partner_id <> l.partner_id""",
    )
    faults.none(
        "won opportunities without a confirmed order",
        """SELECT FROM crm_lead l WHERE won_status = 'won' AND NOT EXISTS (
               SELECT FROM sale_order o
                WHERE o.opportunity_id = l.id AND o.state = 'sale')""",
    )
    faults.none(
        "entries that do not balance",
        """SELECT FROM account_move_line
         GROUP BY move_id HAVING abs(sum(balance)) > 0.001""",
    )
    faults.none(
        "opportunities of the future",
        """SELECT FROM crm_lead WHERE create_date > now() OR date_closed > now()
              OR date_closed < create_date OR date_last_stage_update < create_date""",
    )
    faults.report()


def check_ours(env):
    faults = Faults(env)
    faults.computed((*NATIVE, *OURS))
    opportunities = "SELECT count(*) FROM crm_lead"
    (count,) = env.execute_query(SQL(opportunities))[0]
    faults.count("gestiones", "SELECT count(*) FROM crm_gestion", 5 * count)
    faults.none("opportunities without passage", WITHOUT_PASSAGE)
    faults.none(
        "opportunities with an open passage that are not open, or the reverse",
        """SELECT FROM crm_lead l
        FULL JOIN (SELECT lead_id, stage_id FROM crm_opportunity_stage
                    WHERE date_out IS NULL) open ON open.lead_id = l.id
            WHERE (l.closure_kind IS NULL) <> (open.lead_id IS NOT NULL)
               OR l.id IS NULL OR open.stage_id <> l.stage_id""",
    )
    faults.none(
        "passages that do not follow each other",
        """SELECT FROM (SELECT date_in, date_out, days,
                               lag(date_out) OVER w AS before,
                               lag(stage_id) OVER w AS was, from_stage_id
                          FROM crm_opportunity_stage
                        WINDOW w AS (PARTITION BY lead_id ORDER BY date_in, id)) row
            WHERE before > date_in OR date_out < date_in OR was <> from_stage_id""",
    )
    faults.none(
        "closures and what opportunities say of them",
        """SELECT FROM crm_lead l
        FULL JOIN (SELECT * FROM crm_opportunity_closure WHERE reopen_date IS NULL) c
                ON c.lead_id = l.id
            WHERE c.kind IS DISTINCT FROM l.closure_kind OR l.id IS NULL
               OR (c.kind = 'won') IS DISTINCT FROM
                  CASE WHEN c.kind IS NOT NULL THEN l.won_status = 'won' END
               OR c.wake_date IS DISTINCT FROM l.standby_until
               OR (c.kind = 'standby') AND (l.active OR l.won_status <> 'pending')
               OR c.kind IS NULL AND l.won_status <> 'pending'""",
    )
    faults.none(
        "opportunities of another organization than their contact's",
        """SELECT FROM crm_lead l JOIN res_partner p ON p.id = l.partner_id
            WHERE l.organization_id IS DISTINCT FROM p.commercial_partner_id""",
    )
    faults.none(
        "gestiones of another organization than their opportunity's, or before it",
        """SELECT FROM crm_gestion g JOIN crm_lead l ON l.id = g.lead_id
            WHERE g.organization_id <> l.organization_id OR g.date < l.create_date""",
    )
    faults.none(
        "opportunities born of a gestión with somebody else",
        """SELECT FROM crm_lead l JOIN crm_gestion g ON g.id = l.source_gestion_id
            WHERE g.organization_id <> l.organization_id OR g.date > l.create_date""",
    )
    faults.none(
        "dates put off and how many the opportunity counts",
        """SELECT FROM crm_lead l LEFT JOIN (
               SELECT lead_id, count(*) AS count, max(new) AS last
                 FROM crm_opportunity_forecast_log WHERE field = 'date_deadline'
                GROUP BY lead_id) log ON log.lead_id = l.id
            WHERE coalesce(log.count, 0) <> l.push_count
               OR log.last <> l.date_deadline::text""",
    )
    faults.none("things of the future", FUTURE)
    if stale := env["crm.account.status"]._stale_accounts(1):
        faults.append(f"the status of account {stale.id} is another one")
    if lacking := env["crm.opportunity.history"]._lacking():
        faults.append(f"{len(lacking)} opportunities have no history")
    faults.report()


WITHOUT_PASSAGE = """
    SELECT FROM crm_lead l WHERE NOT EXISTS (
        SELECT FROM crm_opportunity_stage passage WHERE passage.lead_id = l.id)"""
FUTURE = """
    SELECT FROM crm_gestion WHERE date > now()
     UNION ALL SELECT FROM crm_opportunity_stage
     WHERE date_in > now() OR date_out > now()
     UNION ALL SELECT FROM crm_opportunity_closure WHERE date > now()
     UNION ALL SELECT FROM crm_opportunity_forecast_log WHERE date > now()"""
