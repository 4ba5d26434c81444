"""What sellers do all day: accounts, opportunities, gestiones, orders."""

from row import Operation, Row

from .records import (
    DEADLINE,
    gestion_vals,
    lead_vals,
    new_leads,
    open_leads,
    order_lines,
    stages,
    view,
)
from .screens import KANBAN, LIST

BATCH = 100
QUICK = "crm.quick_create_opportunity_form"
BATCH_QUERIES = 0.2 * BATCH


# --- accounts ---


def create_account(side, session, number):
    """An organization in its form, then a contact in his."""
    form = view(side, session, "res.partner", "form")
    form.new(session, default_is_company=True)
    (organization,) = form.save(
        session,
        [],
        {
            "name": f"Bench {number}",
            "is_company": True,
            "phone": "+34 924 000 001",
            "email": f"bench{number}@example.com",
            "user_id": session.uid,
        },
        default_is_company=True,
    )
    form.new(session, default_parent_id=organization["id"])
    form.save(
        session,
        [],
        {
            "name": f"Person of Bench {number}",
            "parent_id": organization["id"],
            "email": f"person{number}@example.com",
            "user_id": session.uid,
        },
    )


# --- opportunities ---


def create_opportunity(side, session, number):
    """The short form of a kanban column, then the card."""
    context = {"default_type": "opportunity", "default_stage_id": stages(side)[0]}
    form = view(side, session, "crm.lead", "form", QUICK)
    form.new(session, **context)
    (lead,) = form.save(session, [], lead_vals(side, session.uid, number), **context)
    cards = view(
        side, session, "crm.lead", "kanban", KANBAN, default_type="opportunity"
    )
    session.call(
        "crm.lead", "web_read", [lead["id"]], specification=cards.specification
    )


def create_opportunities(side, session, number):
    vals = [lead_vals(side, session.uid, number, n) for n in range(BATCH)]
    session.call("crm.lead", "create", vals)


def leads_to(count, **options):
    def prepare(side, session, number):
        return new_leads(side, session.uid, number, count, **options)

    return prepare


def move(xmlid, kind):
    def act(side, session, ids):
        found = view(side, session, "crm.lead", kind, xmlid)
        found.save(session, ids, {"stage_id": stages(side)[1]})

    return act


def register(side, session, ids):
    """The dialog that opens when a card is dropped: what happened, and where the
    opportunity stands now."""
    stage = stages(side)[1]
    action = session.call("crm.lead", "action_crm_stage_dialog", ids, stage)
    form = view(side, session, "crm.opportunity.register", "form")
    context = action["context"]
    form.new(session, **context)
    vals = {"lead_id": ids[0], "stage_id": stage, **gestion_vals(side)}
    (dialog,) = form.save(session, [], vals, **context)
    session.button("crm.opportunity.register", "action_register", [dialog["id"]])


def lose(side, session, ids):
    context = {"default_lead_ids": ids}
    form = view(side, session, "crm.lead.lost", "form")
    form.new(session, **context)
    vals = {
        "lead_ids": [[6, 0, ids]],
        "lost_reason_id": side.one("SELECT min(id) FROM crm_lost_reason WHERE active"),
        "lost_feedback": "<p>Too late for this year.</p>",
    }
    (dialog,) = form.save(session, [], vals, **context)
    session.button("crm.lead.lost", "action_lost_reason_apply", [dialog["id"]])


def close(side, session, ids, kind="rejected"):
    context = {"default_lead_ids": ids}
    form = view(side, session, "crm.opportunity.close", "form")
    form.new(session, **context)
    vals = {
        "lead_ids": [[6, 0, ids]],
        "kind": kind,
        "reason_id": side.one(
            "SELECT min(id) FROM crm_lost_reason WHERE active AND closure_kind = %s",
            kind,
        ),
        "note": "Too late for this year.",
    }
    (dialog,) = form.save(session, [], vals, **context)
    session.button("crm.opportunity.close", "action_close", [dialog["id"]])


# --- orders ---


def quote_and_win(side, session, ids):
    """Odoo's way: the quotation of the opportunity, confirmed, then the button Won."""
    action = session.button("crm.lead", "action_sale_quotations_new", ids)
    context = action["context"]
    form = view(side, session, "sale.order", "form")
    form.new(session, **context)
    vals = {
        "partner_id": context["default_partner_id"],
        "opportunity_id": ids[0],
        "order_line": order_lines(side, 3),
    }
    (order,) = form.save(session, [], vals, **context)
    session.button("sale.order", "action_confirm", [order["id"]])
    session.button("crm.lead", "action_set_won_rainbowman", ids)


def generate_order(side, session, ids):
    action = session.button("crm.lead", "action_crm_generate_order", ids)
    form = view(side, session, "crm.opportunity.order", "form")
    form.new(session, **action["context"])
    vals = {"lead_id": ids[0], "source": "lines", "confirm": True}
    (dialog,) = form.save(session, [], vals, **action["context"])
    session.button("crm.opportunity.order", "action_generate", [dialog["id"]])


# --- gestiones ---


def a_lead(side, session, number):
    return open_leads(side, session.uid, number)[0]


def next_vals(side):
    return {
        "activity_type_id": side.xmlid("mail.mail_activity_data_call"),
        "date_deadline": DEADLINE,
        "summary": "Call again",
    }


def activity_done(next_step):
    def act(side, session, lead_id):
        common = {
            "res_model_id": side.one(
                "SELECT id FROM ir_model WHERE model = 'crm.lead'"
            ),
            "res_id": lead_id,
            "user_id": session.uid,
        }
        now = {"activity_type_id": side.xmlid("mail.mail_activity_data_call")}
        (activity,) = session.call("mail.activity", "create", [{**common, **now}])
        session.call(
            "mail.activity",
            "action_feedback",
            [activity],
            feedback="They asked for the new prices.",
        )
        if next_step:
            vals = {**common, **next_vals(side)}
            session.call("mail.activity", "create", [vals])

    return Operation(act, a_lead, logged)


def gestion(next_step):
    def act(side, session, lead_id):
        vals = {**gestion_vals(side), "lead_id": lead_id}
        if next_step:
            names = {"activity_type_id": "next_activity_type_id"}
            names |= {"date_deadline": "next_date", "summary": "next_summary"}
            vals |= {names[name]: value for name, value in next_vals(side).items()}
        session.call("crm.gestion", "create", [vals])

    return Operation(act, a_lead, logged)


# --- what must be there afterwards ---


def moved(side, session, ids):
    return not side.rows(
        "SELECT 1 FROM crm_lead WHERE id = ANY(%s) AND stage_id <> %s",
        ids,
        stages(side)[1],
    )


def lost(side, session, ids):
    return not side.rows(
        "SELECT 1 FROM crm_lead WHERE id = ANY(%s) AND (active OR probability > 0)", ids
    )


def ordered(side, session, ids):
    """A confirmed order of 600 before taxes, and an opportunity that is won."""
    return side.rows(
        "SELECT 1 FROM sale_order o JOIN crm_lead l ON l.id = o.opportunity_id"
        " WHERE l.id = ANY(%s) AND o.state = 'sale' AND o.amount_untaxed = 600"
        " AND l.won_status = 'won'",
        ids,
    )


def made(table, count=1):
    def check(side, session, number):
        return count == side.one(
            f"SELECT count(*) FROM {table} WHERE name = %s OR name LIKE %s",
            f"Bench {number}",
            f"Bench {number}.%",
        )

    return check


def logged(side, session, lead_id):
    if side.ours:
        query = "SELECT 1 FROM crm_gestion WHERE lead_id = %s"
    else:
        query = (
            "SELECT 1 FROM mail_message WHERE model = 'crm.lead' AND res_id = %s"
            " AND mail_activity_type_id IS NOT NULL"
        )
    now = "create_date > now() AT TIME ZONE 'UTC' - interval '2 minutes'"
    return side.rows(f"{query} AND create_uid = %s AND {now}", lead_id, session.uid)


# --- the rows ---


def both(name, act, prepare, check, **options):
    operation = Operation(act, prepare, check)
    return Row(name, "seller", operation, operation, 1.1, flat=True, **options)


def its_number(side, session, number):
    return number


FEW = {"crowd": False, "runs": 5, "warm": 1}
ONE = leads_to(1)

ROWS = [
    both(
        "create organization and contact",
        create_account,
        its_number,
        made("res_partner"),
        queries=2,
    ),
    both(
        "create opportunity",
        create_opportunity,
        its_number,
        made("crm_lead"),
        queries=2,
    ),
    both(
        "create 100 opportunities",
        create_opportunities,
        its_number,
        made("crm_lead", BATCH),
        queries=BATCH_QUERIES,
        **FEW,
    ),
    both("move to the next stage", move(KANBAN, "kanban"), ONE, moved, queries=5),
    both(
        "move 100 to the next stage",
        move(LIST, "list"),
        leads_to(BATCH),
        moved,
        queries=BATCH_QUERIES,
        **FEW,
    ),
    Row(
        "register activity and move, the dialog",
        "seller",
        Operation(register, leads_to(1, gestion=False), moved),
        limit_ms=1000,
        flat=True,
    ),
    Row(
        "close",
        "seller",
        Operation(close, ONE, lost),
        Operation(lose, ONE, lost),
        1.1,
        queries=5,
        flat=True,
    ),
    Row(
        "generate order",
        "seller",
        Operation(generate_order, leads_to(1, lines=3), ordered),
        Operation(quote_and_win, ONE, ordered),
        1.1,
        queries=2,
        flat=True,
    ),
    Row(
        "log a gestion",
        "seller",
        gestion(False),
        activity_done(False),
        0.5,
        queries=2,
        flat=True,
    ),
    Row(
        "log a gestion with its next step",
        "seller",
        gestion(True),
        activity_done(True),
        1.1,
        queries=2,
        flat=True,
    ),
]
