"""What is done to thousands at once, and installing. Smaller where the database is."""

from row import Operation, Row

from .copies import copies, copy_leads
from .records import DEADLINE, QUIET, director, new_leads, view
from .screens import LIST
from .work import close

SAMPLE = 20  # Odoo's mass edit is timed on so many times fewer
IMPORTED_AT_ONCE = 2000  # rows that the web client sends at a time
FAR = 36500  # days
ROLES = {True: "crm_gestion.group_seller", False: "sales_team.group_sale_salesman"}


def some(most, share):
    """:return: function that tells how many: a share of the opportunities, at most"""
    return lambda side: max(min(most, side.total() // share), SAMPLE)


HANDED, WOKEN, IMPORTED = some(10_000, 10), some(5000, 20), some(10_000, 1)


def trigger(side, cron):
    """Run a job as its button does, as administrator."""
    admin = side.session("admin")
    answer = admin.call("ir.cron", "method_direct_trigger", [side.xmlid(cron)])
    if isinstance(answer, dict) and answer.get("error"):
        raise RuntimeError(f"{cron}: {answer}")
    return admin


def activity_on(side, lead, uid):
    director(side).call(
        "mail.activity",
        "create",
        [
            {
                "res_model_id": side.xmlid("crm.model_crm_lead"),
                "res_id": lead,
                "user_id": uid,
                "activity_type_id": side.xmlid("mail.mail_activity_data_call"),
                "date_deadline": DEADLINE,
            }
        ],
        context=QUIET,
    )


# --- a portfolio that changes hands ---


def portfolio(share):
    """A salesperson who has nothing else, with what he leaves behind.

    :param int share: he has so many times less
    """

    def prepare(side, session, number):
        count = max(HANDED(side) // share, 1)
        heir = side.user("bench_seller_1")
        admin = side.session("admin")
        (leaver,) = admin.call(
            "res.users",
            "create",
            [
                {
                    "name": f"Leaver {number}",
                    "login": f"bench_leaver_{number}_{side.name}",
                    "group_ids": [[4, side.xmlid(ROLES[side.ours])]],
                }
            ],
            context={"no_reset_password": True},
        )
        organization = director(side).call(
            "res.partner",
            "create",
            [{"name": "Bench", "is_company": True, "user_id": leaver}],
            context=QUIET,
        )[0]
        names = [f"Bench {number}.{n}" for n in range(max(count // 2, 1))]
        partners = copies(side, "res_partner", organization, len(names), name=names)
        side.rows(
            "UPDATE res_partner SET commercial_partner_id = id WHERE id = ANY(%s)",
            partners,
        )
        (lead,) = new_leads(side, heir, number, gestion=False)
        director(side).call("crm.lead", "write", [lead], {"user_id": leaver})
        activity_on(side, lead, leaver)
        owners = [partners[n % len(partners)] for n in range(count)]
        columns = {"organization_id": owners} if side.ours else {}
        leads = copy_leads(side, lead, count, partner_id=owners, **columns)
        return {"leaver": leaver, "heir": heir, "leads": leads}

    return prepare


def hand_over(side, session, made):
    ids = session.call(
        "crm.handover",
        "create",
        [{"user_id": made["leaver"], "successor_id": made["heir"]}],
    )
    session.button("crm.handover", "action_preview", ids)
    session.call("crm.handover", "web_read", ids, specification={"summary": {}})
    session.button("crm.handover", "action_start", ids)
    query = "SELECT state FROM crm_handover WHERE id = %s"
    while side.one(query, ids[0]) == "running":
        admin = trigger(side, "crm_gestion.ir_cron_handover")
        session.taken.append(admin.taken.pop())


def mass_edit(side, session, made):
    """In the list. The e-mails to the new salesperson are left to the job that sends
    them: here no mail server answers."""
    found = view(side, session, "crm.lead", "list", LIST)
    vals = {"user_id": made["heir"]}
    found.save(session, made["leads"], vals, mail_notify_force_send=False)


def handed(side, session, made):
    return not side.rows(
        "SELECT 1 FROM crm_lead WHERE id = ANY(%s) AND user_id <> %s",
        made["leads"],
        made["heir"],
    )


# --- standbys ---


def paused(side, session, number):
    """Opportunities of a seller, to be resumed today; those of the database wait."""
    uid, count = side.user("bench_seller_1"), WOKEN(side)
    (lead,) = new_leads(side, uid, number)
    activity_on(side, lead, uid)
    if not side.ours:
        director(side).call("crm.lead", "action_archive", [lead])
        return copy_leads(side, lead, count)
    close(side, director(side), [lead], kind="standby")
    side.release()
    side.rows(
        "UPDATE crm_lead SET standby_until = standby_until + %s"
        " WHERE closure_kind = 'standby' AND standby_until <= current_date + 1",
        FAR,
    )
    leads = copy_leads(side, lead, count)
    side.rows("UPDATE crm_lead SET standby_until = %s WHERE id = %s", DEADLINE, lead)
    side.rows(
        "UPDATE crm_lead SET standby_until = current_date - 1 WHERE id = ANY(%s)", leads
    )
    return leads


def wake(side, session, leads):
    due = "SELECT count(*) FROM crm_lead WHERE id = ANY(%s) AND NOT active"
    while left := side.one(due, leads):
        trigger(side, "crm_gestion.ir_cron_wake")
        if side.one(due, leads) == left:
            raise LookupError(f"{left} standbys are not woken")


def unarchive(side, session, leads):
    """Odoo's own way back, with an activity for each."""
    session.call("crm.lead", "action_unarchive", leads)
    common = {
        "res_model_id": side.xmlid("crm.model_crm_lead"),
        "user_id": side.user("bench_seller_1"),
        "activity_type_id": side.xmlid("mail.mail_activity_data_todo"),
        "summary": "Take up again",
    }
    session.call(
        "mail.activity",
        "create",
        [{**common, "res_id": lead} for lead in leads],
        context={"mail_activity_quick_update": True},
    )


def awake(side, session, leads):
    if side.ours:
        side.release()
    return not side.rows(
        "SELECT 1 FROM crm_lead l WHERE id = ANY(%s) AND (NOT active OR 2 > ("
        " SELECT count(*) FROM mail_activity a"
        "  WHERE a.res_model = 'crm.lead' AND a.res_id = l.id))",
        leads,
    )


# --- import ---


def load(side, session, number):
    names = ["name", "email", "phone", "function", "city", "street"]
    rows = [
        [
            f"Bench {number} {n}",
            f"bench.{number}.{n}@example.com",
            f"+34 924 {n:06}",
            "Manager",
            "Badajoz",
            f"Calle Mayor {n}",
        ]
        for n in range(IMPORTED(side))
    ]
    for start in range(0, len(rows), IMPORTED_AT_ONCE):
        answer = session.call(
            "res.partner",
            "load",
            names,
            rows[start : start + IMPORTED_AT_ONCE],
            context={"import_file": True, "name_create_enabled_fields": {}},
        )
        if not answer["ids"]:
            raise LookupError(str(answer["messages"])[:300])


def loaded(side, session, number):
    return IMPORTED(side) == side.one(
        "SELECT count(*) FROM res_partner WHERE name LIKE %s", f"Bench {number} %"
    )


LONG = {"crowd": False, "runs": 3, "warm": 0, "fresh": True}
LOAD = Operation(load, lambda side, session, number: number, loaded)

ROWS = [
    Row(
        "hand over {records} opportunities",
        "director",
        Operation(hand_over, portfolio(1), handed),
        Operation(mass_edit, portfolio(SAMPLE), handed),
        0.1,
        records=HANDED,
        scale=SAMPLE,
        note=f"against Odoo's mass edit of the salesperson, of one in {SAMPLE}",
        **LONG,
    ),
    Row(
        "wake {records} standbys",
        "admin",
        Operation(wake, paused, awake),
        Operation(unarchive, paused, awake),
        1.1,
        records=WOKEN,
        note="against Odoo's unarchiving, with the same activities",
        **LONG,
    ),
    Row(
        "import {records} contacts",
        "director",
        LOAD,
        LOAD,
        1.1,
        records=IMPORTED,
        **LONG,
    ),
]
