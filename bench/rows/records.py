"""The records that rows need: those of the database that both sides have, and new ones.

New ones are made as the director, without e-mails, before the clock runs.
"""

import functools
import threading

from views import View

QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "mail_notify_force_send": False,
    "mail_activity_quick_update": True,
}
LOADING = threading.Lock()
DEADLINE = "2035-06-30"  # of what a row plans: later than any day of a run


@functools.cache
def _view(side, login, model, kind, xmlid=None, **context):
    view_id = side.xmlid(xmlid) if xmlid else False
    return View(side.session(login, "views"), model, kind, view_id, **context)


def view(side, session, model, kind, xmlid=None, **context):
    """A view, once for each user: the web client keeps it, so that loading it does not
    count."""
    with LOADING:
        return _view(side, session.user, model, kind, xmlid, **context)


def director(side):
    return side.session("bench_director", "prepare")


def open_leads(side, uid, number, count=1):
    """:return: list of ids of a seller's open opportunities, others for each number"""
    have = side.one(
        "SELECT count(*) FROM crm_lead WHERE user_id = %s AND active"
        " AND type = 'opportunity' AND won_status = 'pending'",
        uid,
    )
    return side.ids(
        "SELECT id FROM crm_lead WHERE user_id = %s AND active"
        " AND type = 'opportunity' AND won_status = 'pending'"
        " ORDER BY id OFFSET %s LIMIT %s",
        uid,
        number * count % max(have - count, 1),
        count,
    )


@functools.cache
def people(side, uid):
    """:return: list of ids of a seller's contacts"""
    return side.ids(
        "SELECT id FROM res_partner WHERE user_id = %s AND parent_id IS NOT NULL"
        " AND NOT is_company AND active ORDER BY id LIMIT 200",
        uid,
    )


@functools.cache
def stages(side):
    """:return: the first two stages of the pipeline: of the method, or Odoo's own"""
    if side.ours:
        return [
            side.xmlid("crm_gestion.stage_generate_interest"),
            side.xmlid("crm_gestion.stage_present_products"),
        ]
    return side.ids(
        "SELECT id FROM crm_stage WHERE NOT coalesce(is_won, false)"
        " ORDER BY sequence, id LIMIT 2"
    )


@functools.cache
def products(side):
    return side.ids(
        "SELECT p.id FROM product_product p JOIN product_template t"
        " ON t.id = p.product_tmpl_id WHERE p.active AND t.sale_ok"
        " AND t.type = 'consu' AND t.list_price > 0 ORDER BY p.id LIMIT 3"
    )


def lead_vals(side, uid, number, n=0):
    """What an opportunity has: the same on both sides."""
    contacts = people(side, uid)
    return {
        "name": f"Bench {number}.{n}",
        "type": "opportunity",
        "partner_id": contacts[(number + n) % len(contacts)],
        "user_id": uid,
        "expected_revenue": 1000 + n,
        "date_deadline": DEADLINE,
    }


def new_leads(side, uid, number, count=1, lines=0, gestion=True):
    """Opportunities in the first stage, with all that the method asks for before the
    second one.

    :return: list of ids
    """
    session = director(side)
    vals = [{**lead_vals(side, uid, number, n)} for n in range(count)]
    for each in vals:
        each["stage_id"] = stages(side)[0]
        if side.ours:
            each["origination_id"] = side.xmlid("crm_gestion.origination_cold_call")
            each["line_ids"] = order_lines(side, lines)
    ids = session.call("crm.lead", "create", vals, context=QUIET)
    if side.ours and gestion:
        new_gestiones(side, uid, ids)
    return ids


def order_lines(side, count):
    names = {"product": "product_id", "quantity": "quantity"}
    if not side.ours:
        names["quantity"] = "product_uom_qty"
    return [
        [0, 0, {names["product"]: product, names["quantity"]: 2, "price_unit": 100}]
        for product in products(side)[:count]
    ]


def new_gestiones(side, uid, lead_ids):
    director(side).call(
        "crm.gestion",
        "create",
        [{**gestion_vals(side), "user_id": uid, "lead_id": lead} for lead in lead_ids],
        context=QUIET,
    )


def gestion_vals(side):
    return {
        "activity_type_id": side.xmlid("mail.mail_activity_data_call"),
        "result_id": side.xmlid("crm_gestion.result_informed"),
        "description": "They asked for the new prices.",
    }
